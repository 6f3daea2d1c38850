"""Jaeger's v1 UI JSON: what Jaeger's own translator makes of OTLP spans."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from lymer.model.attributes import read_bag
from lymer.model.batch import SpanBatch
from lymer.wire.jaeger_json import encode_jaeger_json, jaeger_json_pieces
from lymer.wire.otlp_proto import decode_otlp_proto
from tests.wire.otlp_examples import NOW_NANO, example
from tests.wire.otlp_oracle import rows_of

TRACE_ID, SPAN_ID, PARENT_ID = b"t" * 16, b"s" * 8, b"p" * 8


def batch_of(*spans: Span, service: str = "cart", **resource: str) -> SpanBatch:
    request = ExportTraceServiceRequest()
    _add(request, spans, service, resource)
    return decode_otlp_proto(request.SerializeToString()).batch


def _add(request: ExportTraceServiceRequest, spans: tuple[Span, ...], service: str, resource: dict[str, str]) -> None:
    resource_spans = request.resource_spans.add()
    for key, value in {"service.name": service, **resource}.items():
        resource_spans.resource.attributes.add(key=key).value.string_value = value
    resource_spans.scope_spans.add().spans.extend(spans)


def span(**fields: Any) -> Span:
    defaults = {
        "trace_id": TRACE_ID,
        "span_id": SPAN_ID,
        "start_time_unix_nano": NOW_NANO,
        "end_time_unix_nano": NOW_NANO + 2500,
    }
    return Span(**(defaults | fields))


def only_span(**fields: Any) -> dict[str, Any]:
    [trace] = encode_jaeger_json(batch_of(span(**fields)))
    [found] = json.loads(trace)["spans"]
    return found  # type: ignore[no-any-return]


def pair(key: str, **value: Any) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(**value))


def tag(key: str, kind: str, value: Any) -> dict[str, Any]:
    return {"key": key, "type": kind, "value": value}


def test_a_trace_is_the_object_that_jaeger_sends() -> None:
    [trace] = encode_jaeger_json(batch_of(span(name="GET /", parent_span_id=PARENT_ID), **{"host.name": "h1"}))
    assert json.loads(trace) == {
        "traceID": "74" * 16,
        "spans": [
            {
                "traceID": "74" * 16,
                "spanID": "73" * 8,
                "operationName": "GET /",
                "references": [{"refType": "CHILD_OF", "traceID": "74" * 16, "spanID": "70" * 8}],
                "startTime": NOW_NANO // 1000,
                "duration": 2,
                "tags": [],
                "logs": [],
                "processID": "p1",
                "warnings": None,
            }
        ],
        "processes": {"p1": {"serviceName": "cart", "tags": [tag("host.name", "string", "h1")]}},
        "warnings": None,
    }
    assert list(json.loads(trace)) == ["traceID", "spans", "processes", "warnings"]


def test_every_trace_is_an_object_of_its_own() -> None:
    spans = [span(trace_id=bytes([number]) * 16, span_id=bytes([n + 1]) * 8) for number in (1, 2) for n in range(3)]
    traces = [json.loads(trace) for trace in encode_jaeger_json(batch_of(*spans))]
    assert [(trace["traceID"], len(trace["spans"])) for trace in traces] == [("01" * 16, 3), ("02" * 16, 3)]


def test_ids_of_64_bits_have_16_digits() -> None:
    found = only_span(trace_id=bytes(8) + b"\xab" * 8, parent_span_id=PARENT_ID)
    assert found["traceID"] == "ab" * 8
    assert found["references"][0]["traceID"] == "ab" * 8


def test_attributes_have_the_types_of_jaeger() -> None:
    found = only_span(
        attributes=[
            pair("s", string_value="x"),
            pair("b", bool_value=True),
            pair("i", int_value=-42),
            pair("exact", int_value=2**53 - 1),
            pair("big", int_value=2**53),
            pair("low", int_value=-(2**63)),
            pair("d", double_value=1.5),
            pair("whole", double_value=2.0),
            pair("nan", double_value=float("nan")),
            pair("raw", bytes_value=b"\x00\xff"),
            pair("list", array_value=ArrayValue(values=[AnyValue(int_value=1), AnyValue(string_value="a")])),
            pair("map", kvlist_value=KeyValueList(values=[pair("k", bool_value=False)])),
            KeyValue(key="nothing"),
        ]
    )
    assert found["tags"] == [
        tag("s", "string", "x"),
        tag("b", "bool", True),
        tag("i", "int64", -42),
        tag("exact", "int64", 2**53 - 1),
        tag("big", "int64", str(2**53)),
        tag("low", "int64", str(-(2**63))),
        tag("d", "float64", 1.5),
        tag("whole", "float64", 2),
        tag("nan", "float64", "NaN"),
        tag("raw", "binary", "AP8="),
        tag("list", "string", '[1,"a"]'),
        tag("map", "string", '{"k":false}'),
        tag("nothing", "string", ""),
    ]


def test_what_jaeger_has_no_fields_for_becomes_tags() -> None:
    request = ExportTraceServiceRequest()
    _add(request, (span(kind=3, status=Status(code=2, message="boom"), trace_state="a=b", flags=0x301),), "cart", {})
    scope = request.resource_spans[0].scope_spans[0].scope
    scope.name, scope.version = "lib", "1.0"
    request.resource_spans[0].scope_spans[0].spans[0].attributes.append(pair("own", int_value=1))
    [trace] = encode_jaeger_json(decode_otlp_proto(request.SerializeToString()).batch)
    found = json.loads(trace)["spans"][0]
    assert found["flags"] == 1
    assert found["tags"] == [
        tag("otel.scope.name", "string", "lib"),
        tag("otel.scope.version", "string", "1.0"),
        tag("own", "int64", 1),
        tag("span.kind", "string", "client"),
        tag("otel.status_code", "string", "ERROR"),
        tag("error", "bool", True),
        tag("otel.status_description", "string", "boom"),
        tag("w3c.tracestate", "string", "a=b"),
    ]


@pytest.mark.parametrize(
    ("kind", "name"), [(1, "internal"), (2, "server"), (3, "client"), (4, "producer"), (5, "consumer")]
)
def test_the_kind_is_a_tag(kind: int, name: str) -> None:
    assert only_span(kind=kind)["tags"] == [tag("span.kind", "string", name)]


def test_a_status_of_ok_is_told() -> None:
    assert only_span(status=Status(code=1))["tags"] == [tag("otel.status_code", "string", "OK")]


def test_links_are_references() -> None:
    child_of = [pair("opentracing.ref_type", string_value="child_of")]
    found = only_span(
        parent_span_id=PARENT_ID,
        links=[
            Span.Link(trace_id=b"u" * 16, span_id=b"1" * 8),
            Span.Link(trace_id=TRACE_ID, span_id=b"2" * 8, attributes=child_of),
        ],
    )
    assert [(ref["refType"], ref["traceID"], ref["spanID"]) for ref in found["references"]] == [
        ("CHILD_OF", "74" * 16, "70" * 8),
        ("FOLLOWS_FROM", "75" * 16, "31" * 8),
        ("CHILD_OF", "74" * 16, "32" * 8),
    ]


def test_a_link_to_the_parent_only_says_the_kind_of_reference() -> None:
    found = only_span(parent_span_id=PARENT_ID, links=[Span.Link(trace_id=TRACE_ID, span_id=PARENT_ID)])
    assert [(ref["refType"], ref["spanID"]) for ref in found["references"]] == [("FOLLOWS_FROM", "70" * 8)]


def test_events_are_logs() -> None:
    found = only_span(
        events=[
            Span.Event(time_unix_nano=NOW_NANO + 1500, name="exception", attributes=[pair("n", int_value=1)]),
            Span.Event(name="name", attributes=[pair("event", string_value="own")]),
            Span.Event(
                attributes=[
                    pair("raw", bytes_value=b"x"),
                    pair("m", kvlist_value=KeyValueList(values=[pair("$bytes", bool_value=True)])),
                ]
            ),
        ]
    )
    assert found["logs"] == [
        {"timestamp": NOW_NANO // 1000 + 1, "fields": [tag("event", "string", "exception"), tag("n", "int64", 1)]},
        {"timestamp": 0, "fields": [tag("event", "string", "own")]},
        {"timestamp": 0, "fields": [tag("raw", "binary", "eA=="), tag("m", "string", '{"$$bytes":true}')]},
    ]


def test_processes_are_numbered_as_they_appear() -> None:
    request = ExportTraceServiceRequest()
    for number, service in enumerate(["a", "b", "a"]):
        _add(request, (span(span_id=bytes([number + 1]) * 8),), service, {})
    _add(request, (span(span_id=b"z" * 8),), "a", {"host.name": "other"})
    [trace] = encode_jaeger_json(decode_otlp_proto(request.SerializeToString()).batch)
    found = json.loads(trace)
    assert [item["processID"] for item in found["spans"]] == ["p1", "p2", "p1", "p3"]
    assert [process["serviceName"] for process in found["processes"].values()] == ["a", "b", "a"]


def test_a_negative_duration_is_none() -> None:
    assert only_span(start_time_unix_nano=9000, end_time_unix_nano=1000)["duration"] == 0


@pytest.mark.parametrize("seed", range(5))
def test_every_attribute_of_random_spans_is_there_in_order(seed: int) -> None:
    batch = decode_otlp_proto(example(random.Random(seed), spans=12).SerializeToString()).batch
    spans = [span for trace in encode_jaeger_json(batch) for span in json.loads(trace)["spans"]]
    for found, row in zip(spans, rows_of(batch), strict=True):
        assert found["operationName"] == row["name"]
        assert [item["key"] for item in found["tags"] if item["key"] in {a["key"] for a in row["attributes"]}] == [
            item["key"] for item in row["attributes"]
        ]
        for log, event in zip(found["logs"], row["events"], strict=True):
            keys = [key for key, _ in read_bag(event["attributes"])]
            assert [field["key"] for field in log["fields"]][-len(keys) or len(log["fields"]) :] == keys


def test_pretty_is_what_go_indents() -> None:
    batch = decode_otlp_proto(example(random.Random(7), spans=9).SerializeToString()).batch
    for compact, pretty in zip(encode_jaeger_json(batch), encode_jaeger_json(batch, pretty=True), strict=True):
        assert pretty.decode() == json.dumps(json.loads(compact), indent=4, ensure_ascii=False)


@pytest.mark.slow
def test_a_trace_of_ten_thousand_spans_takes_at_most_30_ms() -> None:
    request = ExportTraceServiceRequest()
    attributes = [pair(f"key.{n}", string_value=f"some value {n}") for n in range(6)] + [
        pair("n", int_value=200),
        pair("m", double_value=1.25),
    ]
    spans = tuple(
        span(span_id=n.to_bytes(8, "big"), name="GET /", kind=2, attributes=attributes) for n in range(1, 10_001)
    )
    _add(request, spans, "cart", {})
    batch = decode_otlp_proto(request.SerializeToString()).batch
    best_s = min(_cpu_s(batch) for _ in range(5))
    assert best_s <= 0.030


def _cpu_s(batch: SpanBatch) -> float:
    begun_s = time.thread_time()
    encode_jaeger_json(batch)
    return time.thread_time() - begun_s


@pytest.mark.parametrize("span_count", [1, 2, 3, 100])
def test_pieces_are_together_the_text_of_all_traces(span_count: int) -> None:
    request = ExportTraceServiceRequest()
    for number, service in enumerate(["cart", "pay", "cart", "cart", "mail", "pay", "pay"]):
        trace_id = bytes([number // 3 + 1]) * 16
        _add(request, (span(trace_id=trace_id, span_id=bytes([number + 1]) * 8),), service, {})
    batch = decode_otlp_proto(request.SerializeToString()).batch
    assert b"".join(jaeger_json_pieces(batch, span_count)) == b",".join(encode_jaeger_json(batch))
    assert not list(jaeger_json_pieces(SpanBatch.empty(), span_count))
