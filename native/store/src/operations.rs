//! The operations of a view: how many spans of each service, name and kind, and when.

use crate::rows::all_rows;
use crate::sources::typed;
use crate::texts::Texts;
use crate::view::{ColumnRef, OperationCount, Result, StoreError, View};
use arrow_array::builder::{Int32Builder, Int64Builder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Spans, earliest start, latest start.
type Figures = (u64, i64, i64);

/// What the view knows, or counts.
pub fn operations(view: &dyn View) -> Result<Vec<OperationCount>> {
    view.known_operations().map_or_else(|| count(view), Ok)
}

/// Counts the operations of all spans, sorted by service, name and kind.
pub fn count(view: &dyn View) -> Result<Vec<OperationCount>> {
    let mut counts: BTreeMap<(String, String, i32), Figures> = BTreeMap::new();
    for rows in all_rows(view) {
        let columns = [
            ColumnRef::Service,
            ColumnRef::Name,
            ColumnRef::Kind,
            ColumnRef::Start,
        ];
        let arrays = view.read(&columns, &rows)?;
        let (services, names) = (Texts::of(&arrays[0])?, Texts::of(&arrays[1])?);
        let kinds = typed(&arrays[2], arrays[2].as_primitive_opt::<Int32Type>())?.values();
        let starts = typed(&arrays[3], arrays[3].as_primitive_opt::<Int64Type>())?.values();
        let mut by_code: HashMap<(usize, usize, i32), Figures, RandomState> = HashMap::default();
        for at in 0..rows.len() {
            let (Some(service), Some(name)) = (services.code(at), names.code(at)) else {
                continue;
            };
            let figures = by_code.entry((service, name, kinds[at])).or_insert(NOTHING);
            add(figures, (1, starts[at], starts[at]));
        }
        for ((service, name, kind), figures) in by_code {
            let key = (
                services.values.value(service).to_owned(),
                names.values.value(name).to_owned(),
                kind,
            );
            add(counts.entry(key).or_insert(NOTHING), figures);
        }
    }
    let operation = |((service, name, kind), (span_count, min_start, max_start))| OperationCount {
        service,
        name,
        kind,
        span_count,
        min_start,
        max_start,
    };
    Ok(counts.into_iter().map(operation).collect())
}

/// Operations as a record batch: service, name, kind, span_count, min_start, max_start.
pub fn to_record_batch(operations: &[OperationCount]) -> Result<RecordBatch> {
    let (mut services, mut names, mut kinds) = (
        StringBuilder::new(),
        StringBuilder::new(),
        Int32Builder::new(),
    );
    let mut figures = [
        Int64Builder::new(),
        Int64Builder::new(),
        Int64Builder::new(),
    ];
    for operation in operations {
        services.append_value(&operation.service);
        names.append_value(&operation.name);
        kinds.append_value(operation.kind);
        figures[0].append_value(operation.span_count as i64);
        figures[1].append_value(operation.min_start);
        figures[2].append_value(operation.max_start);
    }
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(services.finish()),
        Arc::new(names.finish()),
        Arc::new(kinds.finish()),
    ];
    columns.extend(figures.map(|mut figure| Arc::new(figure.finish()) as ArrayRef));
    let required = |name: &str, data_type| Field::new(name, data_type, false);
    let schema = Schema::new(vec![
        required("service", DataType::Utf8),
        required("name", DataType::Utf8),
        required("kind", DataType::Int32),
        required("span_count", DataType::Int64),
        required("min_start", DataType::Int64),
        required("max_start", DataType::Int64),
    ]);
    RecordBatch::try_new(Arc::new(schema), columns).map_err(|error| StoreError(error.to_string()))
}

const NOTHING: Figures = (0, i64::MAX, i64::MIN);

fn add(figures: &mut Figures, more: Figures) {
    figures.0 += more.0;
    figures.1 = figures.1.min(more.1);
    figures.2 = figures.2.max(more.2);
}
