//! Which traces satisfy a trace predicate: the predicate bound to a view, evaluated for a set of traces.
//!
//! From the free to the dear: what no trace of the view can satisfy; which traces have the service and the name; what the
//! trace table says (start, duration, errors); and only then the columns of the spans that are left.

use crate::plan::Bounds;
use crate::predicate::{TraceField, TraceLeaf, TracePredicate, Tree};
use crate::roots::roots;
use crate::rows::{intersect, traces_of, union};
use crate::select::{Bound, all_of, select, starting_between};
use crate::services::service_counts;
use crate::some_span::SomeSpan;
use crate::sources::read_one;
use crate::texts::Texts;
use crate::value::{Test, Value};
use crate::view::{ColumnRef, Result, Rows, View};

/// A trace predicate bound to a view.
pub struct Matcher<'a> {
    view: &'a dyn View,
    bounds: &'a Bounds,
    term: Term,
    /// What says that some span starts in the time asked for.
    some_span: SomeSpan,
    skipped: Vec<u32>,
}

enum Term {
    Always(bool),
    Some(Box<SomeSpan>),
    Compare(TraceField, Test),
    And(Vec<Term>),
    Or(Vec<Term>),
    Not(Box<Term>),
}

impl<'a> Matcher<'a> {
    /// Binds the predicate.
    pub fn new(view: &'a dyn View, predicate: &TracePredicate, bounds: &'a Bounds) -> Result<Self> {
        let everything = Tree::And(Vec::new());
        Ok(Self {
            view,
            bounds,
            term: bind_term(view, predicate),
            some_span: SomeSpan::new(view, &everything),
            skipped: bounds.skipped(view),
        })
    }

    /// The traces that could match, sorted.
    pub fn candidates(&self) -> Rows {
        let trace_count = self.bounds.trace_count(self.view);
        match could_hold(&self.term) {
            Some(traces) => {
                let end = traces.partition_point(|&trace| trace < trace_count);
                Rows::List(traces[..end].to_vec())
            }
            None => Rows::Range(0..trace_count),
        }
    }

    /// Those of the traces (sorted) that match.
    pub fn filter(&self, traces: Vec<u32>) -> Result<Vec<u32>> {
        let mut traces = Rows::List(traces).without(&self.skipped).into_list();
        let (min_start, max_start) = (self.bounds.min_start, self.bounds.max_start);
        traces.retain(|&trace| {
            let (start, end) = span_of(self.view, trace);
            start <= max_start && end >= min_start
        });
        let matches = self.holding(&self.term, traces)?;
        self.with_some_span(&self.some_span, matches)
    }

    /// Those of the traces that match; they keep their order.
    pub fn filter_in_order(&self, traces: Vec<u32>) -> Result<Vec<u32>> {
        let mut sorted = traces.clone();
        sorted.sort_unstable();
        let matches = self.filter(sorted)?;
        if matches.len() == traces.len() {
            return Ok(traces);
        }
        let is_match = |trace: &u32| matches.binary_search(trace).is_ok();
        Ok(traces.into_iter().filter(is_match).collect())
    }

    fn holding(&self, term: &Term, traces: Vec<u32>) -> Result<Vec<u32>> {
        if traces.is_empty() {
            return Ok(traces);
        }
        match term {
            Term::Always(true) => Ok(traces),
            Term::Always(false) => Ok(Vec::new()),
            Term::Some(some_span) => self.with_some_span(some_span, traces),
            Term::Compare(field, test) => self.comparing(*field, test, traces),
            Term::And(terms) => terms
                .iter()
                .try_fold(traces, |traces, term| self.holding(term, traces)),
            Term::Or(terms) => {
                let (mut left, mut found) = (traces, Vec::new());
                for term in terms {
                    let more = self.holding(term, left.clone())?;
                    left = Rows::List(left).without(&more).into_list();
                    found = union(found, more);
                }
                Ok(found)
            }
            Term::Not(term) => {
                let others = self.holding(term, traces.clone())?;
                Ok(Rows::List(traces).without(&others).into_list())
            }
        }
    }

    fn with_some_span(&self, some_span: &SomeSpan, traces: Vec<u32>) -> Result<Vec<u32>> {
        let traces = match &some_span.traces {
            Some(having) => intersect(&traces, having),
            None => traces,
        };
        let (mut inside, mut partly) = (Vec::new(), Vec::new());
        for trace in traces {
            let (start, end) = span_of(self.view, trace);
            if !some_span.may_hold(self.view, trace) {
                continue;
            }
            if start >= self.bounds.min_start && end <= self.bounds.max_start {
                inside.push(trace);
            } else if start <= self.bounds.max_start && end >= self.bounds.min_start {
                partly.push(trace);
            }
        }
        if !some_span.decided {
            inside = self.selecting(some_span, None, &inside)?;
        }
        let window = starting_between(self.bounds.min_start, self.bounds.max_start);
        let partly = self.selecting(some_span, Some(window), &partly)?;
        Ok(union(inside, partly))
    }

