//! Rate, errors and durations of spans by service and name, in buckets of time.
//!
//! The parts of several views keep every duration, so that percentiles over all of them are exact.

use crate::durations::Durations;
use crate::plan::{GraphPlan, read_graph_plan};
use crate::predicate::object;
use crate::select::{Bound, bind, select};
use crate::services::STATUS_ERROR;
use crate::sources::typed;
use crate::texts::Texts;
use crate::view::{ColumnRef, Result, Rows, StoreError, View};
use crate::window::rows_within;
use arrow_array::builder::{Int32Builder, Int64Builder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::Arc;

const BUCKETS_MAX: u64 = 1000;
/// More pairs of service and name than this in one piece are looked up by hash.
const TABLE_MAX: usize = 1 << 20;
const UNKNOWN: u32 = u32::MAX;
/// The bucket of what is over all of them.
const TOTAL: i32 = -1;

/// Which spans, and how they are counted.
pub struct RedPlan {
    spans: GraphPlan,
    by_operation: bool,
    start: i64,
    bucket_nano: i64,
    bucket_count: usize,
}

/// A plan from its JSON: a graph plan with `by_operation`, `bucket_start`, `bucket_nano`, `bucket_count`.
pub fn read_plan(text: &str) -> Result<RedPlan> {
    let json: Json = serde_json::from_str(text)
        .map_err(|error| StoreError(format!("a plan must be JSON: {error}")))?;
    let plan = object(&json)?;
    let int = |name: &str| plan.get(name).and_then(Json::as_i64);
    let bucket_count = plan.get("bucket_count").and_then(Json::as_u64).unwrap_or(1);
    Ok(RedPlan {
        spans: read_graph_plan(text)?,
        by_operation: plan.get("by_operation").and_then(Json::as_bool) == Some(true),
        start: int("bucket_start").unwrap_or(0),
        bucket_nano: int("bucket_nano").unwrap_or(i64::MAX).max(1),
        bucket_count: bucket_count.clamp(1, BUCKETS_MAX) as usize,
    })
}

/// Spans of one group in one bucket.
#[derive(Clone, Debug, Default)]
struct Series {
    error_count: u64,
    durations: Durations,
}

/// What one view has.
#[derive(Default)]
pub struct RedPart {
    bucket_count: usize,
    groups: Vec<(String, String)>,
    numbers: HashMap<(String, String), u32, RandomState>,
    /// `bucket_count` for each group.
    series: Vec<Series>,
}

/// The spans of a view within a plan.
pub fn red(view: &dyn View, plan: &RedPlan) -> Result<RedPart> {
    let mut part = RedPart {
        bucket_count: plan.bucket_count,
        ..RedPart::default()
    };
    let bound = bind(view, &plan.spans.predicate);
    if matches!(bound, Bound::Always(false)) {
        return Ok(part);
    }
    for rows in rows_within(view, &plan.spans.bounds)? {
        plan.spans.bounds.deadline.check()?;
        let rows = match bound {
            Bound::Always(true) => rows,
            _ => Rows::List(select(view, &bound, rows)?),
        };
        if !rows.is_empty() {
            part.add(view, &rows, plan)?;
        }
    }
    Ok(part)
}

impl RedPart {
    /// How much memory it takes.
    pub fn nbytes(&self) -> u64 {
        let series = self.series.iter().map(|series| series.durations.nbytes());
        series.sum::<u64>() + (self.series.capacity() * size_of::<Series>()) as u64
    }

    fn add(&mut self, view: &dyn View, rows: &Rows, plan: &RedPlan) -> Result<()> {
        let groups = self.groups_at(view, rows, plan.by_operation)?;
        let arrays = view.read(&[ColumnRef::StatusCode, ColumnRef::Duration], rows)?;
        let statuses = typed(&arrays[0], arrays[0].as_primitive_opt::<Int32Type>())?.values();
        let durations = typed(&arrays[1], arrays[1].as_primitive_opt::<Int64Type>())?.values();
        let buckets = buckets_at(view, rows, plan)?;
        for at in 0..rows.len() {
            let bucket = buckets.as_ref().map_or(0, |buckets| buckets[at]) as usize;
            let series = &mut self.series[groups[at] as usize * self.bucket_count + bucket];
            series.error_count += u64::from(statuses[at] == STATUS_ERROR);
            series.durations.push(durations[at]);
        }
        Ok(())
    }

    /// The number of each row's group.
    fn groups_at(&mut self, view: &dyn View, rows: &Rows, by_operation: bool) -> Result<Vec<u32>> {
        let services = view.read(&[ColumnRef::Service], rows)?;
        let services = Texts::of(&services[0])?;
        if !by_operation {
            let mut known = vec![UNKNOWN; services.code_count() + 1];
            return Ok((0..rows.len())
                .map(|at| {
                    let place = services.code(at).unwrap_or(services.code_count());
                    if known[place] == UNKNOWN {
                        known[place] = self.number(services.get(at), None);
                    }
                    known[place]
                })
                .collect());
        }
        let names = view.read(&[ColumnRef::Name], rows)?;
        let names = Texts::of(&names[0])?;
        let width = names.code_count() + 1;
        let mut known = Pairs::new((services.code_count() + 1) * width);
        Ok((0..rows.len())
            .map(|at| {
                let service = services.code(at).unwrap_or(services.code_count());
                let name = names.code(at).unwrap_or(names.code_count());
                let place = known.at(service * width + name);
                if *place == UNKNOWN {
                    *place = self.number(services.get(at), names.get(at));
                }
                *place
            })
            .collect())
    }

    fn number(&mut self, service: Option<&str>, name: Option<&str>) -> u32 {
        let names = (
            service.unwrap_or_default().to_owned(),
            name.unwrap_or_default().to_owned(),
        );
        if let Some(&number) = self.numbers.get(&names) {
            return number;
        }
        let number = self.groups.len() as u32;
        self.groups.push(names.clone());
        self.numbers.insert(names, number);
        let len = self.series.len() + self.bucket_count;
        self.series.resize(len, Series::default());
        number
    }
}

/// Numbers of pairs: a table, or a map when that would be large.
enum Pairs {
    Table(Vec<u32>),
    Map(HashMap<usize, u32, RandomState>),
}

impl Pairs {
    fn new(count: usize) -> Self {
        if count <= TABLE_MAX {
            Self::Table(vec![UNKNOWN; count])
        } else {
            Self::Map(HashMap::default())
        }
    }

    #[inline]
    fn at(&mut self, pair: usize) -> &mut u32 {
        match self {
            Self::Table(table) => &mut table[pair],
            Self::Map(map) => map.entry(pair).or_insert(UNKNOWN),
        }
    }
}

/// The bucket of each row; None when there is but one.
fn buckets_at(view: &dyn View, rows: &Rows, plan: &RedPlan) -> Result<Option<Vec<u32>>> {
    if plan.bucket_count == 1 {
        return Ok(None);
    }
    let array = view.read(&[ColumnRef::Start], rows)?;
    let starts = typed(&array[0], array[0].as_primitive_opt::<Int64Type>())?.values();
    let last = plan.bucket_count as i64 - 1;
    let bucket = |&start: &i64| {
        let since = start.saturating_sub(plan.start);
        since.div_euclid(plan.bucket_nano).clamp(0, last) as u32
    };
    Ok(Some(starts.iter().map(bucket).collect()))
}

/// All parts as one table: service, operation, bucket (-1: all of them), call_count, error_count, total_nano, p50_nano,
/// p95_nano, p99_nano. Groups by name; buckets without spans are left out.
pub fn merge(parts: &[&RedPart]) -> Result<RecordBatch> {
    let mut groups: BTreeMap<&(String, String), Vec<&[Series]>> = BTreeMap::new();
    for part in parts {
        let series = part.series.chunks_exact(part.bucket_count.max(1));
        for (names, series) in part.groups.iter().zip(series) {
            groups.entry(names).or_default().push(series);
        }
    }
    let mut table = Table::default();
    for ((service, operation), pieces) in groups {
        let mut total = Series::default();
        let bucket_count = pieces.iter().map(|piece| piece.len()).max().unwrap_or(0);
        for bucket in 0..bucket_count {
            let mut merged = Series::default();
            for series in pieces.iter().filter_map(|piece| piece.get(bucket)) {
                merged.error_count += series.error_count;
                merged.durations.extend(&series.durations);
            }
            total.error_count += merged.error_count;
            total.durations.extend(&merged.durations);
            if bucket_count > 1 && merged.durations.len() > 0 {
                table.push(service, operation, bucket as i32, &mut merged);
            }
        }
        table.push(service, operation, TOTAL, &mut total);
    }
    table.finish()
}

#[derive(Default)]
struct Table {
    services: StringBuilder,
    operations: StringBuilder,
    buckets: Int32Builder,
    figures: [Int64Builder; 6],
}

impl Table {
    fn push(&mut self, service: &str, operation: &str, bucket: i32, series: &mut Series) {
        self.services.append_value(service);
        self.operations.append_value(operation);
        self.buckets.append_value(bucket);
        let total = series.durations.total();
        let [p50, p95, p99] = series.durations.percentiles([50, 95, 99]);
        let row = [
            series.durations.len() as i64,
            series.error_count as i64,
            total,
            p50,
            p95,
            p99,
        ];
        for (builder, figure) in self.figures.iter_mut().zip(row) {
            builder.append_value(figure);
        }
    }

    fn finish(mut self) -> Result<RecordBatch> {
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.services.finish()),
            Arc::new(self.operations.finish()),
            Arc::new(self.buckets.finish()),
        ];
        columns.extend(
            self.figures
                .map(|mut figure| Arc::new(figure.finish()) as ArrayRef),
        );
        let mut fields = vec![
            Field::new("service", DataType::Utf8, false),
            Field::new("operation", DataType::Utf8, false),
            Field::new("bucket", DataType::Int32, false),
        ];
        let names = [
            "call_count",
            "error_count",
            "total_nano",
            "p50_nano",
            "p95_nano",
            "p99_nano",
        ];
        fields.extend(names.map(|name| Field::new(name, DataType::Int64, false)));
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
            .map_err(|error| StoreError(error.to_string()))
    }
}
