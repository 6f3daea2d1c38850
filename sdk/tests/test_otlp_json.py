"""OTLP's JSON on the wire and in files, read by protobuf's own JSON reader."""

from __future__ import annotations

import base64
import gzip
import json
import re

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from lymer_sdk import BatchReporter, Resource, TracerProvider
from lymer_sdk.counters import Stats
from lymer_sdk.file_sender import FileSender
from lymer_sdk.http_sender import otlp_sender
from lymer_sdk.otlp import encode_request
from lymer_sdk.otlp_json import encode_json
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.trace import Link, SpanContext, SpanKind, StatusCode, TraceFlags, TraceState

VALUES = st.one_of(
    st.text(max_size=20),
    st.booleans(),
    st.integers(-(1 << 70), 1 << 70),
    st.floats(),
    st.binary(max_size=20),
    st.lists(st.text(max_size=5), max_size=3),
)


def read(text):
    """Ids are hex in OTLP and base64 in protobuf's JSON; everything else is the same."""

    def base64_of(found):
        return f'"{found[1]}":"{base64.b64encode(bytes.fromhex(found[2])).decode()}"'

    return json_format.Parse(
        re.sub(r'"(traceId|spanId|parentSpanId)":"([0-9a-f]+)"', base64_of, text.decode()), ExportTraceServiceRequest()
    )


@given(st.dictionaries(st.text(min_size=1, max_size=8), VALUES, max_size=6))
def test_json_says_what_protobuf_says(attributes):
    ended = []
    resource = Resource({"service.name": "shop", "k": 1}, "https://schema")
    tracer = TracerProvider(resource=resource, report=ended.append).get_tracer("t", "1", "https://s", {"a": True})
    other = SpanContext(5, 6, True, TraceFlags(1), TraceState([("v", "1")]))
    with tracer.start_as_current_span("a", kind=SpanKind.SERVER, links=[Link(other, {"l": 1})]) as span:
        span.set_attributes(attributes)
        span.add_event("e", attributes, 7)
        span.set_status(StatusCode.ERROR, "bad")
        tracer.start_span("b").end()
    expected = ExportTraceServiceRequest.FromString(encode_request(ended, resource))
    assert str(read(encode_json(ended, resource))) == str(expected)


def test_json_and_gzip_over_http(http_receiver):
    stats, resource = Stats(), Resource({"service.name": "shop"})
    http_receiver.answers = [(200, {}, b'{"partialSuccess":{"rejectedSpans":"1"}}')]
    sender = otlp_sender(http_receiver.endpoint, resource, as_json=True, compress=True)
    reporter = BatchReporter(sender, stats)
    TracerProvider(resource=resource, stats=stats, report=reporter.report).get_tracer("t").start_span("s").end()
    assert reporter.flush(5)
    reporter.close()
    request = http_receiver.received[0]
    assert (request.headers["Content-Type"], request.headers["Content-Encoding"]) == ("application/json", "gzip")
    assert read(gzip.decompress(request.body)).resource_spans[0].scope_spans[0].spans[0].name == "s"
    assert stats.dropped_by_receiver == 1


def written(tracer_count, path, **options):
    stats, resource = Stats(), Resource({"service.name": "shop"})
    reporter = BatchReporter(FileSender(path, resource, **options), stats)
    tracer = TracerProvider(resource=resource, stats=stats, report=reporter.report).get_tracer("t")
    for number in range(tracer_count):
        tracer.start_span(f"s{number}").end()
        assert reporter.flush(5)
    reporter.close()
    return stats


def test_a_file_has_a_request_in_each_line(tmp_path):
    path = tmp_path / "traces.jsonl"
    assert written(2, path).reported == 2
    lines = path.read_bytes().splitlines()
    assert [read(line).resource_spans[0].scope_spans[0].spans[0].name for line in lines] == ["s0", "s1"]
    written(1, path)
    assert len(path.read_bytes().splitlines()) == 3


def test_a_file_that_is_full_or_cannot_be_is_counted(tmp_path):
    assert written(2, tmp_path / "small", bytes_max=600).dropped_by_receiver == 1
    assert "No such file" in written(1, tmp_path / "none" / "x").last_error


def test_the_output_is_a_file(capfd):
    written(1, "-")
    assert json.loads(capfd.readouterr().out)["resourceSpans"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_json_has_no_number_for(value):
    ended = []
    tracer = TracerProvider(resource=Resource({}), report=ended.append).get_tracer("t")
    tracer.start_span("s", attributes={"x": float(value)}).end()
    assert f'"doubleValue":"{value}"'.encode() in encode_json(ended, Resource({}))
