//! Summaries of traces (`model.trace.SUMMARY_SCHEMA`): of traces of a view, and of whole traces in a batch.

use crate::plan::Deadline;
use crate::roots::{Place, id, root_of, roots};
use crate::rows::chunks_of;
use crate::services::{STATUS_ERROR, ServiceCount, service_counts};
use crate::sources::typed;
use crate::texts::Texts;
use crate::view::{ColumnRef, Result, Rows, StoreError, TraceEntry, View};
use arrow_array::builder::{
    FixedSizeBinaryBuilder, Int64Builder, ListBuilder, StringBuilder, StructBuilder, UInt32Builder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampNanosecondType};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use lymer_decode::schema::Column;
use std::sync::{Arc, LazyLock};

/// SUMMARY_SCHEMA and `trace`, the trace's number.
pub static SUMMARY_SCHEMA: LazyLock<SchemaRef> =
    LazyLock::new(|| Arc::new(Schema::new(summary_fields())));

/// One trace's summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its number.
    pub trace: u32,
    /// Its id.
    pub trace_id: [u8; 16],
    /// Start of its earliest span.
    pub start: i64,
    /// To the latest end.
    pub duration: i64,
    /// Spans.
    pub span_count: i64,
    /// Spans whose status is error.
    pub error_count: i64,
    /// Spans whose parent is not there.
    pub orphan_count: i64,
    /// The root's service.
    pub root_service: String,
    /// The root's name.
    pub root_name: String,
    /// By name.
    pub services: Vec<ServiceCount>,
}

/// Summaries of these traces of a view, in this order.
pub fn summaries(view: &dyn View, traces: &[u32], deadline: &Deadline) -> Result<Vec<Summary>> {
    if let Some(unknown) = traces.iter().find(|&&trace| trace >= view.trace_count()) {
        return Err(StoreError(format!("there is no trace {unknown}")));
    }
    let mut sorted = traces.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let services = service_counts(view, &sorted, deadline)?;
    let roots = roots(view, &sorted, deadline)?;
    let root_rows: Vec<u32> = roots.iter().map(|root| root.row).collect();
    let names = service_and_name(view, &root_rows)?;
    let summary = |trace: &u32| {
        let at = sorted.binary_search(trace).unwrap_or(0);
        let (root_service, root_name) = names[at].clone();
        of_entry(
            *trace,
            view.trace(*trace),
            i64::from(roots[at].orphan_count),
            root_service,
            root_name,
            &services[at],
        )
    };
    Ok(traces.iter().map(summary).collect())
}

fn of_entry(
    trace: u32,
    entry: TraceEntry,
    orphan_count: i64,
    root_service: String,
    root_name: String,
    services: &[ServiceCount],
) -> Summary {
    Summary {
        trace,
        trace_id: entry.trace_id,
        start: entry.start,
        duration: entry.duration,
        span_count: i64::from(entry.span_count),
        error_count: i64::from(entry.error_count),
        orphan_count,
        root_service,
        root_name,
        services: services.to_vec(),
    }
}

/// Service and name at each of these rows.
fn service_and_name(view: &dyn View, rows: &[u32]) -> Result<Vec<(String, String)>> {
    let mut sorted = rows.to_vec();
    sorted.sort_unstable();
    let mut by_row: HashMap<u32, (String, String), RandomState> = HashMap::default();
    for piece in chunks_of(Rows::List(sorted)) {
        let arrays = view.read(&[ColumnRef::Service, ColumnRef::Name], &piece)?;
        let (services, names) = (Texts::of(&arrays[0])?, Texts::of(&arrays[1])?);
        for at in 0..piece.len() {
            let text = |texts: &Texts<'_>| texts.get(at).unwrap_or_default().to_owned();
            by_row.insert(piece.get(at), (text(&services), text(&names)));
        }
    }
    Ok(rows
        .iter()
        .map(|row| by_row.get(row).cloned().unwrap_or_default())
        .collect())
}

