//! The service graph: who calls whom, how often, with how many errors, and how long the calls took.
//!
//! A call is a span whose parent is a span of another service. The parts of several views keep every duration, so that
//! percentiles over all of them are exact. Where a view has counted its calls beforehand and all of them are asked for, no
//! column is read; those of skipped traces are taken off again.

use crate::durations::Durations;
use crate::plan::{Bounds, GraphPlan};
use crate::rows::{chunks_of, rows_of};
use crate::select::{Bound, bind, select};
use crate::services::STATUS_ERROR;
use crate::sources::{read_one, typed};
use crate::texts::Texts;
use crate::view::{ColumnRef, KnownCalls, NO_PARENT, Result, Rows, StoreError, View};
use crate::window::rows_within;
use arrow_array::builder::{Int64Builder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, UInt32Type};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{DataType, Field, Schema};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The calls of one view.
#[derive(Default)]
pub struct GraphPart {
    services: Vec<String>,
    numbers: HashMap<String, u32, RandomState>,
    edges: HashMap<(u32, u32), Edge, RandomState>,
}

/// Calls from one service to another.
#[derive(Clone, Default)]
struct Edge {
    error_count: u64,
    durations: Durations,
}

/// The calls of a view within a plan.
pub fn graph(view: &dyn View, plan: &GraphPlan) -> Result<GraphPart> {
    let mut part = GraphPart::default();
    let bound = bind(view, &plan.predicate);
    if matches!(bound, Bound::Always(false)) {
        return Ok(part);
    }
    if matches!(bound, Bound::Always(true))
        && covers(view, &plan.bounds)
        && let Some(calls) = view.known_calls()?
    {
        part.add_known(calls, calls_of_skipped(view, &plan.bounds)?);
        return Ok(part);
    }
    let parents = view.parents()?;
    for rows in rows_within(view, &plan.bounds)? {
        plan.bounds.deadline.check()?;
        let rows = match bound {
            Bound::Always(true) => rows,
            _ => Rows::List(select(view, &bound, rows)?),
        };
        if !rows.is_empty() {
            part.add(view, &rows, parents.as_deref())?;
        }
    }
    Ok(part)
}

/// Whether every span of the view that is not skipped lies within the bounds.
fn covers(view: &dyn View, bounds: &Bounds) -> bool {
    view.sorted_by_start()
        && view.trace_count() > 0
        && bounds.trace_count(view) == view.trace_count()
        && bounds.min_start <= view.interval(0).0
        && bounds.max_start >= view.max_start()
}

fn calls_of_skipped(view: &dyn View, bounds: &Bounds) -> Result<GraphPart> {
    let mut part = GraphPart::default();
    for rows in rows_of(view, &bounds.skipped(view)) {
        bounds.deadline.check()?;
        part.add(view, &rows, None)?;
    }
    Ok(part)
}

/// All parts as one table of GRAPH_SCHEMA.
pub fn merge(parts: &[&GraphPart]) -> Result<RecordBatch> {
    let mut edges: BTreeMap<(&str, &str), Edge> = BTreeMap::new();
    for part in parts {
        for (&(parent, child), edge) in &part.edges {
            let names = (
                part.services[parent as usize].as_str(),
                part.services[child as usize].as_str(),
            );
            edges.entry(names).or_default().add(edge);
        }
    }
    to_record_batch(edges)
}

impl GraphPart {
    /// How many calls.
    pub fn call_count(&self) -> u64 {
        self.edges
            .values()
            .map(|edge| edge.durations.len() as u64)
            .sum()
    }

    /// How much memory its durations take.
    pub fn nbytes(&self) -> u64 {
        self.edges
            .values()
            .map(|edge| edge.durations.nbytes())
            .sum()
    }

    /// Add calls that were counted before, without those of `skipped`.
    fn add_known(&mut self, calls: Vec<KnownCalls>, skipped: GraphPart) {
        for mut call in calls {
            if let Some(gone) = skipped.edge(&call.caller, &call.service) {
                call.error_count = call.error_count.saturating_sub(gone.error_count);
                call.durations = without(call.durations, gone.durations.ascending());
            }
            let key = (self.number(&call.caller), self.number(&call.service));
            let edge = self.edges.entry(key).or_default();
            edge.error_count += call.error_count;
            edge.durations.reserve(call.durations.len());
            call.durations
                .into_iter()
                .for_each(|duration| edge.durations.push(duration));
        }
        self.edges.retain(|_, edge| edge.durations.len() > 0);
    }

    fn edge(&self, caller: &str, service: &str) -> Option<&Edge> {
        let key = (*self.numbers.get(caller)?, *self.numbers.get(service)?);
        self.edges.get(&key)
    }

    fn add(&mut self, view: &dyn View, rows: &Rows, parents: Option<&[u32]>) -> Result<()> {
        let services = self.services_at(view, rows)?;
        let parents = Parents::read(view, rows, parents)?;
        let arrays = view.read(&[ColumnRef::StatusCode, ColumnRef::Duration], rows)?;
        let calls = Calls {
            services: &services,
            statuses: typed(&arrays[0], arrays[0].as_primitive_opt::<Int32Type>())?.values(),
            durations: typed(&arrays[1], arrays[1].as_primitive_opt::<Int64Type>())?.values(),
        };
        let mut elsewhere: Vec<(u32, u32)> = Vec::new();
        for at in 0..rows.len() {
            let parent = parents.of(rows, at);
            match rows {
                _ if parent == NO_PARENT => {}
                Rows::Range(range) if range.contains(&parent) => {
                    self.count(&calls, services[(parent - range.start) as usize], at);
                }
                _ => elsewhere.push((parent, at as u32)),
            }
        }
        self.count_elsewhere(view, &calls, elsewhere)
    }

