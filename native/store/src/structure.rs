//! How the spans of one trace become a tree: docs/specs/structure.md. Nothing here recurses, and nothing is quadratic: a
//! chain or a fan of a million spans, a million equal ids and circles are all traces.

mod parents;

use parents::Groups;
use std::cmp::Ordering;

/// No parent, no row.
pub const NONE: u32 = u32::MAX;

const SERVER: i32 = 2;
const CLIENT: i32 = 3;

/// What structure needs of a span.
#[derive(Clone, Copy, Debug, Default)]
pub struct Span {
    /// The id as a big-endian number.
    pub span_id: u64,
    /// 0 where there is none.
    pub parent_span_id: u64,
    /// Nanoseconds.
    pub start: i64,
    /// Nanoseconds, perhaps negative.
    pub duration: i64,
    /// OTLP's kind.
    pub kind: i32,
}

/// The tree of one trace. All vectors are in pre-order. Kept from trace to trace, so that nothing is allocated anew.
#[derive(Debug, Default)]
pub struct Structure {
    /// The span (by its place in the input) at each row.
    pub order: Vec<u32>,
    /// The row of the parent, NONE at the top.
    pub parent: Vec<u32>,
    /// 0 at the top.
    pub depth: Vec<u32>,
    /// Spans of the subtree, with the span itself.
    pub size: Vec<u32>,
    /// Nanoseconds.
    pub self_time: Vec<i64>,
    /// Nanoseconds.
    pub critical_time: Vec<i64>,
    /// The row of the trace's root.
    pub root: u32,
    /// How many spans name a parent that is not there.
    pub orphan_count: u32,
    work: Work,
}

/// Space for what is needed on the way. Spans are numbered by rank here, their place in span order.
#[derive(Debug, Default)]
struct Work {
    input: Vec<Span>,
    spans: Vec<(Span, u32)>,
    /// Start and place, as one number.
    starts: Vec<u128>,
    groups: Groups,
    parent: Vec<u32>,
    mark: Vec<u32>,
    on_circle: Vec<u32>,
    first_child: Vec<u32>,
    children: Vec<u32>,
    rank: Vec<u32>,
    row: Vec<u32>,
    stack: Vec<u32>,
    window: Vec<(i64, i64)>,
    cuts: Vec<(i64, i64, u32)>,
}

impl Structure {
    /// Compute the tree of these spans. `ties` orders two of them (by their places) by service name and name.
    pub fn compute(
        &mut self,
        spans: impl Iterator<Item = Span>,
        ties: impl Fn(u32, u32) -> Ordering,
    ) {
        self.work.sort(spans, ties);
        self.work.find_parents();
        self.work.cut_circles();
        self.work.list_children();
        self.find_root();
        self.walk();
        self.measure();
        self.measure_critical();
    }

    fn find_root(&mut self) {
        let work = &self.work;
        let mut first_root = NONE;
        let mut first_orphan = NONE;
        self.orphan_count = 0;
        for (rank, (span, _)) in work.spans.iter().enumerate() {
            if work.parent[rank] != NONE || work.on_circle.binary_search(&(rank as u32)).is_ok() {
                continue;
            }
            if span.parent_span_id == 0 {
                first_root = first_root.min(rank as u32);
            } else {
                first_orphan = first_orphan.min(rank as u32);
                self.orphan_count += 1;
            }
        }
        self.root = if first_root != NONE {
            first_root
        } else {
            first_orphan
        };
    }

    /// Give every span its row, and turn the root's rank into a row.
    fn walk(&mut self) {
        let work = &mut self.work;
        let count = work.spans.len();
        reset(&mut work.row, count, NONE);
        for column in [
            &mut self.order,
            &mut self.parent,
            &mut self.depth,
            &mut work.rank,
        ] {
            column.clear();
        }
        work.stack.clear();
        work.stack.extend(
            (0..count as u32)
                .rev()
                .filter(|&rank| work.parent[rank as usize] == NONE),
        );
        while let Some(rank) = work.stack.pop() {
            let row = self.order.len() as u32;
            work.row[rank as usize] = row;
            work.rank.push(rank);
            self.order.push(work.spans[rank as usize].1);
            let parent = work.parent[rank as usize];
            let above = if parent == NONE {
                NONE
            } else {
                work.row[parent as usize]
            };
            self.parent.push(above);
            self.depth.push(if above == NONE {
                0
            } else {
                self.depth[above as usize] + 1
            });
            let children = work.first_child[rank as usize]..work.first_child[rank as usize + 1];
            work.stack
                .extend(children.rev().map(|at| work.children[at as usize]));
        }
        self.root = match self.root {
            NONE => work.row.first().copied().unwrap_or(NONE),
            rank => work.row[rank as usize],
        };
    }

    /// Subtree sizes and self times.
    fn measure(&mut self) {
        let count = self.order.len();
        reset(&mut self.size, count, 1);
        for row in (0..count).rev() {
            if self.parent[row] != NONE {
                self.size[self.parent[row] as usize] += self.size[row];
            }
        }
        self.self_time.clear();
        for &rank in &self.work.rank {
            self.self_time.push(self.work.self_time(rank as usize));
        }
    }

    fn measure_critical(&mut self) {
        let work = &mut self.work;
        const NOT_TAKEN: (i64, i64) = (i64::MAX, i64::MIN);
        reset(&mut self.critical_time, self.order.len(), 0);
        reset(&mut work.window, work.spans.len(), NOT_TAKEN);
        for row in 0..self.order.len() {
            let rank = work.rank[row] as usize;
            if self.parent[row] == NONE {
                work.window[rank] = work.interval(rank);
            }
            if work.window[rank] != NOT_TAKEN {
                self.critical_time[row] = work.blame(rank);
            }
        }
    }
}

