//! `OpenBuffer` and `merge_batches`. `src/lymer/_native.pyi` says what they promise.

use crate::batch::Batch;
use crate::view::{View, store_error};
use lymer_store::buffer::{self, OpenBuffer as StoreBuffer};
use pyo3::prelude::*;
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
        py.detach(|| self.buffer.append(&batch.columns, position)).map_err(store_error)
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
        let (idle, rest) = py.detach(|| self.buffer.split(before_position)).map_err(store_error)?;
        Ok((Py::new(py, Self::with_view(idle))?, Py::new(py, Self::with_view(rest))?))
    }
}

/// Pieces of traces as whole traces.
#[pyfunction]
pub fn merge_batches(py: Python<'_>, batches: Vec<PyRef<'_, Batch>>) -> PyResult<Batch> {
    let batches: Vec<_> = batches.iter().map(|batch| batch.columns.clone()).collect();
    let columns = py.detach(|| buffer::merge_batches(&batches)).map_err(store_error)?;
    Ok(Batch { columns })
}