/// Summaries of the whole traces in a batch of THE schema, in order of first appearance. Equal spans must be one already.
pub fn summarize(batch: &RecordBatch) -> Result<Vec<Summary>> {
    let columns = BatchColumns::of(batch)?;
    let mut numbers: HashMap<[u8; 16], usize, RandomState> = HashMap::default();
    let mut traces: Vec<Vec<u32>> = Vec::new();
    for row in 0..batch.num_rows() {
        let number = *numbers.entry(columns.trace_id(row)).or_insert_with(|| {
            traces.push(Vec::new());
            traces.len() - 1
        });
        traces[number].push(row as u32);
    }
    traces
        .iter()
        .enumerate()
        .map(|(number, rows)| columns.summarize(number as u32, rows))
        .collect()
}

/// What a summary needs of a batch.
struct BatchColumns<'a> {
    trace_ids: &'a arrow_array::FixedSizeBinaryArray,
    span_ids: &'a ArrayRef,
    parent_ids: &'a ArrayRef,
    kinds: &'a [i32],
    starts: &'a [i64],
    durations: &'a [i64],
    statuses: &'a [i32],
    services: Texts<'a>,
    names: Texts<'a>,
}

impl<'a> BatchColumns<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self> {
        let column = |column: Column| batch.column(column as usize);
        let ints = |of: Column| {
            typed(column(of), column(of).as_primitive_opt::<Int32Type>())
                .map(|array| array.values())
        };
        let starts = column(Column::StartTime);
        let durations = column(Column::Duration);
        Ok(Self {
            trace_ids: typed(
                column(Column::TraceId),
                column(Column::TraceId).as_fixed_size_binary_opt(),
            )?,
            span_ids: column(Column::SpanId),
            parent_ids: column(Column::ParentSpanId),
            kinds: ints(Column::Kind)?,
            starts: typed(starts, starts.as_primitive_opt::<TimestampNanosecondType>())?.values(),
            durations: typed(durations, durations.as_primitive_opt::<Int64Type>())?.values(),
            statuses: ints(Column::StatusCode)?,
            services: Texts::of(column(Column::ServiceName))?,
            names: Texts::of(column(Column::Name))?,
        })
    }

    fn trace_id(&self, row: usize) -> [u8; 16] {
        self.trace_ids.value(row).try_into().unwrap_or_default()
    }

    fn summarize(&self, trace: u32, rows: &[u32]) -> Result<Summary> {
        let at = |row: &u32| *row as usize;
        let places: Result<Vec<Place>> = rows.iter().map(|row| self.place(at(row))).collect();
        let root = root_of(&places?, |several| Ok(self.first_by_name(several)))?;
        let start = rows
            .iter()
            .map(|row| self.starts[at(row)])
            .min()
            .unwrap_or(0);
        let end = rows
            .iter()
            .map(|row| self.starts[at(row)].saturating_add(self.durations[at(row)].max(0)))
            .max();
        let services = self.services(rows);
        let text = |texts: &Texts<'_>| texts.get(root.row as usize).unwrap_or_default().to_owned();
        Ok(Summary {
            trace,
            trace_id: self.trace_id(at(&rows[0])),
            start,
            duration: end.unwrap_or(start).saturating_sub(start),
            span_count: rows.len() as i64,
            error_count: services.iter().map(|service| service.error_count).sum(),
            orphan_count: i64::from(root.orphan_count),
            root_service: text(&self.services),
            root_name: text(&self.names),
            services,
        })
    }

    fn place(&self, row: usize) -> Result<Place> {
        Ok(Place {
            row: row as u32,
            span_id: id(self.span_ids, row)?.unwrap_or_default(),
            parent_span_id: id(self.parent_ids, row)?,
            kind: self.kinds[row],
            start: self.starts[row],
            duration: self.durations[row],
        })
    }

    fn first_by_name(&self, rows: &[u32]) -> u32 {
        let names = |row: &u32| {
            (
                self.services.get(*row as usize),
                self.names.get(*row as usize),
                *row,
            )
        };
        rows.iter().map(names).min().map_or(0, |(_, _, row)| row)
    }

    fn services(&self, rows: &[u32]) -> Vec<ServiceCount> {
        let mut counts: std::collections::BTreeMap<&str, (i64, i64)> = Default::default();
        for row in rows {
            let count = counts
                .entry(self.services.get(*row as usize).unwrap_or_default())
                .or_default();
            count.0 += 1;
            count.1 += i64::from(self.statuses[*row as usize] == STATUS_ERROR);
        }
        let service = |(name, (span_count, error_count)): (&str, _)| ServiceCount {
            name: Arc::from(name),
            span_count,
            error_count,
        };
        counts.into_iter().map(service).collect()
    }
}