impl Work {
    fn sort(&mut self, spans: impl Iterator<Item = Span>, ties: impl Fn(u32, u32) -> Ordering) {
        self.input.clear();
        self.input.extend(spans);
        let spans = &self.input;
        self.spans.clear();
        if spans.is_sorted_by(|a, b| a.start < b.start) {
            self.spans.extend(spans.iter().copied().zip(0..));
            return;
        }
        self.starts.clear();
        let starts = spans.iter().map(|span| (span.start ^ i64::MIN) as u64);
        self.starts.extend(
            starts
                .zip(0_u32..)
                .map(|(start, place)| u128::from(start) << u32::BITS | u128::from(place)),
        );
        self.starts.sort_unstable();
        // Few spans start together: they are put in order among themselves.
        for together in self
            .starts
            .chunk_by_mut(|a, b| a >> u32::BITS == b >> u32::BITS)
            .filter(|together| together.len() > 1)
        {
            together.sort_unstable_by(|&a, &b| {
                let (a_place, b_place) = (a as u32, b as u32);
                let (a, b) = (&spans[a_place as usize], &spans[b_place as usize]);
                b.duration
                    .cmp(&a.duration)
                    .then(a.span_id.cmp(&b.span_id))
                    .then(a.kind.cmp(&b.kind))
                    .then_with(|| ties(a_place, b_place))
                    .then(a_place.cmp(&b_place))
            });
        }
        let sorted = self.starts.iter().map(|&start| start as u32);
        self.spans
            .extend(sorted.map(|place| (spans[place as usize], place)));
    }

    fn find_parents(&mut self) {
        self.groups.build(&self.spans);
        self.parent.clear();
        for rank in 0..self.spans.len() {
            self.parent
                .push(self.groups.parent_of(&self.spans, rank as u32));
        }
    }

    /// Where following parents comes back, the first span of the circle loses its parent.
    fn cut_circles(&mut self) {
        self.on_circle.clear();
        if self
            .parent
            .iter()
            .enumerate()
            .all(|(rank, &parent)| parent == NONE || (parent as usize) < rank)
        {
            return;
        }
        reset(&mut self.mark, self.spans.len(), NONE);
        for begin in 0..self.spans.len() as u32 {
            let mut rank = begin;
            while rank != NONE && self.mark[rank as usize] == NONE {
                self.mark[rank as usize] = begin;
                rank = self.parent[rank as usize];
            }
            if rank != NONE && self.mark[rank as usize] == begin {
                self.cut_circle(rank);
            }
        }
        self.on_circle.sort_unstable();
    }

    fn cut_circle(&mut self, begin: u32) {
        let (mut first, mut rank) = (begin, self.parent[begin as usize]);
        while rank != begin {
            first = first.min(rank);
            rank = self.parent[rank as usize];
        }
        self.parent[first as usize] = NONE;
        self.on_circle.push(first);
    }

    /// `children[first_child[rank]..first_child[rank + 1]]`, in span order.
    fn list_children(&mut self) {
        let count = self.spans.len();
        reset(&mut self.first_child, count + 1, 0);
        for &parent in &self.parent {
            if parent != NONE {
                self.first_child[parent as usize] += 1;
            }
        }
        let mut end = 0;
        for place in &mut self.first_child {
            end += *place;
            *place = end;
        }
        reset(&mut self.children, end as usize, 0);
        for rank in (0..count).rev() {
            if self.parent[rank] != NONE {
                let place = &mut self.first_child[self.parent[rank] as usize];
                *place -= 1;
                self.children[*place as usize] = rank as u32;
            }
        }
    }

    fn interval(&self, rank: usize) -> (i64, i64) {
        let span = &self.spans[rank].0;
        (span.start, span.start.saturating_add(span.duration.max(0)))
    }

    fn children(&self, rank: usize) -> &[u32] {
        &self.children[self.first_child[rank] as usize..self.first_child[rank + 1] as usize]
    }

    fn self_time(&self, rank: usize) -> i64 {
        let (start, end) = self.interval(rank);
        let (mut own, mut covered_to) = (0, start);
        for &child in self.children(rank) {
            let (child_start, child_end) = self.interval(child as usize);
            if child_start >= end {
                break;
            }
            own += child_start.saturating_sub(covered_to).max(0);
            covered_to = covered_to.max(child_end.min(end));
        }
        own + (end - covered_to).max(0)
    }

    /// The critical time of a span with a window; opens the windows of the children that are taken.
    fn blame(&mut self, rank: usize) -> i64 {
        let (start, end) = self.window[rank];
        let children = self.first_child[rank] as usize..self.first_child[rank + 1] as usize;
        self.cuts.clear();
        for &child in &self.children[children] {
            let (child_start, child_end) = self.interval(child as usize);
            let (child_start, child_end) = (child_start.max(start), child_end.min(end));
            if child_start < child_end {
                self.cuts.push((child_end, child_start, child));
            }
        }
        self.cuts.sort_unstable_by(|a, b| b.cmp(a));
        let (mut own, mut cursor) = (0, end);
        for &(child_end, child_start, child) in &self.cuts {
            if child_end <= cursor {
                own += cursor - child_end;
                cursor = child_start;
                self.window[child as usize] = (child_start, child_end);
            }
        }
        own + (cursor - start)
    }
}

fn reset<T: Clone>(values: &mut Vec<T>, len: usize, value: T) {
    values.clear();
    values.resize(len, value);
}
