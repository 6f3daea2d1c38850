//! Jaeger's and Zipkin's bytes to columns and back, for `lymer.wire`.

use crate::batch::Batch;
use crate::payload::payload;
use lymer_decode::jaeger_thrift_decode::ClientReport;
use lymer_decode::otlp_decode::{DecodeError, Decoded};
use lymer_decode::{
    jaeger_datagrams, jaeger_proto_decode, jaeger_proto_encode, jaeger_thrift_decode,
    zipkin_json_decode, zipkin_json_encode, zipkin_proto_decode, zipkin_thrift_decode,
    zipkin_v1_json_decode,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// (reason, count) of the spans that were refused.
type Refused = Vec<(&'static str, usize)>;

type Answer = (Batch, Refused);

/// Spans of a Jaeger Batch in Thrift, bare or in a message, binary or compact.
#[pyfunction]
pub fn decode_jaeger_thrift(py: Python<'_>, source: &Bound<'_, PyAny>) -> PyResult<Answer> {
    decode(py, source, jaeger_thrift_decode::decode)
}

/// (client, number of the batch, spans lost by a full queue, as too large, in sending).
type Report = (String, i64, i64, i64, i64);

/// Spans of datagrams of the agent, each behind its length; why datagrams were not read; what clients say of themselves.
#[pyfunction]
pub fn decode_jaeger_datagrams(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
) -> PyResult<(Batch, Refused, Vec<String>, Vec<Report>)> {
    let payload = payload(source)?;
    let found = py
        .detach(|| jaeger_datagrams::decode(&payload))
        .map_err(|error| PyValueError::new_err(error.reason))?;
    let (columns, refused) = answer(found.decoded);
    let reports = found.reports.into_iter().map(report).collect();
    Ok((columns, refused, found.broken, reports))
}

fn report(found: ClientReport) -> Report {
    let ClientReport {
        client,
        sequence,
        full_queue,
        too_large,
        failed,
    } = found;
    (client, sequence, full_queue, too_large, failed)
}

/// Spans of a PostSpansRequest.
#[pyfunction]
pub fn decode_jaeger_proto(py: Python<'_>, source: &Bound<'_, PyAny>) -> PyResult<Answer> {
    decode(py, source, jaeger_proto_decode::decode)
}

/// Spans of Zipkin's JSON, version 2.
#[pyfunction]
pub fn decode_zipkin_json(py: Python<'_>, source: &Bound<'_, PyAny>) -> PyResult<Answer> {
    decode(py, source, zipkin_json_decode::decode)
}

/// Spans of Zipkin's JSON, version 1.
#[pyfunction]
pub fn decode_zipkin_v1_json(py: Python<'_>, source: &Bound<'_, PyAny>) -> PyResult<Answer> {
    decode(py, source, zipkin_v1_json_decode::decode)
}

/// Spans of Zipkin's Thrift, version 1: a bare list in the binary protocol.
#[pyfunction]
pub fn decode_zipkin_thrift(py: Python<'_>, source: &Bound<'_, PyAny>) -> PyResult<Answer> {
    decode(py, source, zipkin_thrift_decode::decode)
}

/// Spans of Zipkin's protobuf, version 2: a ListOfSpans.
#[pyfunction]
pub fn decode_zipkin_proto(py: Python<'_>, source: &Bound<'_, PyAny>) -> PyResult<Answer> {
    decode(py, source, zipkin_proto_decode::decode)
}

/// The spans as Jaeger's protobuf: a SpansResponseChunk, or a Batch.
#[pyfunction]
pub fn encode_jaeger_proto<'py>(py: Python<'py>, batch: &Batch) -> PyResult<Bound<'py, PyBytes>> {
    let encoded = py
        .detach(|| jaeger_proto_encode::encode(&batch.columns))
        .map_err(PyValueError::new_err)?;
    Ok(PyBytes::new(py, &encoded))
}

/// Zipkin's JSON, version 2: a list of spans for each trace of the batch.
#[pyfunction]
pub fn encode_zipkin_json<'py>(
    py: Python<'py>,
    batch: &Batch,
) -> PyResult<Vec<Bound<'py, PyBytes>>> {
    let traces = py
        .detach(|| zipkin_json_encode::encode(&batch.columns))
        .map_err(PyValueError::new_err)?;
    Ok(traces.iter().map(|trace| PyBytes::new(py, trace)).collect())
}

fn decode(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    decoder: fn(&[u8]) -> Result<Decoded, DecodeError>,
) -> PyResult<Answer> {
    let payload = payload(source)?;
    let decoded = py
        .detach(|| decoder(&payload))
        .map_err(|error| PyValueError::new_err(error.reason))?;
    Ok(answer(decoded))
}

fn answer(decoded: Decoded) -> Answer {
    let refused = decoded
        .refused
        .iter()
        .map(|(refusal, count)| (refusal.reason(), *count))
        .collect();
    let batch = Batch {
        columns: decoded.columns,
        repaired_rows: decoded.repaired_rows,
    };
    (batch, refused)
}
