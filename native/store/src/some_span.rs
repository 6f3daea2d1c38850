//! What a span predicate says of the traces that have such a span, before any column is read.

use crate::predicate::{SpanField, SpanPredicate, Subject, Tree};
use crate::rows::{chunks_of, rows_in, rows_of};
use crate::select::{Bound, all_of, bind};
use crate::value::Texts as Operands;
use crate::view::{Rows, View};
use std::cell::OnceCell;

/// `AnySpan`, and what it says of its trace.
pub struct SomeSpan {
    /// The predicate, bound to the view.
    pub bound: Bound,
    /// The traces with the service and the name that it asks for, when the view says.
    pub traces: Option<Vec<u32>>,
    /// Whether that, or nothing, is all that it asks for.
    pub decided: bool,
    min_duration: i64,
    needs_error: bool,
    service: Option<String>,
    name: Option<String>,
    /// What it asks for besides them, bound.
    rest: Bound,
    /// The rows with the service and the name, when they have been asked for and the view says.
    rows: OnceCell<Option<Vec<u32>>>,
}

impl SomeSpan {
    /// What the predicate says in this view.
    pub fn new(view: &dyn View, predicate: &SpanPredicate) -> Self {
        let mut facts = Facts::default();
        facts.gather(predicate);
        let traces = (facts.service.is_some() || facts.name.is_some())
            .then(|| view.traces_with(facts.service, facts.name))
            .flatten();
        let (rest, bound) = match &traces {
            Some(traces) if traces.is_empty() => (Bound::Always(false), Bound::Always(false)),
            Some(_) => {
                let rest = bind(view, &facts.rest_of(predicate));
                let known = facts.known.into_iter().map(|term| bind(view, term));
                let bound = all_of(known.chain([rest.clone()]).collect());
                (rest, bound)
            }
            None => {
                let bound = bind(view, predicate);
                (bound.clone(), bound)
            }
        };
        Self {
            decided: matches!(bound, Bound::Always(true)) || (traces.is_some() && !facts.more),
            bound,
            traces,
            min_duration: facts.min_duration,
            needs_error: facts.needs_error,
            service: facts.service.map(str::to_owned),
            name: facts.name.map(str::to_owned),
            rest,
            rows: OnceCell::new(),
        }
    }

    /// The rows of these traces (sorted) that may satisfy it, in cheap pieces, and what is to be asked of them.
    pub fn candidates(&self, view: &dyn View, traces: &[u32]) -> (Vec<Rows>, &Bound) {
        let rows = self.rows.get_or_init(|| {
            self.traces.as_ref()?;
            view.rows_of_operation(self.service.as_deref(), self.name.as_deref())
        });
        match rows {
            Some(rows) => (
                chunks_of(Rows::List(rows_in(view, rows, traces))),
                &self.rest,
            ),
            None => (rows_of(view, traces), &self.bound),
        }
    }

    /// False when the trace's own figures rule out that it has such a span.
    pub fn may_hold(&self, view: &dyn View, trace: u32) -> bool {
        self.may_be_so_long(view, trace) && (!self.needs_error || view.trace(trace).error_count > 0)
    }

    /// No span is longer than its trace, but for one that ends when time itself ends.
    fn may_be_so_long(&self, view: &dyn View, trace: u32) -> bool {
        if self.min_duration <= 0 {
            return true;
        }
        let (start, duration) = view.interval(trace);
        duration >= self.min_duration || start.saturating_add(duration) == i64::MAX
    }
}

/// What a span predicate surely asks for.
#[derive(Default)]
struct Facts<'a> {
    service: Option<&'a str>,
    name: Option<&'a str>,
    min_duration: i64,
    needs_error: bool,
    /// Whether it asks for more than service and name.
    more: bool,
    /// The terms that ask for them.
    known: Vec<&'a SpanPredicate>,
}

impl<'a> Facts<'a> {
    fn gather(&mut self, predicate: &'a SpanPredicate) {
        match predicate {
            Tree::And(terms) => terms.iter().for_each(|term| self.gather(term)),
            Tree::Leaf(leaf) => match leaf.subject {
                Subject::Field(SpanField::Service) => {
                    self.gather_text(predicate, leaf.test.texts(), |facts| &mut facts.service)
                }
                Subject::Field(SpanField::Name) => {
                    self.gather_text(predicate, leaf.test.texts(), |facts| &mut facts.name)
                }
                Subject::Field(SpanField::Duration) => {
                    self.more = true;
                    let (from, _) = leaf.test.int_range().unwrap_or((0, 0));
                    self.min_duration = self.min_duration.max(from);
                }
                Subject::Field(SpanField::Status) => {
                    self.more = true;
                    self.needs_error |= leaf.test.texts() == Operands::Among(vec!["error"]);
                }
                _ => self.more = true,
            },
            _ => self.more = true,
        }
    }

    fn gather_text(
        &mut self,
        term: &'a SpanPredicate,
        operands: Operands<'a>,
        fact: impl Fn(&mut Self) -> &mut Option<&'a str>,
    ) {
        match operands {
            Operands::Among(texts) if texts.len() == 1 && fact(self).is_none() => {
                *fact(self) = Some(texts[0]);
                self.known.push(term);
            }
            _ => self.more = true,
        }
    }

    /// The predicate without the terms that are known.
    fn rest_of(&self, predicate: &SpanPredicate) -> SpanPredicate {
        match predicate {
            Tree::And(terms) => Tree::And(terms.iter().map(|term| self.rest_of(term)).collect()),
            _ if self
                .known
                .iter()
                .any(|known| std::ptr::eq(*known, predicate)) =>
            {
                Tree::And(Vec::new())
            }
            _ => predicate.clone(),
        }
    }
}
