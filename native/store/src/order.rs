//! The order of traces: walked from the front in blocks, so that a page needs not look at all of them.

use crate::plan::{Order, SearchPlan};
use crate::view::{Rows, View};
use std::cmp::Ordering;

/// Traces still to be looked at, the first in the order first.
pub struct Walk<'a> {
    view: &'a dyn View,
    order: Order,
    waiting: Waiting,
}

enum Waiting {
    /// Trace numbers that ascend with the start; taken from the front (oldest) or the back (newest).
    ByStart(Rows, Option<(i64, [u8; 16])>),
    /// Figures and trace numbers without an order.
    Figures(Vec<(i64, u32)>),
}

/// The figure that an order sorts by.
pub fn figure(view: &dyn View, order: Order, trace: u32) -> i64 {
    match order {
        Order::Newest | Order::Oldest => view.interval(trace).0,
        Order::Longest | Order::Shortest => view.interval(trace).1,
        Order::MostSpans => i64::from(view.trace(trace).span_count),
        Order::MostErrors => i64::from(view.trace(trace).error_count),
    }
}

impl<'a> Walk<'a> {
    /// A walk over these traces (sorted numbers) that begins behind the plan's `after`.
    pub fn new(view: &'a dyn View, plan: &SearchPlan, traces: Rows) -> Self {
        let (order, after) = (plan.order, plan.after);
        let by_start = view.sorted_by_start() && matches!(order, Order::Newest | Order::Oldest);
        let mut walk = Self {
            view,
            order,
            waiting: Waiting::Figures(Vec::new()),
        };
        walk.waiting = if by_start {
            let traces = walk.behind_start(traces, after);
            Waiting::ByStart(walk.before_start(traces, plan.cut_off), after)
        } else {
            Waiting::Figures(walk.behind_figure(&traces, after, plan.cut_off))
        };
        walk
    }

    /// The next traces in order: about `count`, fewer only at the end, none when there are no more.
    pub fn next_block(&mut self, count: usize) -> Vec<u32> {
        let (view, order) = (self.view, self.order);
        let mut block = match &mut self.waiting {
            Waiting::ByStart(traces, after) => loop {
                let block = take_by_start(view, order, traces, count);
                let nothing_left = block.is_empty();
                let kept: Vec<u32> = block
                    .into_iter()
                    .filter(|&trace| is_behind(view, order, trace, after))
                    .collect();
                if nothing_left || !kept.is_empty() {
                    break kept;
                }
            },
            Waiting::Figures(waiting) => return take_by_figure(view, order, waiting, count),
        };
        block.sort_unstable_by(|&left, &right| {
            let figure = |trace| figure(view, order, trace);
            compare(view, order, (figure(left), left), (figure(right), right))
        });
        block
    }

    /// Sorted by start, the traces before the cursor are at one end; those with its own start stay, `is_behind` tells.
    fn behind_start(&self, traces: Rows, after: Option<(i64, [u8; 16])>) -> Rows {
        let Some((start, _)) = after else {
            return traces;
        };
        let count = traces.len();
        match self.order {
            Order::Newest => {
                let end = partition(count, |at| self.view.interval(traces.get(at)).0 <= start);
                part(&traces, 0, end)
            }
            _ => {
                let begin = partition(count, |at| self.view.interval(traces.get(at)).0 < start);
                part(&traces, begin, count)
            }
        }
    }

    /// Sorted by start, the traces behind the cut-off are at the other end.
    fn before_start(&self, traces: Rows, cut_off: Option<i64>) -> Rows {
        let Some(start) = cut_off else {
            return traces;
        };
        let count = traces.len();
        match self.order {
            Order::Newest => {
                let begin = partition(count, |at| self.view.interval(traces.get(at)).0 < start);
                part(&traces, begin, count)
            }
            _ => {
                let end = partition(count, |at| self.view.interval(traces.get(at)).0 <= start);
                part(&traces, 0, end)
            }
        }
    }

