//! `Batch`: columns of THE schema that live here, handed to Python through Arrow's PyCapsule interface without a copy.

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi_and_data_type, to_ffi};
use arrow_array::{Array, RecordBatch, StructArray};
use arrow_schema::DataType;
use lymer_decode::schema::SPAN_SCHEMA;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};

/// Columns of THE schema, immutable.
#[pyclass(frozen, module = "lymer._native")]
pub struct Batch {
    /// The columns.
    pub columns: RecordBatch,
    /// The rows whose text was not UTF-8 when they were decoded, ascending.
    pub repaired_rows: Vec<u32>,
}

impl From<RecordBatch> for Batch {
    fn from(columns: RecordBatch) -> Self {
        Self {
            columns,
            repaired_rows: Vec::new(),
        }
    }
}

#[pymethods]
impl Batch {
    /// The columns of anything that hands out a record batch of THE schema.
    #[staticmethod]
    fn from_arrow(source: &Bound<'_, PyAny>) -> PyResult<Self> {
        let columns = import_record_batch(source)?;
        if columns.schema().fields() != SPAN_SCHEMA.fields() {
            return Err(PyValueError::new_err("not the span schema"));
        }
        let columns = RecordBatch::try_new(SPAN_SCHEMA.clone(), columns.columns().to_vec())
            .map_err(arrow_error)?;
        Ok(columns.into())
    }

    #[getter]
    fn num_rows(&self) -> usize {
        self.columns.num_rows()
    }

    #[getter]
    fn repaired_rows(&self) -> Vec<u32> {
        self.repaired_rows.clone()
    }

    #[getter]
    fn nbytes(&self) -> usize {
        self.columns.get_array_memory_size()
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

/// Hand a record batch out as (schema capsule, array capsule).
pub fn export_record_batch<'py>(
    py: Python<'py>,
    columns: &RecordBatch,
) -> PyResult<Bound<'py, PyTuple>> {
    let data = StructArray::from(columns.clone()).to_data();
    let (array, _) = to_ffi(&data).map_err(arrow_error)?;
    let schema = FFI_ArrowSchema::try_from(columns.schema().as_ref()).map_err(arrow_error)?;
    let schema = PyCapsule::new_with_value(py, schema, c"arrow_schema")?;
    let array = PyCapsule::new_with_value(py, array, c"arrow_array")?;
    PyTuple::new(py, [schema, array])
}

/// Take a record batch in from anything with `__arrow_c_array__`.
pub fn import_record_batch(source: &Bound<'_, PyAny>) -> PyResult<RecordBatch> {
    let capsules = source.call_method0("__arrow_c_array__")?;
    let (schema, array): (Bound<'_, PyCapsule>, Bound<'_, PyCapsule>) = capsules.extract()?;
    let schema = pointer::<FFI_ArrowSchema>(&schema, c"arrow_schema")?;
    let array = pointer::<FFI_ArrowArray>(&array, c"arrow_array")?;
    // SAFETY: the capsules' names promise these types; the producer keeps the schema alive as long as its capsule, which
    // we hold; `from_raw` moves the array out and leaves a released one behind, as the interface demands.
    let (schema, array) = unsafe { (&*schema, FFI_ArrowArray::from_raw(array)) };
    let fields = match DataType::try_from(schema).map_err(arrow_error)? {
        DataType::Struct(fields) => fields,
        other => {
            return Err(PyTypeError::new_err(format!(
                "a record batch is a struct, not {other}"
            )));
        }
    };
    // SAFETY: array and type come from the same producer, which vouches for them by the interface.
    let data =
        unsafe { from_ffi_and_data_type(array, DataType::Struct(fields)) }.map_err(arrow_error)?;
    data.validate_full().map_err(arrow_error)?;
    Ok(RecordBatch::from(StructArray::from(data)))
}

fn pointer<T>(capsule: &Bound<'_, PyCapsule>, name: &std::ffi::CStr) -> PyResult<*mut T> {
    Ok(capsule.pointer_checked(Some(name))?.as_ptr().cast())
}

/// An Arrow error as Python's ValueError.
pub fn arrow_error(error: arrow_schema::ArrowError) -> PyErr {
    PyValueError::new_err(error.to_string())
}