    fn count(&mut self, calls: &Calls<'_>, caller: u32, at: usize) {
        let service = calls.services[at];
        if caller != service {
            let edge = self.edges.entry((caller, service)).or_default();
            edge.count(calls.durations[at], calls.statuses[at] == STATUS_ERROR);
        }
    }

    /// Counts calls whose parents are not among the rows: (parent's row, position of the call). Those are read.
    fn count_elsewhere(
        &mut self,
        view: &dyn View,
        calls: &Calls<'_>,
        mut elsewhere: Vec<(u32, u32)>,
    ) -> Result<()> {
        elsewhere.sort_unstable();
        let mut distinct: Vec<u32> = elsewhere.iter().map(|(parent, _)| *parent).collect();
        distinct.dedup();
        let mut waiting = elsewhere.into_iter().peekable();
        for piece in chunks_of(Rows::List(distinct)) {
            let callers = self.services_at(view, &piece)?;
            for (position, caller) in callers.into_iter().enumerate() {
                let row = piece.get(position);
                while let Some((_, at)) = waiting.next_if(|(parent, _)| *parent == row) {
                    self.count(calls, caller, at as usize);
                }
            }
        }
        Ok(())
    }

    /// The service of each row, by number.
    fn services_at(&mut self, view: &dyn View, rows: &Rows) -> Result<Vec<u32>> {
        let array = read_one(view, &ColumnRef::Service, rows)?;
        let texts = Texts::of(&array)?;
        let mut numbers = vec![NO_PARENT; texts.code_count()];
        let mut services = Vec::with_capacity(rows.len());
        for at in 0..rows.len() {
            let Some(code) = texts.code(at) else {
                services.push(NO_PARENT);
                continue;
            };
            if numbers[code] == NO_PARENT {
                numbers[code] = self.number(texts.values.value(code));
            }
            services.push(numbers[code]);
        }
        Ok(services)
    }

    fn number(&mut self, service: &str) -> u32 {
        if let Some(&number) = self.numbers.get(service) {
            return number;
        }
        let number = self.services.len() as u32;
        self.services.push(service.to_owned());
        self.numbers.insert(service.to_owned(), number);
        number
    }
}

impl Edge {
    fn count(&mut self, duration: i64, is_error: bool) {
        self.error_count += u64::from(is_error);
        self.durations.push(duration);
    }

    fn add(&mut self, more: &Edge) {
        self.error_count += more.error_count;
        self.durations.extend(&more.durations);
    }
}

/// Sorted numbers without those of `gone`, each taken away as often as it is there.
fn without(numbers: Vec<i64>, gone: Vec<i64>) -> Vec<i64> {
    let mut gone = gone.into_iter().peekable();
    let is_left = |number: &i64| gone.next_if_eq(number).is_none();
    numbers.into_iter().filter(is_left).collect()
}

/// What is counted of calls, by position.
struct Calls<'a> {
    services: &'a [u32],
    statuses: &'a [i32],
    durations: &'a [i64],
}

/// Where the parents of rows are.
enum Parents<'a> {
    /// By row of the view.
    Rows(&'a [u32]),
    /// By position: how far before the row, 0 for none.
    Distances(ScalarBuffer<u32>),
}

impl<'a> Parents<'a> {
    fn read(view: &dyn View, rows: &Rows, known: Option<&'a [u32]>) -> Result<Self> {
        if let Some(parents) = known {
            return Ok(Self::Rows(parents));
        }
        let array = read_one(view, &ColumnRef::ParentDistance, rows)?;
        let distances = typed(&array, array.as_primitive_opt::<UInt32Type>())?;
        Ok(Self::Distances(distances.values().clone()))
    }

    #[inline]
    fn of(&self, rows: &Rows, at: usize) -> u32 {
        match self {
            Self::Rows(parents) => parents.get(rows.get(at) as usize).copied(),
            Self::Distances(distances) => match distances[at] {
                0 => None,
                distance => rows.get(at).checked_sub(distance),
            },
        }
        .unwrap_or(NO_PARENT)
    }
}

fn to_record_batch(edges: BTreeMap<(&str, &str), Edge>) -> Result<RecordBatch> {
    let (mut parents, mut children) = (StringBuilder::new(), StringBuilder::new());
    let mut figures: [Int64Builder; 5] = Default::default();
    for ((parent, child), mut edge) in edges {
        parents.append_value(parent);
        children.append_value(child);
        let [p50, p95, p99] = edge.durations.percentiles([50, 95, 99]);
        let row = [
            edge.durations.len() as i64,
            edge.error_count as i64,
            p50,
            p95,
            p99,
        ];
        for (builder, figure) in figures.iter_mut().zip(row) {
            builder.append_value(figure);
        }
    }
    let mut columns: Vec<ArrayRef> = vec![Arc::new(parents.finish()), Arc::new(children.finish())];
    columns.extend(figures.map(|mut figure| Arc::new(figure.finish()) as ArrayRef));
    let mut fields = vec![
        Field::new("parent", DataType::Utf8, false),
        Field::new("child", DataType::Utf8, false),
    ];
    let names = [
        "call_count",
        "error_count",
        "p50_nano",
        "p95_nano",
        "p99_nano",
    ];
    fields.extend(names.map(|name| Field::new(name, DataType::Int64, false)));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
        .map_err(|error| StoreError(error.to_string()))
}