    fn behind_figure(
        &self,
        traces: &Rows,
        after: Option<(i64, [u8; 16])>,
        cut_off: Option<i64>,
    ) -> Vec<(i64, u32)> {
        let errors = match self.order {
            Order::MostErrors => self.view.known_errors(),
            _ => None,
        };
        let mut errors = errors.map(|errors| errors.into_iter().peekable());
        let figure_of = |trace: u32| match &mut errors {
            None => figure(self.view, self.order, trace),
            Some(errors) => {
                while errors.next_if(|(other, _)| *other < trace).is_some() {}
                let found = errors.peek().filter(|(other, _)| *other == trace);
                found.map_or(0, |(_, count)| i64::from(*count))
            }
        };
        let is_wanted = |&(figure, trace): &(i64, u32)| {
            cut_off.is_none_or(|cut_off| compare_figures(self.order, figure, cut_off).is_le())
                && is_behind(self.view, self.order, trace, &after)
        };
        let traces = (0..traces.len()).map(|at| traces.get(at));
        let figures = traces.scan(figure_of, |figure_of, trace| {
            Some((figure_of(trace), trace))
        });
        figures.filter(is_wanted).collect()
    }
}

/// About `count` traces from the end where the order begins; traces of equal start stay together.
fn take_by_start(view: &dyn View, order: Order, traces: &mut Rows, count: usize) -> Vec<u32> {
    let length = traces.len();
    let boundary = boundary(view, order, traces, count.min(length));
    let (block, rest) = match order {
        Order::Newest => (part(traces, boundary, length), part(traces, 0, boundary)),
        _ => (part(traces, 0, boundary), part(traces, boundary, length)),
    };
    *traces = rest;
    block.into_list()
}

fn boundary(view: &dyn View, order: Order, traces: &Rows, count: usize) -> usize {
    let length = traces.len();
    let start = |at: usize| view.interval(traces.get(at)).0;
    if order == Order::Newest {
        let mut boundary = length - count;
        while boundary > 0 && boundary < length && start(boundary - 1) == start(boundary) {
            boundary -= 1;
        }
        return boundary;
    }
    let mut boundary = count;
    while boundary > 0 && boundary < length && start(boundary - 1) == start(boundary) {
        boundary += 1;
    }
    boundary
}

fn take_by_figure(
    view: &dyn View,
    order: Order,
    waiting: &mut Vec<(i64, u32)>,
    count: usize,
) -> Vec<u32> {
    let by_order = |left: &(i64, u32), right: &(i64, u32)| compare(view, order, *left, *right);
    let count = count.min(waiting.len());
    if count == 0 {
        return Vec::new();
    }
    // What is taken stands at the end, so that taking it is cheap.
    let from = waiting.len() - count;
    if from > 0 {
        waiting.select_nth_unstable_by(from, |left, right| by_order(right, left));
    }
    let mut block = waiting.split_off(from);
    block.sort_unstable_by(by_order);
    block.into_iter().map(|(_, trace)| trace).collect()
}

fn is_behind(view: &dyn View, order: Order, trace: u32, after: &Option<(i64, [u8; 16])>) -> bool {
    let Some((after_figure, after_id)) = after else {
        return true;
    };
    compare_figures(order, figure(view, order, trace), *after_figure)
        .then_with(|| view.trace(trace).trace_id.cmp(after_id))
        .is_gt()
}

fn compare(view: &dyn View, order: Order, left: (i64, u32), right: (i64, u32)) -> Ordering {
    compare_figures(order, left.0, right.0).then_with(|| {
        view.trace(left.1)
            .trace_id
            .cmp(&view.trace(right.1).trace_id)
    })
}

fn compare_figures(order: Order, left: i64, right: i64) -> Ordering {
    match order {
        Order::Oldest | Order::Shortest => left.cmp(&right),
        _ => right.cmp(&left),
    }
}

fn partition(count: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            low = middle + 1
        } else {
            high = middle
        }
    }
    low
}

fn part(traces: &Rows, from: usize, to: usize) -> Rows {
    match traces {
        Rows::Range(range) => Rows::Range(range.start + from as u32..range.start + to as u32),
        Rows::List(list) => Rows::List(list[from..to].to_vec()),
    }
}
