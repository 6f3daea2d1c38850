"""Jaeger's protobuf: what upb writes is read as the oracle says; what we write upb reads, and it says the same."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

import pytest
from google.protobuf.message import DecodeError as ProtobufDecodeError

from lymer.component.errors import DecodeError
from lymer.wire.codecs import decode
from lymer.wire.jaeger_json import encode_jaeger_json
from lymer.wire.jaeger_proto import FORMAT, decode_jaeger_proto, encode_post_spans_request, encode_spans_chunk
from lymer.wire.otlp_proto import decode_otlp_proto
from tests.wire import jaeger_examples
from tests.wire.descriptors import JAEGER
from tests.wire.jaeger_oracle import expected
from tests.wire.otlp_examples import example
from tests.wire.otlp_oracle import refusals_of, rows_of
from tests.wire.test_otlp_damage import _mutated

NANOS = 1_000_000_000


@pytest.mark.parametrize("seed", range(15))
def test_a_request_is_read_as_the_oracle_says(seed: int) -> None:
    for turn in range(10):
        batch = _batch(random.Random(seed * 100 + turn))
        decoded = decode_jaeger_proto(_request(batch).SerializeToString())
        rows, refused = expected(batch)
        assert rows_of(decoded.batch) == rows
        assert refusals_of(decoded) == refused


@pytest.mark.parametrize("seed", range(30))
def test_what_we_write_we_read_as_the_same_rows(seed: int) -> None:
    batch = _sensible(_batch(random.Random(seed)))
    first = decode_jaeger_proto(_request(batch).SerializeToString()).batch
    again = decode_jaeger_proto(encode_post_spans_request(first)).batch
    assert [_unordered(row) for row in rows_of(again)] == [_unordered(row) for row in rows_of(first)]


@pytest.mark.parametrize("seed", range(10))
def test_upb_reads_what_we_write_of_any_otlp(seed: int) -> None:
    batch = decode_otlp_proto(example(random.Random(seed), spans=6).SerializeToString()).batch
    chunk = JAEGER["SpansResponseChunk"].FromString(encode_spans_chunk(batch))
    shown = [span for trace in encode_jaeger_json(batch) for span in json.loads(trace)["spans"]]
    assert len(chunk.spans) == len(shown) == len(batch)
    by_id = {span["spanID"]: span for span in shown}
    for span in chunk.spans:
        _same_as_shown(span, by_id[span.span_id.hex()])


def test_warnings_come_in_and_go_out_as_warnings() -> None:
    span = JAEGER["Span"](trace_id=b"t" * 16, span_id=b"s" * 8, warnings=[b"clock skew", b"late"])
    request = JAEGER["PostSpansRequest"](batch=JAEGER["Batch"](spans=[span]))
    batch = decode_jaeger_proto(request.SerializeToString()).batch
    assert json.loads(encode_jaeger_json(batch)[0])["spans"][0]["warnings"] == ["clock skew", "late"]
    back = JAEGER["SpansResponseChunk"].FromString(encode_spans_chunk(batch)).spans[0]
    assert (list(back.warnings), len(back.tags)) == ([b"clock skew", b"late"], 0)


def test_a_client_of_jaeger_gets_its_process_back_as_it_was() -> None:
    tags = [("hostname", "STRING", "h"), ("jaeger.version", "STRING", "Go-2.30.0"), ("ip", "STRING", "10.0.0.1")]
    batch = {"process": {"service_name": "s", "tags": tags}, "spans": [_plain_span()]}
    decoded = decode_jaeger_proto(_request(batch).SerializeToString()).batch
    assert rows_of(decoded)[0]["resource_attributes"] == (
        '{"service.name":"s","host.name":"h","opencensus.exporterversion":"Jaeger-Go-2.30.0","ip":"10.0.0.1"}'
    )
    process = json.loads(encode_jaeger_json(decoded)[0])["processes"]["p1"]
    assert [(tag["key"], tag["value"]) for tag in process["tags"]] == [(key, value) for key, _, value in tags]
    back = JAEGER["SpansResponseChunk"].FromString(encode_spans_chunk(decoded)).spans[0].process
    assert [tag.key.decode() for tag in back.tags] == [key for key, _, _ in tags]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"trace_id": b""}, "trace id must be 16 bytes, not zero"),
        ({"trace_id": b"t" * 15}, "trace id must be 16 bytes, not zero"),
        ({"span_id": b"s" * 7}, "span id must be 8 bytes, not zero"),
        ({"start_time": {"seconds": 2**40}}, "start time must be before the year 2262"),
        ({"duration": {"seconds": 2**40}}, "end time must be before the year 2262"),
        ({"logs": [{"timestamp": {"seconds": 2**40}}]}, "event time must be before the year 2262"),
        ({"references": [{"trace_id": b"t"}]}, "link trace id must be 16 bytes or absent"),
        ({"references": [{"span_id": b"t"}]}, "link span id must be 8 bytes or absent"),
    ],
)
def test_a_span_that_cannot_be_kept_is_refused_alone(fields: dict[str, Any], reason: str) -> None:
    good: dict[str, Any] = {"trace_id": b"t" * 16, "span_id": b"s" * 8}
    spans = [good, good | fields, good]
    request = JAEGER["PostSpansRequest"](batch={"spans": spans})
    decoded = decode_jaeger_proto(request.SerializeToString())
    assert (len(decoded.batch), refusals_of(decoded)) == (2, Counter({reason: 1}))


def test_a_trace_id_of_8_bytes_has_an_upper_half_of_zeros() -> None:
    request = JAEGER["PostSpansRequest"](batch={"spans": [{"trace_id": b"t" * 8, "span_id": b"s" * 8}]})
    row = rows_of(decode_jaeger_proto(request.SerializeToString()).batch)[0]
    assert row["trace_id"] == bytes(8) + b"t" * 8


def test_nanoseconds_are_kept() -> None:
    span = {
        "trace_id": b"t" * 16,
        "span_id": b"s" * 8,
        "start_time": {"seconds": 5, "nanos": 7},
        "duration": {"nanos": 9},
    }
    request = JAEGER["PostSpansRequest"](batch={"spans": [span]})
    batch = decode_jaeger_proto(request.SerializeToString()).batch
    row = rows_of(batch)[0]
    assert (row["start_time_unix_nano"], row["duration_nano"]) == (5 * NANOS + 7, 9)
    back = JAEGER["SpansResponseChunk"].FromString(encode_spans_chunk(batch)).spans[0]
    assert (back.start_time.seconds, back.start_time.nanos, back.duration.nanos) == (5, 7, 9)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_mutations_are_refused_exactly_when_upb_refuses_them(seed: int) -> None:
    rnd = random.Random(seed)
    payloads = [_request(_batch(rnd, spans=3)).SerializeToString() for _ in range(20)]
    for _ in range(4000):
        payload = _mutated(rnd, rnd.choice(payloads), rnd.choice(payloads))
        try:
            JAEGER["PostSpansRequest"].FromString(payload)
        except ProtobufDecodeError:
            with pytest.raises(DecodeError):
                decode_jaeger_proto(payload)
        else:
            encode_spans_chunk(decode_jaeger_proto(payload).batch)


def test_the_log_can_decode_what_it_stored() -> None:
    decoded = decode_jaeger_proto(_request(_batch(random.Random(3))).SerializeToString())
    payload = decoded.batch.payload
    assert payload is not None
    assert payload.format == FORMAT
    assert rows_of(decode(payload.format, payload.data).batch) == rows_of(decoded.batch)


def _batch(rnd: random.Random, spans: int = 10) -> jaeger_examples.Batch:
    """Some spans with a process of their own; times that a Timestamp and a Duration can say."""
    batch = jaeger_examples.batch(rnd, spans)
    for span in batch["spans"]:
        if rnd.random() < 0.4:
            span["process"] = {"service_name": rnd.choice(["db", "frontend"]), "tags": jaeger_examples.tags(rnd, 2)}
        # Parents are references here.
        span["parent_span_id"] = 0
    return batch


def _sensible(batch: jaeger_examples.Batch) -> jaeger_examples.Batch:
    """Each key and each reference once, and a name of the process: what else there is Jaeger's model says otherwise."""
    batch["process"] = _named(batch["process"])
    for span in batch["spans"]:
        if "process" in span:
            span["process"] = _named(span["process"])
        span["tags"] = list({key: (key, kind, value) for key, kind, value in span["tags"]}.values())
        span["references"] = list({one["span_id"]: one for one in span["references"] if one["span_id"]}.values())
        for log in span["logs"]:
            log["fields"] = list({key: (key, kind, value) for key, kind, value in log["fields"]}.values())
    return batch