    /// Those of the traces with a span that satisfies the predicate within the window.
    fn selecting(
        &self,
        some_span: &SomeSpan,
        window: Option<Bound>,
        traces: &[u32],
    ) -> Result<Vec<u32>> {
        if traces.is_empty() || matches!(some_span.bound, Bound::Always(false)) {
            return Ok(Vec::new());
        }
        let (pieces, bound) = some_span.candidates(self.view, traces);
        let bound = all_of(window.into_iter().chain([bound.clone()]).collect());
        let mut found = Vec::new();
        for rows in pieces {
            self.bounds.deadline.check()?;
            found.extend(select(self.view, &bound, rows)?);
        }
        traces_of(self.view, &found)
    }

    fn comparing(&self, field: TraceField, test: &Test, traces: Vec<u32>) -> Result<Vec<u32>> {
        self.bounds.deadline.check()?;
        let figure = |trace: u32| {
            let entry = self.view.trace(trace);
            match field {
                TraceField::Start => entry.start,
                TraceField::Duration => entry.duration,
                TraceField::SpanCount => i64::from(entry.span_count),
                _ => i64::from(entry.error_count),
            }
        };
        let verdicts: Vec<bool> = match field {
            TraceField::ServiceCount => service_counts(self.view, &traces, &self.bounds.deadline)?
                .iter()
                .map(|services| test.holds(Value::Int(services.len() as i64)))
                .collect(),
            TraceField::RootService => self.root_text(&ColumnRef::Service, test, &traces)?,
            TraceField::RootName => self.root_text(&ColumnRef::Name, test, &traces)?,
            _ => traces
                .iter()
                .map(|&trace| test.holds(Value::Int(figure(trace))))
                .collect(),
        };
        Ok(Rows::List(traces).filter(|at| verdicts[at]))
    }

    fn root_text(&self, column: &ColumnRef, test: &Test, traces: &[u32]) -> Result<Vec<bool>> {
        let roots = roots(self.view, traces, &self.bounds.deadline)?;
        let mut rows: Vec<u32> = roots.iter().map(|root| root.row).collect();
        rows.sort_unstable();
        let mut passing = Vec::new();
        for rows in crate::rows::chunks_of(Rows::List(rows)) {
            let array = read_one(self.view, column, &rows)?;
            passing.extend(Texts::of(&array)?.filter(&rows, |text| test.holds(Value::Text(text))));
        }
        Ok(roots
            .iter()
            .map(|root| passing.binary_search(&root.row).is_ok())
            .collect())
    }
}

fn bind_term(view: &dyn View, predicate: &TracePredicate) -> Term {
    match predicate {
        Tree::Leaf(TraceLeaf::AnySpan(span)) => {
            let some_span = SomeSpan::new(view, span);
            match some_span.bound {
                Bound::Always(false) => Term::Always(false),
                _ => Term::Some(Box::new(some_span)),
            }
        }
        Tree::Leaf(TraceLeaf::Compare(field, test)) => Term::Compare(*field, test.clone()),
        Tree::And(terms) => {
            let mut terms: Vec<Term> = terms.iter().map(|term| bind_term(view, term)).collect();
            if terms.iter().any(|term| matches!(term, Term::Always(false))) {
                return Term::Always(false);
            }
            terms.sort_by_key(cost);
            Term::And(terms)
        }
        Tree::Or(terms) => {
            let mut terms: Vec<Term> = terms.iter().map(|term| bind_term(view, term)).collect();
            terms.retain(|term| !matches!(term, Term::Always(false)));
            if terms.is_empty() {
                return Term::Always(false);
            }
            terms.sort_by_key(cost);
            Term::Or(terms)
        }
        Tree::Not(term) => match bind_term(view, term) {
            Term::Always(verdict) => Term::Always(!verdict),
            term => Term::Not(Box::new(term)),
        },
    }
}

/// A superset of the traces for which it holds, when one is at hand.
fn could_hold(term: &Term) -> Option<Vec<u32>> {
    match term {
        Term::Always(false) => Some(Vec::new()),
        Term::Some(some_span) => some_span.traces.clone(),
        Term::And(terms) => {
            let known = terms.iter().filter_map(could_hold);
            known.reduce(|left, right| intersect(&left, &right))
        }
        Term::Or(terms) => {
            let known: Option<Vec<Vec<u32>>> = terms.iter().map(could_hold).collect();
            let mut all = known?.concat();
            all.sort_unstable();
            all.dedup();
            Some(all)
        }
        _ => None,
    }
}

fn cost(term: &Term) -> usize {
    match term {
        Term::Always(_) => 0,
        Term::Compare(TraceField::ServiceCount, _) => 5,
        Term::Compare(TraceField::RootService | TraceField::RootName, _) => 4,
        Term::Compare(..) => 1,
        Term::Some(some_span) => {
            3 - usize::from(some_span.decided) + usize::from(some_span.traces.is_none())
        }
        Term::And(terms) => terms.iter().map(cost).min().unwrap_or(0),
        Term::Or(terms) => terms.iter().map(cost).max().unwrap_or(0),
        Term::Not(term) => cost(term),
    }
}

/// When the first interval begins and the last one ends.
fn span_of(view: &dyn View, trace: u32) -> (i64, i64) {
    let (start, duration) = view.interval(trace);
    (start, start.saturating_add(duration))
}
