//! What matching traces have in common: how many have each service, root operation, status, value of an attribute.

use crate::matches::Matcher;
use crate::plan::{Deadline, SearchPlan, read_search_plan};
use crate::predicate::{object, wrong};
use crate::roots::roots;
use crate::rows::{chunks_of, rows_of};
use crate::sources::{Source, attribute_sources};
use crate::texts::Texts;
use crate::values::Tally;
use crate::view::{ColumnRef, Result, Rows, StoreError, View};
use arrow_array::builder::{Int64Builder, StringBuilder, UInt32Builder};
use arrow_array::{ArrayRef, RecordBatch};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use serde_json::Value as Json;
use std::sync::Arc;

/// By what traces are counted.
enum Facet {
    Service,
    Operation,
    Status,
    Attribute(String),
}

/// Which traces, and what is counted of them.
pub struct FacetPlan {
    search: SearchPlan,
    facets: Vec<Facet>,
}

/// A plan from its JSON: a search plan with `facets`: `service`, `operation`, `status`, `attribute:<key>`.
pub fn read_plan(text: &str) -> Result<FacetPlan> {
    let json: Json = serde_json::from_str(text)
        .map_err(|error| StoreError(format!("a plan must be JSON: {error}")))?;
    let names = object(&json)?.get("facets").and_then(Json::as_array);
    let facet = |name: &Json| match name.as_str() {
        Some("service") => Ok(Facet::Service),
        Some("operation") => Ok(Facet::Operation),
        Some("status") => Ok(Facet::Status),
        Some(name) if name.starts_with("attribute:") => {
            Ok(Facet::Attribute(name["attribute:".len()..].to_owned()))
        }
        _ => Err(wrong("no such facet", name)),
    };
    Ok(FacetPlan {
        facets: names
            .into_iter()
            .flatten()
            .map(facet)
            .collect::<Result<_>>()?,
        search: read_search_plan(text)?,
    })
}

/// Traces, and those of them with an error.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    traces: i64,
    errors: i64,
}

impl Count {
    fn add(&mut self, is_error: bool) {
        self.traces += 1;
        self.errors += i64::from(is_error);
    }
}

/// Columns facet u32 (its place in the plan), value, service (of an operation), trace_count, error_trace_count. Its first
/// row counts all matching traces, as facet `u32::MAX`.
pub fn facets(view: &dyn View, plan: &FacetPlan) -> Result<RecordBatch> {
    let matcher = Matcher::new(view, &plan.search.predicate, &plan.search.bounds)?;
    let traces = matcher.filter(matcher.candidates().into_list())?;
    let mut table = Table::default();
    let mut all = Count::default();
    let is_error: Vec<bool> = traces
        .iter()
        .map(|&trace| view.trace(trace).error_count > 0)
        .collect();
    is_error.iter().for_each(|&is_error| all.add(is_error));
    table.push(u32::MAX, "", "", all);
    let matches = Matches {
        view,
        traces: &traces,
        is_error: &is_error,
        deadline: &plan.search.bounds.deadline,
    };
    for (place, facet) in (0..).zip(&plan.facets) {
        match facet {
            Facet::Status => table.push_statuses(place, all),
            Facet::Operation => matches.count_roots(place, &mut table)?,
            Facet::Service => {
                let source = Source::Column(ColumnRef::Service, 1);
                matches.count_values(place, &[source], &mut table)?;
            }
            Facet::Attribute(key) => {
                let sources = attribute_sources(view, key, None);
                matches.count_values(place, &sources, &mut table)?;
            }
        }
    }
    table.finish()
}

struct Matches<'a> {
    view: &'a dyn View,
    /// Sorted.
    traces: &'a [u32],
    is_error: &'a [bool],
    deadline: &'a Deadline,
}

