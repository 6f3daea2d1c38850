//! Bytes to columns and back, for `lymer.wire`.

use crate::batch::Batch;
use crate::payload::payload;
use lymer_decode::{otlp_decode, otlp_encode};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Spans of an ExportTraceServiceRequest; and (reason, count) of the spans that were refused.
#[pyfunction]
#[pyo3(name = "decode_otlp_proto")]
pub fn decode_otlp_proto(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
) -> PyResult<(Batch, Vec<(&'static str, usize)>)> {
    let payload = payload(source)?;
    let decoded = py
        .detach(|| otlp_decode::decode(&payload))
        .map_err(|error| PyValueError::new_err(error.reason))?;
    let refused = decoded
        .refused
        .iter()
        .map(|(refusal, count)| (refusal.reason(), *count))
        .collect();
    Ok((
        Batch {
            columns: decoded.columns,
        },
        refused,
    ))
}

/// The batch as TracesData / ExportTraceServiceRequest, grouped by resource and scope in row order.
#[pyfunction]
pub fn encode_otlp_proto<'py>(py: Python<'py>, batch: &Batch) -> PyResult<Bound<'py, PyBytes>> {
    let encoded = py
        .detach(|| otlp_encode::encode(&batch.columns))
        .map_err(PyValueError::new_err)?;
    Ok(PyBytes::new(py, &encoded))
}

/// XXH3-64 of the bytes.
#[pyfunction]
pub fn checksum(py: Python<'_>, source: &Bound<'_, PyAny>) -> PyResult<u64> {
    let data = payload(source)?;
    Ok(py.detach(|| xxhash_rust::xxh3::xxh3_64(&data)))
}
