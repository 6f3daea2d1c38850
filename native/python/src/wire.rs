//! Bytes to columns and back, for `lymer.wire`.

use crate::batch::Batch;
use crate::payload::payload;
use lymer_decode::json_reader::Broken;
use lymer_decode::utf8::repairs;
use lymer_decode::{
    jaeger_json, json_writer, limits, otlp_decode, otlp_encode, otlp_json_decode, otlp_json_encode,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Spans of an ExportTraceServiceRequest; and (reason, count) of the spans that were refused. `is_repaired` says that
/// text was repaired before it became protobuf.
#[pyfunction]
#[pyo3(signature = (source, *, is_repaired = false))]
pub fn decode_otlp_proto(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    is_repaired: bool,
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
    let repaired_rows = if is_repaired {
        (0..decoded.columns.num_rows() as u32).collect()
    } else {
        decoded.repaired_rows
    };
    let columns = decoded.columns;
    Ok((
        Batch {
            columns,
            repaired_rows,
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

/// OTLP JSON (an ExportTraceServiceRequest or TracesData) as OTLP protobuf, and whether its text had to be repaired.
#[pyfunction]
pub fn otlp_json_to_proto<'py>(
    py: Python<'py>,
    source: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyBytes>, bool)> {
    let payload = payload(source)?;
    let (rewritten, is_repaired) = py
        .detach(|| {
            let before = repairs();
            let rewritten = otlp_json_decode::to_protobuf(&payload)?;
            Ok((rewritten, repairs() != before))
        })
        .map_err(|broken: Broken| PyValueError::new_err(broken.to_string()))?;
    Ok((PyBytes::new(py, &rewritten), is_repaired))
}

/// The batch as OTLP JSON: `{"resourceSpans":[...]}`.
#[pyfunction]
pub fn encode_otlp_json<'py>(py: Python<'py>, batch: &Batch) -> PyResult<Bound<'py, PyBytes>> {
    let encoded = py
        .detach(|| otlp_json_encode::encode(&batch.columns))
        .map_err(PyValueError::new_err)?;
    Ok(PyBytes::new(py, &encoded))
}

/// Jaeger's v1 UI JSON: one object for each trace of the batch.
#[pyfunction]
#[pyo3(signature = (batch, *, pretty = false))]
pub fn encode_jaeger_json<'py>(
    py: Python<'py>,
    batch: &Batch,
    pretty: bool,
) -> PyResult<Vec<Bound<'py, PyBytes>>> {
    let traces = py
        .detach(|| jaeger_json::encode(&batch.columns, pretty))
        .map_err(PyValueError::new_err)?;
    Ok(traces.iter().map(|trace| PyBytes::new(py, trace)).collect())
}

/// Compact JSON indented by four blanks a level, as Go's MarshalIndent writes it.
#[pyfunction]
pub fn indent_json<'py>(
    py: Python<'py>,
    source: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    let compact = payload(source)?;
    let indented = py.detach(|| json_writer::indented(&compact));
    Ok(PyBytes::new(py, &indented))
}

/// XXH3-64 of the bytes.
#[pyfunction]
pub fn checksum(py: Python<'_>, source: &Bound<'_, PyAny>) -> PyResult<u64> {
    let data = payload(source)?;
    let sum = || xxhash_rust::xxh3::xxh3_64(&data);
    Ok(unless_quick(py, data.len() <= QUICK_BYTES, sum))
}

/// The oddities of the batch as bits, 0 when there are none.
#[pyfunction]
#[pyo3(signature = (batch, *, name_bytes, attributes, attribute_key_bytes, attribute_value_bytes, events, links, min_start, max_start))]
#[allow(clippy::too_many_arguments)] // Limits have names in Python.
pub fn oddities(
    py: Python<'_>,
    batch: &Batch,
    name_bytes: usize,
    attributes: usize,
    attribute_key_bytes: usize,
    attribute_value_bytes: usize,
    events: usize,
    links: usize,
    min_start: i64,
    max_start: i64,
) -> u32 {
    let limits = limits::Limits {
        name_bytes,
        attributes,
        attribute_key_bytes,
        attribute_value_bytes,
        events,
        links,
        min_start,
        max_start,
    };
    let is_quick = batch.columns.num_rows() <= QUICK_ROWS;
    let found = unless_quick(py, is_quick, || limits::oddities(&batch.columns, &limits));
    if batch.repaired_rows.is_empty() {
        found
    } else {
        found | limits::Oddity::NotUtf8 as u32
    }
}

/// What is hashed within some ten microseconds.
const QUICK_BYTES: usize = 256 << 10;

/// What is looked at within some ten microseconds.
const QUICK_ROWS: usize = 1000;

/// Do the work without Python's lock, unless it is done sooner than the lock is had again from a thread that waits for it.
fn unless_quick<T: Send>(py: Python<'_>, is_quick: bool, work: impl FnOnce() -> T + Send) -> T {
    if is_quick { work() } else { py.detach(work) }
}
