//! `OpenBuffer` and `merge_batches`. `src/lymer/_native.pyi` says what they promise.

use crate::batch::Batch;
use crate::table::ArrowTable;
use crate::view::{View, store_error};
use lymer_store::buffer::{self, OpenBuffer as StoreBuffer};
use lymer_store::segment::SealOptions;
use lymer_store::segment::write::SealFigures;
use lymer_store::view::{Result, StoreError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;

/// Spans that are in the log but not in a segment.
#[pyclass(frozen, extends = View, module = "lymer._native")]
pub struct OpenBuffer {
    buffer: Arc<StoreBuffer>,
}

impl OpenBuffer {
    fn with_view(buffer: StoreBuffer) -> PyClassInitializer<Self> {
        let buffer = Arc::new(buffer);
        let seen = buffer.clone();
        PyClassInitializer::from(View::new(move || seen.snapshot())).add_subclass(Self { buffer })
    }
}

#[pymethods]
impl OpenBuffer {
    #[new]
    fn new() -> PyClassInitializer<Self> {
        Self::with_view(StoreBuffer::new())
    }

    fn append(&self, py: Python<'_>, batch: &Batch, position: u64) -> PyResult<()> {
        py.detach(|| self.buffer.append(&batch.columns, position))
            .map_err(store_error)
    }

    fn append_group(
        &self,
        py: Python<'_>,
        batches: Vec<Bound<'_, Batch>>,
        position: u64,
    ) -> Vec<Option<String>> {
        let batches: Vec<_> = batches.iter().map(|batch| &batch.get().columns).collect();
        py.detach(|| {
            let placed = (position..).zip(batches);
            let appended = placed.map(|(position, batch)| self.buffer.append(batch, position));
            appended
                .map(|result| result.err().map(|error| error.0))
                .collect()
        })
    }

    #[getter]
    fn memory_bytes(&self) -> usize {
        self.buffer.memory_bytes()
    }

    #[getter]
    fn min_position(&self, py: Python<'_>) -> u64 {
        py.detach(|| self.buffer.min_position())
    }

    fn traces_idle(&self, py: Python<'_>, before_position: u64) -> u64 {
        py.detach(|| self.buffer.traces_idle(before_position))
    }

    fn split(&self, py: Python<'_>, before_position: u64) -> PyResult<(Py<Self>, Py<Self>)> {
        let (idle, rest) = py
            .detach(|| self.buffer.split(before_position))
            .map_err(store_error)?;
        Ok((
            Py::new(py, Self::with_view(idle))?,
            Py::new(py, Self::with_view(rest))?,
        ))
    }

    fn seal<'py>(
        &self,
        py: Python<'py>,
        directory: PathBuf,
        segment: &str,
        options: &str,
    ) -> PyResult<Bound<'py, PyDict>> {
        let figures = py
            .detach(|| {
                let options = SealOptions::read(options)?;
                caught(|| self.buffer.seal(&directory, segment, options))
            })
            .map_err(store_error)?;
        figures_as_dict(py, &figures)
    }
}

/// A panic is a bug, but an error like any other to whoever seals: the spans that it comes from are set aside.
pub fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(StoreError("a panic while a segment was written".into())))
}

/// What was written, by name.
pub fn figures_as_dict<'py>(
    py: Python<'py>,
    figures: &SealFigures,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("span_count", figures.span_count)?;
    dict.set_item("trace_count", figures.trace_count)?;
    dict.set_item("min_start", figures.min_start)?;
    dict.set_item("max_start", figures.max_start)?;
    dict.set_item("data_bytes", figures.data_bytes)?;
    dict.set_item("index_bytes", figures.index_bytes)?;
    dict.set_item("attribute_columns", figures.attribute_columns)?;
    Ok(dict)
}

/// Pieces of traces as whole traces.
#[pyfunction]
pub fn merge_batches(py: Python<'_>, batches: Vec<PyRef<'_, Batch>>) -> PyResult<Batch> {
    let batches: Vec<_> = batches.iter().map(|batch| batch.columns.clone()).collect();
    let columns = py
        .detach(|| buffer::merge_batches(&batches))
        .map_err(store_error)?;
    Ok(columns.into())
}

/// The structure of the spans that `merge_batches([batch])` gives.
#[pyfunction]
pub fn structure(py: Python<'_>, batch: &Batch) -> PyResult<ArrowTable> {
    let columns = py
        .detach(|| buffer::structure(&batch.columns))
        .map_err(store_error)?;
    Ok(ArrowTable { columns })
}