/// Summaries as a record batch.
pub fn to_record_batch(summaries: &[Summary]) -> Result<RecordBatch> {
    let failed = |error: arrow_schema::ArrowError| StoreError(error.to_string());
    let mut trace_ids = FixedSizeBinaryBuilder::new(16);
    for summary in summaries {
        trace_ids.append_value(summary.trace_id).map_err(failed)?;
    }
    let ints = |of: fn(&Summary) -> i64| -> ArrayRef {
        let mut builder = Int64Builder::with_capacity(summaries.len());
        summaries
            .iter()
            .for_each(|summary| builder.append_value(of(summary)));
        Arc::new(builder.finish())
    };
    let texts = |of: fn(&Summary) -> &str| -> ArrayRef {
        let mut builder = StringBuilder::new();
        summaries
            .iter()
            .for_each(|summary| builder.append_value(of(summary)));
        Arc::new(builder.finish())
    };
    let mut numbers = UInt32Builder::new();
    summaries
        .iter()
        .for_each(|summary| numbers.append_value(summary.trace));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(trace_ids.finish()),
        ints(|summary| summary.start),
        ints(|summary| summary.duration),
        ints(|summary| summary.span_count),
        ints(|summary| summary.error_count),
        ints(|summary| summary.orphan_count),
        texts(|summary| &summary.root_service),
        texts(|summary| &summary.root_name),
        services_array(summaries),
        Arc::new(numbers.finish()),
    ];
    RecordBatch::try_new(SUMMARY_SCHEMA.clone(), columns).map_err(failed)
}

fn services_array(summaries: &[Summary]) -> ArrayRef {
    let builders = StructBuilder::new(
        service_fields(),
        vec![
            Box::new(StringBuilder::new()),
            Box::new(Int64Builder::new()),
            Box::new(Int64Builder::new()),
        ],
    );
    let mut lists = ListBuilder::new(builders).with_field(service_item());
    for summary in summaries {
        for service in &summary.services {
            let members = lists.values();
            if let Some(names) = members.field_builder::<StringBuilder>(0) {
                names.append_value(&service.name);
            }
            for (position, count) in [(1, service.span_count), (2, service.error_count)] {
                if let Some(counts) = members.field_builder::<Int64Builder>(position) {
                    counts.append_value(count);
                }
            }
            members.append(true);
        }
        lists.append(true);
    }
    Arc::new(lists.finish())
}

fn summary_fields() -> Vec<Field> {
    let required = |name: &str, data_type| Field::new(name, data_type, false);
    let mut fields = vec![required("trace_id", DataType::FixedSizeBinary(16))];
    let figures = [
        "start_time_unix_nano",
        "duration_nano",
        "span_count",
        "error_count",
        "orphan_count",
    ];
    fields.extend(figures.map(|name| required(name, DataType::Int64)));
    fields.extend(["root_service", "root_name"].map(|name| required(name, DataType::Utf8)));
    fields.push(required("services", DataType::List(service_item())));
    fields.push(required("trace", DataType::UInt32));
    fields
}

fn service_item() -> Arc<Field> {
    Arc::new(Field::new(
        "item",
        DataType::Struct(service_fields()),
        false,
    ))
}

fn service_fields() -> Fields {
    let required = |name: &str, data_type| Field::new(name, data_type, false);
    Fields::from(vec![
        required("name", DataType::Utf8),
        required("span_count", DataType::Int64),
        required("error_count", DataType::Int64),
    ])
}
