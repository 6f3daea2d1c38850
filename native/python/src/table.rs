//! `ArrowTable`: a record batch of any schema, as an answer.

use crate::batch::export_record_batch;
use arrow_array::RecordBatch;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// A record batch of any schema; `pyarrow.record_batch(it)` takes it without a copy.
#[pyclass(frozen, module = "lymer._native")]
pub struct ArrowTable {
    /// The columns.
    pub columns: RecordBatch,
}

#[pymethods]
impl ArrowTable {
    #[getter]
    fn num_rows(&self) -> usize {
        self.columns.num_rows()
    }

    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let _ = requested_schema;
        export_record_batch(py, &self.columns)
    }
}
