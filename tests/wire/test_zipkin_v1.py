"""Zipkin's version 1, in Thrift and in JSON: the rules of Zipkin's own converter, and both forms say the same."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest

from lymer.component.errors import DecodeError
from lymer.wire.codecs import decode
from lymer.wire.jaeger_thrift import decode_jaeger_thrift
from lymer.wire.zipkin_json import decode_zipkin_v1_json, encode_zipkin_json
from lymer.wire.zipkin_thrift import FORMAT, decode_zipkin_thrift
from tests.wire.otlp_oracle import refusals_of, rows_of
from tests.wire.thrift_oracles import WRITERS, signed, write, write_list, zipkin

FRONTEND = {"serviceName": "frontend", "ipv4": "10.0.0.1", "port": 8080}
BACKEND = {"serviceName": "backend", "ipv4": "10.0.0.2", "port": 9000}
DB = {"serviceName": "db", "ipv6": "2001:db8::3", "port": 40000}
SPAN: dict[str, Any] = {"traceId": "1", "id": "2", "parentId": "3", "name": "get"}


def note(timestamp: int, value: str, endpoint: Any = None) -> dict[str, Any]:
    return {"timestamp": timestamp, "value": value, "endpoint": endpoint}


def tag(key: str, value: Any, endpoint: Any = None, type_: str = "STRING") -> dict[str, Any]:
    return {"key": key, "value": value, "endpoint": endpoint, "type": type_}


def as_v2(*spans: dict[str, Any]) -> list[dict[str, Any]]:
    """The spans as we give them back in version 2, read from both forms."""
    from_json = decode_zipkin_v1_json(json.dumps(spans).encode())
    from_thrift = decode_zipkin_thrift(as_thrift(*spans))
    assert rows_of(from_json.batch) == rows_of(from_thrift.batch)
    return [span for trace in encode_zipkin_json(from_json.batch) for span in json.loads(trace)]


def as_thrift(*spans: dict[str, Any]) -> bytes:
    return write_list([_span(span) for span in spans])


def test_a_client_span_has_its_times_and_the_servers_address() -> None:
    span = SPAN | {
        "annotations": [note(100, "cs", FRONTEND), note(120, "ws.sent", FRONTEND), note(150, "cr", FRONTEND)],
        "binaryAnnotations": [tag("http.path", "/a", FRONTEND), tag("sa", True, DB, "BOOL")],
    }
    assert as_v2(span) == [
        {
            "traceId": "0000000000000001",
            "parentId": "0000000000000003",
            "id": "0000000000000002",
            "kind": "CLIENT",
            "name": "get",
            "timestamp": 100,
            "duration": 50,
            "localEndpoint": FRONTEND,
            "remoteEndpoint": DB,
            "annotations": [{"timestamp": 120, "value": "ws.sent"}],
            "tags": {"http.path": "/a"},
        }
    ]


def test_the_spans_own_times_are_stronger_than_annotations() -> None:
    span = SPAN | {
        "timestamp": 90,
        "duration": 70,
        "annotations": [note(100, "cs", FRONTEND), note(150, "cr", FRONTEND)],
    }
    found = as_v2(span)[0]
    assert (found["timestamp"], found["duration"]) == (90, 70)


def test_a_server_span_without_times_has_joined_the_clients() -> None:
    span = SPAN | {
        "annotations": [note(100, "sr", BACKEND), note(150, "ss", BACKEND)],
        "binaryAnnotations": [tag("ca", True, FRONTEND, "BOOL")],
    }
    found = as_v2(span)[0]
    assert (found["kind"], found["timestamp"], found["duration"], found["shared"]) == ("SERVER", 100, 50, True)
    assert found["remoteEndpoint"] == FRONTEND


def test_a_server_span_with_times_is_its_own() -> None:
    span = SPAN | {
        "timestamp": 100,
        "duration": 50,
        "annotations": [note(100, "sr", BACKEND), note(150, "ss", BACKEND)],
    }
    assert "shared" not in as_v2(span)[0]


def test_a_span_of_client_and_server_becomes_two_with_one_id() -> None:
    span = SPAN | {
        "timestamp": 100,
        "duration": 90,
        "annotations": [
            note(100, "cs", FRONTEND),
            note(110, "sr", BACKEND),
            note(140, "working", BACKEND),
            note(160, "ss", BACKEND),
            note(190, "cr", FRONTEND),
        ],
        "binaryAnnotations": [tag("side", "client", FRONTEND), tag("side", "server", BACKEND)],
    }
    client, server = as_v2(span)
    assert client["id"] == server["id"]
    assert (client["kind"], client["timestamp"], client["duration"], client["tags"]["side"]) == (
        "CLIENT", 100, 90, "client",
    )  # fmt: skip
    assert (server["kind"], server["timestamp"], server["duration"], server["tags"]["side"]) == (
        "SERVER", 110, 50, "server",
    )  # fmt: skip
    assert (server["shared"], server["localEndpoint"], "shared" in client) == (True, BACKEND, False)
    assert server["annotations"] == [{"timestamp": 140, "value": "working"}]


def test_a_service_that_calls_itself_is_split_too() -> None:
    span = SPAN | {
        "annotations": [note(at, value, FRONTEND) for at, value in [(1, "cs"), (2, "sr"), (3, "ss"), (4, "cr")]]
    }
    client, server = as_v2(span)
    assert (client["kind"], client["timestamp"], client["duration"]) == ("CLIENT", 1, 3)
    assert (server["kind"], server["timestamp"], server["duration"], server["shared"]) == ("SERVER", 2, 1, True)


def test_a_span_without_its_end_keeps_its_begin() -> None:
    found = as_v2(SPAN | {"annotations": [note(100, "cs", FRONTEND)]})[0]
    assert (found["kind"], found["timestamp"], "duration" in found) == ("CLIENT", 100, False)


def test_an_end_alone_stays_an_annotation() -> None:
    found = as_v2(SPAN | {"annotations": [note(100, "ss", BACKEND)]})[0]
    assert (found["kind"], found["annotations"]) == ("SERVER", [{"timestamp": 100, "value": "ss"}])


def test_an_end_where_the_duration_says_implies_the_begin() -> None:
    found = as_v2(SPAN | {"timestamp": 100, "duration": 50, "annotations": [note(150, "cr", FRONTEND)]})[0]
    assert (found["kind"], found["timestamp"], found["duration"], "annotations" in found) == ("CLIENT", 100, 50, False)


def test_messages_are_producers_and_consumers() -> None:
    sent = SPAN | {
        "annotations": [note(1, "ms", FRONTEND), note(5, "ws", FRONTEND)],
        "binaryAnnotations": [tag("ma", True, DB, "BOOL")],
    }
    received = SPAN | {"annotations": [note(6, "wr", BACKEND), note(9, "mr", BACKEND)]}
    producer, consumer = as_v2(sent)[0], as_v2(received)[0]
    assert (producer["kind"], producer["timestamp"], producer["duration"]) == ("PRODUCER", 1, 4)
    assert producer["remoteEndpoint"] == DB
    assert (consumer["kind"], consumer["timestamp"], consumer["duration"]) == ("CONSUMER", 6, 3)


def test_a_local_span_has_its_endpoint_from_the_marker() -> None:
    span = SPAN | {"timestamp": 1, "duration": 2, "binaryAnnotations": [tag("lc", "", FRONTEND)]}
    found = as_v2(span)[0]
    assert (found["localEndpoint"], "tags" in found, "kind" in found) == (FRONTEND, False, False)


def test_a_named_component_is_a_tag() -> None:
    span = SPAN | {"timestamp": 1, "binaryAnnotations": [tag("lc", "worker", FRONTEND)]}
    assert as_v2(span)[0]["tags"] == {"lc": "worker"}


def test_addresses_without_a_call() -> None:
    one = {"timestamp": 1, "binaryAnnotations": [tag("sa", True, DB, "BOOL")]}
    assert as_v2(SPAN | one)[0]["remoteEndpoint"] == DB
    other = {"timestamp": 1, "binaryAnnotations": [tag("ca", True, FRONTEND, "BOOL")]}
    assert as_v2(SPAN | other)[0]["kind"] == "SERVER"
    both = {"timestamp": 1, "binaryAnnotations": [*one["binaryAnnotations"], *other["binaryAnnotations"]]}  # type: ignore[misc]
    found = as_v2(SPAN | both)[0]
    assert (found["localEndpoint"], found["remoteEndpoint"]) == (FRONTEND, DB)


def test_values_keep_their_types() -> None:
    tags = [
        tag("bool", True, FRONTEND, "BOOL"),
        tag("bytes", base64.b64encode(b"\x00\xff").decode(), FRONTEND, "BYTES"),
        tag("i16", -5, FRONTEND, "I16"),
        tag("i32", 70000, FRONTEND, "I32"),
        tag("i64", "9007199254740993", FRONTEND, "I64"),
        tag("double", 2.5, FRONTEND, "DOUBLE"),
        tag("string", "x", FRONTEND),
    ]
    span = SPAN | {"timestamp": 1, "binaryAnnotations": tags}
    assert as_v2(span)[0]["tags"]["i64"] == "9007199254740993"
    attributes = rows_of(decode_zipkin_thrift(as_thrift(span)).batch)[0]["attributes"]
    assert [(one["key"], one["type"], one["number"]) for one in attributes[:7]] == [
        ("bool", 2, 1),
        ("bytes", 5, 0),
        ("i16", 3, -5),
        ("i32", 3, 70000),
        ("i64", 3, 9007199254740993),
        ("double", 4, struct.unpack("<q", struct.pack("<d", 2.5))[0]),
        ("string", 1, 0),
    ]


def test_an_error_of_any_text_fails_the_span() -> None:
    span = SPAN | {"timestamp": 1, "binaryAnnotations": [tag("error", "timed out", FRONTEND)]}
    row = rows_of(decode_zipkin_thrift(as_thrift(span)).batch)[0]
    assert row["status_code"] == 2
    assert as_v2(span)[0]["tags"] == {"error": "timed out"}


def test_many_services_in_one_span_are_bounded() -> None:
    notes = [note(1, "x", {"serviceName": f"s{n}"}) for n in range(1000)]
    assert len(as_v2(SPAN | {"annotations": notes})) == 32


def test_debug_and_wide_ids_are_kept() -> None:
    span = SPAN | {"traceId": "1" * 32, "debug": True, "timestamp": 1}
    found = as_v2(span)[0]
    assert (found["traceId"], found["debug"]) == ("1" * 32, True)


@pytest.mark.parametrize("writer", WRITERS)
def test_the_agents_message_has_the_same_spans(writer: str) -> None:
    span = SPAN | {"annotations": [note(1, "cs", FRONTEND), note(2, "cr", FRONTEND)]}
    arguments = zipkin.EmitZipkinBatchArguments(spans=[_span(span)] * 3)
    rows = rows_of(decode_jaeger_thrift(write(writer, arguments, "emitZipkinBatch")).batch)
    assert rows == rows_of(decode_zipkin_thrift(as_thrift(span, span, span)).batch)


def test_every_cut_is_refused_as_a_whole() -> None:
    payload = as_thrift(SPAN | {"annotations": [note(1, "cs", FRONTEND)]})
    for length in range(len(payload)):
        with pytest.raises(DecodeError, match="not a list of Zipkin spans in Thrift"):
            decode_zipkin_thrift(payload[:length])


def test_an_empty_list_has_no_spans() -> None:
    assert len(decode_zipkin_thrift(as_thrift()).batch) == 0
    assert len(decode_zipkin_v1_json(b"[]").batch) == 0


def test_a_span_without_ids_is_refused_alone() -> None:
    payload = as_thrift(SPAN, SPAN | {"id": "0"}, SPAN | {"traceId": "0"})
    decoded = decode_zipkin_thrift(payload)
    assert len(decoded.batch) == 1
    assert refusals_of(decoded).total() == 2


def test_a_span_with_far_too_many_annotations_is_refused_alone() -> None:
    good = SPAN | {"timestamp": 1}
    for fields in [{"annotations": [note(1, "x")] * 10_001}, {"binaryAnnotations": [tag("k", "v")] * 10_001}]:
        decoded = decode_zipkin_thrift(as_thrift(good, SPAN | fields, good))
        assert (len(decoded.batch), refusals_of(decoded).total()) == (2, 1)


def test_the_log_can_decode_what_it_stored() -> None:
    decoded = decode_zipkin_thrift(as_thrift(SPAN))
    payload = decoded.batch.payload
    assert payload is not None
    assert payload.format == FORMAT
    assert rows_of(decode(payload.format, payload.data).batch) == rows_of(decoded.batch)


def _span(span: dict[str, Any]) -> Any:
    trace_id = int(span["traceId"], 16)
    return zipkin.Span(
        trace_id=signed(trace_id % 2**64),
        trace_id_high=signed(trace_id >> 64) or None,
        name=span["name"],
        id=int(span["id"], 16),
        parent_id=int(span["parentId"], 16),
        annotations=[
            zipkin.Annotation(timestamp=one["timestamp"], value=one["value"], host=_endpoint(one["endpoint"]))
            for one in span.get("annotations", [])
        ],
        binary_annotations=[
            zipkin.BinaryAnnotation(
                key=one["key"],
                value=_value(one),
                annotation_type=getattr(zipkin.AnnotationType, one["type"]),
                host=_endpoint(one["endpoint"]),
            )
            for one in span.get("binaryAnnotations", [])
        ],
        debug=span.get("debug"),
        timestamp=span.get("timestamp"),
        duration=span.get("duration"),
    )


def _value(one: dict[str, Any]) -> bytes:
    value = one["value"]
    match one["type"]:
        case "BOOL":
            return bytes([value])
        case "BYTES":
            return base64.b64decode(value)
        case "I16":
            return struct.pack(">h", value)
        case "I32":
            return struct.pack(">i", value)
        case "I64":
            return struct.pack(">q", int(value))
        case "DOUBLE":
            return struct.pack(">d", value)
    return str(value).encode()


def _endpoint(endpoint: dict[str, Any] | None) -> Any:
    if endpoint is None:
        return None
    ipv6 = endpoint.get("ipv6")
    packed = bytes.fromhex("20010db8000000000000000000000003") if ipv6 else None
    ipv4 = int.from_bytes(bytes(map(int, endpoint["ipv4"].split("."))), "big") if "ipv4" in endpoint else 0
    port = endpoint.get("port", 0)
    return zipkin.Endpoint(
        ipv4=ipv4, port=port - 65536 if port > 32767 else port, service_name=endpoint["serviceName"], ipv6=packed
    )
