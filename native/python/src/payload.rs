//! Bytes from Python: borrowed when nobody can change them, else copied.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView};
use std::borrow::Cow;

/// The bytes of bytes, a bytearray or a memoryview. A bytearray and a memoryview are copied, because another thread could
/// change them while the GIL is released.
pub fn payload<'a>(source: &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, [u8]>> {
    if let Ok(bytes) = source.cast::<PyBytes>() {
        return Ok(Cow::Borrowed(bytes.as_bytes()));
    }
    if let Ok(bytes) = source.cast::<PyByteArray>() {
        return Ok(Cow::Owned(bytes.to_vec()));
    }
    if source.cast::<PyMemoryView>().is_ok() {
        let bytes = source.call_method0("tobytes")?;
        return Ok(Cow::Owned(bytes.cast::<PyBytes>()?.as_bytes().to_vec()));
    }
    Err(PyTypeError::new_err(
        "bytes, a bytearray or a memoryview of bytes is wanted",
    ))
}
