//! Questions about one trace of a view: its skeleton, some of its rows, where text stands in it.

use crate::batch::Batch;
use crate::view::{View, store_error};
use lymer_store::find_in_trace::{find, read_question};
use lymer_store::skeleton::{Wish, preorder_rows, skeleton};
use lymer_store::view::StoreError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

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
    Ok(Batch { columns })
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