def _named(process: dict[str, Any]) -> dict[str, Any]:
    tags = {key: (key, kind, value) for key, kind, value in process["tags"] if key != "host.name"}
    return {"service_name": process["service_name"] or "unnamed", "tags": list(tags.values())}


def _plain_span() -> dict[str, Any]:
    span = jaeger_examples.span(random.Random(1), 5)
    return span | {"trace_id": 5, "span_id": 6, "start": 1, "logs": []}


def _request(batch: jaeger_examples.Batch) -> Any:
    spans = [_span(span) for span in batch["spans"]]
    return JAEGER["PostSpansRequest"](batch={"spans": spans, "process": _process(batch["process"])})


def _process(process: dict[str, Any]) -> dict[str, Any]:
    return {"service_name": process["service_name"].encode(), "tags": [_tag(tag) for tag in process["tags"]]}


def _span(span: dict[str, Any]) -> dict[str, Any]:
    message = {
        "trace_id": span["trace_id"].to_bytes(16, "big"),
        "span_id": span["span_id"].to_bytes(8, "big"),
        "operation_name": span["name"].encode(),
        "references": [
            {
                "trace_id": one["trace_id"].to_bytes(16, "big"),
                "span_id": one["span_id"].to_bytes(8, "big"),
                "ref_type": int(one["type"] == "FOLLOWS_FROM"),
            }
            for one in span["references"]
        ],
        "flags": span["flags"],
        "start_time": _time(span["start"]),
        "duration": _time(span["duration"]),
        "tags": [_tag(tag) for tag in span["tags"]],
        "logs": [
            {"timestamp": _time(log["timestamp"]), "fields": [_tag(tag) for tag in log["fields"]]}
            for log in span["logs"]
        ],
    }
    if span.get("process"):
        message["process"] = _process(span["process"])
    return message


