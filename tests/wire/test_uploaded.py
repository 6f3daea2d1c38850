"""Files that people drop: told apart by what they look like, decoded as their format says."""

from __future__ import annotations

import json

import pytest

from lymer.component.errors import DecodeError
from lymer.conformance.spans import batch, event, link, span, to_rows
from lymer.model.batch import SpanBatch
from lymer.wire.jaeger_json import encode_jaeger_json
from lymer.wire.otlp_json import encode_otlp_json
from lymer.wire.uploaded import decode_uploaded
from lymer.wire.zipkin_json import encode_zipkin_json

SPANS = batch(
    [
        span(1, 1, service="web", name="GET", kind="server", duration=5_000, attributes={"n": 1, "d": 1.5, "b": True}),
        span(
            1, 2, 1, service="cart", name="add", start=1_000, status="error", events=[event("log", 1_000, {"k": "v"})]
        ),
        span(1, 3, 9, service="cart", name="lost", links=[link(7, 7)], attributes={"bytes": b"\x00\xff"}),
    ]
)
[TRACE] = encode_jaeger_json(SPANS)
OTLP = encode_otlp_json(SPANS)
[ZIPKIN] = encode_zipkin_json(SPANS)


def named(spans: SpanBatch):
    return sorted((row["service_name"], row["name"], row["span_id"][-1]) for row in to_rows(spans))


@pytest.mark.parametrize(
    ("payload", "format_name"),
    [
        (b'{"data":[' + TRACE + b"]}", "jaeger"),
        (b"[" + TRACE + b"]", "jaeger"),
        (TRACE, "jaeger"),
        (TRACE + b"\n" + b'{"data":[' + TRACE + b"]}\n", "jaeger"),
        (OTLP, "otlp"),
        (OTLP + b"\n\n" + OTLP + b"\n", "otlp"),
        (ZIPKIN, "zipkin"),
        (b"[" + ZIPKIN + b"]", "zipkin"),
    ],
)
def test_each_format_is_known_by_its_looks(payload, format_name):
    found, spans = decode_uploaded(payload)
    assert found == format_name
    assert set(named(spans)) == set(named(SPANS))


def test_zipkin_version_1():
    old = [
        {
            "traceId": f"{1:016x}",
            "id": f"{2:016x}",
            "name": "get",
            "annotations": [
                {"timestamp": 1, "value": "sr", "endpoint": {"serviceName": "web"}},
                {"timestamp": 5, "value": "ss", "endpoint": {"serviceName": "web"}},
            ],
        }
    ]
    found, spans = decode_uploaded(json.dumps(old).encode())
    assert (found, named(spans)) == ("zipkin", [("web", "get", 2)])


def test_what_jaeger_writes_is_read_and_written_the_same():
    _, read = decode_uploaded(TRACE)
    [again] = encode_jaeger_json(read)
    assert _comparable(again) == _comparable(TRACE)


def _comparable(trace: bytes):
    """Without what Jaeger's form leaves open: how processes are numbered, what ties the tags' order."""
    document = json.loads(trace)
    processes = document.pop("processes")
    for item in document["spans"]:
        item["process"] = processes[item.pop("processID")]
        for tags in (item["tags"], item["process"]["tags"], *(log["fields"] for log in item["logs"])):
            tags.sort(key=json.dumps)
    return document


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"nonsense",
        b"[]",
        b"{}",
        b'{"data":[]}x',
        b'{"data":[{"spans":[{"traceID":"x","spanID":"1"}]}]}',
        b'{"data":[{"spans":[{"traceID":"1","spanID":"1","tags":[{"key":"a","type":"int64","value":"x"}]}]}]}',
        b'{"resourceSpans":[]}',
        b'[{"traceId":"zz"}]',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_anything_else_is_refused(payload):
    with pytest.raises(DecodeError):
        decode_uploaded(payload)


def test_times_are_exact():
    start = 1_795_251_602_123_457
    trace = {"spans": [{"traceID": "1", "spanID": "2", "startTime": start, "duration": 3.5, "processID": "p"}]}
    _, spans = decode_uploaded(json.dumps(trace).encode())
    [row] = to_rows(spans)
    assert (row["start_time_unix_nano"], row["duration_nano"]) == (start * 1000, 3500)