impl Matches<'_> {
    /// Traces with a span that has the value, in any of the sources.
    fn count_values(&self, facet: u32, sources: &[Source], table: &mut Table) -> Result<()> {
        if sources.is_empty() || self.traces.is_empty() {
            return Ok(());
        }
        let mut tally = Tally::default();
        let mut counts: Vec<Count> = Vec::new();
        let mut waiting: Vec<(u32, u32)> = Vec::new();
        for rows in rows_of(self.view, self.traces) {
            self.deadline.check()?;
            let mut found: Vec<(u32, u32)> = Vec::new();
            for source in sources {
                tally.gather(self.view, source, &rows, &mut found)?;
            }
            found.sort_unstable();
            let of_rows: Vec<u32> = found.iter().map(|(row, _)| *row).collect();
            let traces = self.view.traces_of_rows(&of_rows);
            let pairs = traces
                .into_iter()
                .zip(found)
                .map(|(trace, (_, value))| (trace, value));
            waiting.extend(pairs);
            // A trace may go on in the next piece; in views that are not sorted, every trace may.
            let open = match waiting.last() {
                Some(&(last, _)) if self.view.sorted_by_start() => {
                    waiting.partition_point(|(trace, _)| *trace < last)
                }
                _ => 0,
            };
            let rest = waiting.split_off(open);
            self.count_pairs(std::mem::replace(&mut waiting, rest), &mut counts);
            waiting.sort_unstable();
            waiting.dedup();
        }
        self.count_pairs(waiting, &mut counts);
        for (value, number) in tally.numbers() {
            let count = counts.get(number as usize).copied().unwrap_or_default();
            if count.traces > 0 {
                table.push(facet, value, "", count);
            }
        }
        Ok(())
    }

    /// (trace, value) pairs of whole traces; a pair that comes again counts once.
    fn count_pairs(&self, mut pairs: Vec<(u32, u32)>, counts: &mut Vec<Count>) {
        pairs.sort_unstable();
        pairs.dedup();
        let mut place = 0;
        for (trace, value) in pairs {
            if self.traces.get(place) != Some(&trace) {
                let Ok(found) = self.traces.binary_search(&trace) else {
                    continue;
                };
                place = found;
            }
            if counts.len() <= value as usize {
                counts.resize(value as usize + 1, Count::default());
            }
            counts[value as usize].add(self.is_error[place]);
        }
    }

    fn count_roots(&self, facet: u32, table: &mut Table) -> Result<()> {
        let roots = roots(self.view, self.traces, self.deadline)?;
        let mut rows: Vec<(u32, bool)> = roots
            .iter()
            .zip(self.is_error)
            .map(|(root, &is_error)| (root.row, is_error))
            .collect();
        rows.sort_unstable();
        let mut counts: HashMap<(String, String), Count, RandomState> = HashMap::default();
        let mut at_row = rows.iter();
        for piece in chunks_of(Rows::List(rows.iter().map(|(row, _)| *row).collect())) {
            self.deadline.check()?;
            let arrays = self
                .view
                .read(&[ColumnRef::Service, ColumnRef::Name], &piece)?;
            let (services, names) = (Texts::of(&arrays[0])?, Texts::of(&arrays[1])?);
            let mut of_codes: HashMap<(Option<usize>, Option<usize>), Count, RandomState> =
                HashMap::default();
            let mut texts = HashMap::<_, _, RandomState>::default();
            for (at, (_, is_error)) in (0..piece.len()).zip(at_row.by_ref()) {
                let codes = (services.code(at), names.code(at));
                of_codes.entry(codes).or_default().add(*is_error);
                texts.entry(codes).or_insert(at);
            }
            for (codes, count) in of_codes {
                let at = texts[&codes];
                let text = |texts: &Texts<'_>| texts.get(at).unwrap_or_default().to_owned();
                let sum = counts.entry((text(&services), text(&names))).or_default();
                sum.traces += count.traces;
                sum.errors += count.errors;
            }
        }
        for ((service, name), count) in &counts {
            table.push(facet, name, service, *count);
        }
        Ok(())
    }
}

#[derive(Default)]
struct Table {
    facets: UInt32Builder,
    values: StringBuilder,
    services: StringBuilder,
    traces: Int64Builder,
    errors: Int64Builder,
}

impl Table {
    fn push(&mut self, facet: u32, value: &str, service: &str, count: Count) {
        self.facets.append_value(facet);
        self.values.append_value(value);
        self.services.append_value(service);
        self.traces.append_value(count.traces);
        self.errors.append_value(count.errors);
    }

    fn push_statuses(&mut self, facet: u32, all: Count) {
        let failed = Count {
            traces: all.errors,
            errors: all.errors,
        };
        let fine = Count {
            traces: all.traces - all.errors,
            errors: 0,
        };
        for (name, count) in [("ok", fine), ("error", failed)] {
            if count.traces > 0 {
                self.push(facet, name, "", count);
            }
        }
    }

    fn finish(mut self) -> Result<RecordBatch> {
        let columns: [(&str, ArrayRef); 5] = [
            ("facet", Arc::new(self.facets.finish())),
            ("value", Arc::new(self.values.finish())),
            ("service", Arc::new(self.services.finish())),
            ("trace_count", Arc::new(self.traces.finish())),
            ("error_trace_count", Arc::new(self.errors.finish())),
        ];
        RecordBatch::try_from_iter(columns).map_err(|error| StoreError(error.to_string()))
    }
}