def _time(micros: int) -> dict[str, int]:
    return {"seconds": micros // 1_000_000, "nanos": micros % 1_000_000 * 1000}


def _tag(tag: jaeger_examples.Tag) -> dict[str, Any]:
    key, kind, value = tag
    number, field = {
        "STRING": (0, "v_str"),
        "BOOL": (1, "v_bool"),
        "LONG": (2, "v_int64"),
        "DOUBLE": (3, "v_float64"),
        "BINARY": (4, "v_binary"),
    }[kind]
    return {"key": key.encode(), "v_type": number, field: value.encode() if isinstance(value, str) else value}


def _unordered(row: dict[str, Any]) -> dict[str, Any]:
    """Tags that mean something come back at the end; a status says so twice; the parent stands first."""
    return row | {
        "attributes": sorted(map(repr, row["attributes"])),
        "links": sorted(map(repr, row["links"])),
    }


def _same_as_shown(span: Any, shown: dict[str, Any]) -> None:
    """Jaeger's protobuf says what Jaeger's JSON says."""
    assert span.operation_name.decode() == shown["operationName"]
    start_nano = span.start_time.seconds * NANOS + span.start_time.nanos
    assert max(start_nano, 0) // 1000 == shown["startTime"]
    assert [tag.key.decode() for tag in span.tags] == [tag["key"] for tag in shown["tags"]]
    kinds = ["string", "bool", "int64", "float64", "binary"]
    assert [kinds[tag.v_type] for tag in span.tags] == [tag["type"] for tag in shown["tags"]]
    assert [(["CHILD_OF", "FOLLOWS_FROM"][one.ref_type], one.span_id.hex()) for one in span.references] == [
        (one["refType"], one["spanID"]) for one in shown["references"]
    ]
    assert [[field.key.decode() for field in log.fields] for log in span.logs] == [
        [field["key"] for field in log["fields"]] for log in shown["logs"]
    ]
