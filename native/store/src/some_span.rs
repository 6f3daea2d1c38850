//! What a span predicate says of the traces that have such a span, before any column is read.

use crate::predicate::{SpanField, SpanPredicate, Subject, Tree};
use crate::select::{Bound, bind};
use crate::value::Texts as Operands;
use crate::view::View;

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
}

impl SomeSpan {
    /// What the predicate says in this view.
    pub fn new(view: &dyn View, predicate: &SpanPredicate) -> Self {
        let mut facts = Facts::default();
        facts.gather(predicate);
        let traces = (facts.service.is_some() || facts.name.is_some())
            .then(|| view.traces_with(facts.service, facts.name))
            .flatten();
        let bound = match &traces {
            Some(traces) if traces.is_empty() => Bound::Always(false),
            _ => bind(view, predicate),
        };
        Self {
            decided: matches!(bound, Bound::Always(true)) || (traces.is_some() && !facts.more),
            bound,
            traces,
            min_duration: facts.min_duration,
            needs_error: facts.needs_error,
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
}

impl<'a> Facts<'a> {
    fn gather(&mut self, predicate: &'a SpanPredicate) {
        match predicate {
            Tree::And(terms) => terms.iter().for_each(|term| self.gather(term)),
            Tree::Leaf(leaf) => match leaf.subject {
                Subject::Field(SpanField::Service) => {
                    self.gather_text(leaf.test.texts(), |facts| &mut facts.service)
                }
                Subject::Field(SpanField::Name) => {
                    self.gather_text(leaf.test.texts(), |facts| &mut facts.name)
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
        operands: Operands<'a>,
        fact: impl Fn(&mut Self) -> &mut Option<&'a str>,
    ) {
        match operands {
            Operands::Among(texts) if texts.len() == 1 && fact(self).is_none() => {
                *fact(self) = Some(texts[0])
            }
            _ => self.more = true,
        }
    }
}
