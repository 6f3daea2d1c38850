//! `JaegerPieces`: Jaeger's JSON made piece by piece. `src/lymer/_native.pyi` says what it promises.

use crate::batch::Batch;
use lymer_decode::jaeger_json::Pieces;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Mutex, PoisonError};

/// Jaeger's v1 UI JSON of all traces of a batch, piece by piece.
#[pyclass(frozen, module = "lymer._native")]
pub struct JaegerPieces {
    pieces: Mutex<Pieces>,
}

#[pymethods]
impl JaegerPieces {
    #[new]
    fn new(batch: &Batch) -> Self {
        Self {
            pieces: Mutex::new(Pieces::new(batch.columns.clone())),
        }
    }

    fn next<'py>(
        &self,
        py: Python<'py>,
        span_count: usize,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let next = || {
            let mut pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
            pieces.next(span_count)
        };
        let piece = py.detach(next).map_err(PyValueError::new_err)?;
        Ok(piece.map(|piece| PyBytes::new(py, &piece)))
    }
}
