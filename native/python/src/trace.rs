//! Questions about one trace of a view: its skeleton, some of its rows, where text stands in it.

use crate::batch::Batch;
use crate::table::ArrowTable;
use crate::view::{View, store_error};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray, UInt32Array, UInt64Array};
use lymer_store::find_in_trace::{find, read_question};
use lymer_store::predicate::{read_scope, scope_name};
use lymer_store::skeleton::{Wish, preorder_rows, skeleton};
use lymer_store::trace_columns::{column, events, keys};
use lymer_store::view::StoreError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::Arc;

/// A trace as columns in pre-order (docs/specs/skeleton.md).
#[pyfunction]
#[pyo3(signature = (view, trace, *, adjusted = false, as_json = false, is_buffered = false))]
pub fn trace_skeleton<'py>(
    py: Python<'py>,
    view: &View,
    trace: u32,
    adjusted: bool,
    as_json: bool,
    is_buffered: bool,
) -> PyResult<Bound<'py, PyBytes>> {
    let wish = Wish {
        adjusted,
        as_json,
        is_buffered,
    };
    let bytes = py
        .detach(|| skeleton(view.snapshot().as_ref(), trace, wish))
        .map_err(store_error)?;
    Ok(PyBytes::new(py, &bytes))
}

/// The spans at these rows (in pre-order) of a trace; rows that are not there are left out.
#[pyfunction]
pub fn trace_rows(py: Python<'_>, view: &View, trace: u32, rows: Vec<u32>) -> PyResult<Batch> {
    let read = || -> Result<_, StoreError> {
        let view = view.snapshot();
        let ordered = preorder_rows(view.as_ref(), trace)?;
        let of_view: Vec<u32> = rows
            .iter()
            .filter_map(|&row| ordered.get(row as usize).copied())
            .collect();
        view.read_rows(&of_view)
    };
    let columns = py.detach(read).map_err(store_error)?;
    Ok(columns.into())
}

/// A bitmap of the rows (in pre-order) of a trace that match.
#[pyfunction]
pub fn trace_find<'py>(
    py: Python<'py>,
    view: &View,
    trace: u32,
    question: &str,
) -> PyResult<Bound<'py, PyBytes>> {
    let bits = py
        .detach(|| {
            let (question, deadline) = read_question(question)?;
            find(view.snapshot().as_ref(), trace, &question, &deadline)
        })
        .map_err(store_error)?;
    Ok(PyBytes::new(py, &bits))
}

/// How many spans a trace has.
#[pyfunction]
pub fn trace_span_count(py: Python<'_>, view: &View, trace: u32) -> u32 {
    py.detach(|| {
        let view = view.snapshot();
        if trace < view.trace_count() {
            view.trace(trace).span_count
        } else {
            0
        }
    })
}

/// The keys of a trace's spans and resources: columns scope, key, span_count.
#[pyfunction]
pub fn trace_keys(py: Python<'_>, view: &View, trace: u32) -> PyResult<ArrowTable> {
    let read = || {
        let found = keys(view.snapshot().as_ref(), trace)?;
        let scopes = found.iter().map(|(scope, _, _)| scope_name(*scope));
        let names = found.iter().map(|(_, key, _)| key);
        table([
            (
                "scope",
                Arc::new(StringArray::from_iter_values(scopes)) as ArrayRef,
            ),
            ("key", Arc::new(StringArray::from_iter_values(names))),
            (
                "span_count",
                Arc::new(UInt64Array::from_iter_values(found.iter().map(|one| one.2))),
            ),
        ])
    };
    py.detach(read).map_err(store_error)
}

/// The values of an attribute, and a code for each row: 0, or one more than a value's place; 32 bits each.
#[pyfunction]
pub fn trace_column<'py>(
    py: Python<'py>,
    view: &View,
    trace: u32,
    key: &str,
    scope: &str,
) -> PyResult<(Vec<String>, Bound<'py, PyBytes>)> {
    let (values, codes) = py
        .detach(|| column(view.snapshot().as_ref(), trace, key, read_scope(scope)?))
        .map_err(store_error)?;
    let bytes: Vec<u8> = codes.iter().flat_map(|code| code.to_le_bytes()).collect();
    Ok((values, PyBytes::new(py, &bytes)))
}

/// All events of a trace by time: columns time, row, place (in its span).
#[pyfunction]
pub fn trace_events(py: Python<'_>, view: &View, trace: u32) -> PyResult<ArrowTable> {
    let read = || {
        let found = events(view.snapshot().as_ref(), trace)?;
        let times = found.iter().map(|one| one.0);
        let rows = found.iter().map(|one| one.1);
        let places = found.iter().map(|one| one.2);
        table([
            (
                "time",
                Arc::new(Int64Array::from_iter_values(times)) as ArrayRef,
            ),
            ("row", Arc::new(UInt32Array::from_iter_values(rows))),
            ("place", Arc::new(UInt32Array::from_iter_values(places))),
        ])
    };
    py.detach(read).map_err(store_error)
}

fn table<const N: usize>(columns: [(&str, ArrayRef); N]) -> Result<ArrowTable, StoreError> {
    let columns =
        RecordBatch::try_from_iter(columns).map_err(|error| StoreError(error.to_string()))?;
    Ok(ArrowTable { columns })
}
