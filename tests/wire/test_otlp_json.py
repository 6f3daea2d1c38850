"""OTLP JSON in and out, against protobuf's own JSON mapping."""

from __future__ import annotations

import base64
import json
import math
import random
import struct
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from lymer.component.errors import DecodeError
from lymer.wire.otlp_json import decode_otlp_json, encode_otlp_json
from lymer.wire.otlp_proto import decode_otlp_proto
from tests.wire.otlp_examples import example
from tests.wire.otlp_oracle import refusals_of, rows_of
from tests.wire.otlp_strategies import any_spans, requests
from tests.wire.test_otlp_proto import RANDOM

ID_NAMES = {"traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id"}
TRACE_ID, SPAN_ID = "74" * 16, "73" * 8


def to_json(request: ExportTraceServiceRequest, *, proto_names: bool = False) -> dict[str, Any]:
    """As OTLP wants it: protobuf's mapping, but with ids in hex."""
    message = json_format.MessageToDict(request, preserving_proto_field_name=proto_names, use_integers_for_enums=True)
    return _with_ids(message, lambda text: base64.b64decode(text).hex())


def from_json(data: bytes) -> ExportTraceServiceRequest:
    """The inverse."""
    message = _with_ids(json.loads(data), lambda text: base64.b64encode(bytes.fromhex(text)).decode())
    return json_format.ParseDict(message, ExportTraceServiceRequest(), max_recursion_depth=300)


def _with_ids(value: Any, change: Any) -> Any:
    if isinstance(value, list):
        return [_with_ids(item, change) for item in value]
    if isinstance(value, dict):
        return {key: change(item) if key in ID_NAMES else _with_ids(item, change) for key, item in value.items()}
    return value


def with_span(**members: Any) -> bytes:
    span = {"traceId": TRACE_ID, "spanId": SPAN_ID} | members
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()


def row(payload: bytes) -> dict[str, Any]:
    rows = rows_of(decode_otlp_json(payload).batch)
    assert len(rows) == 1
    return rows[0]


def attribute(value: Any) -> dict[str, Any]:
    """The attribute that a value in JSON becomes."""
    found: dict[str, Any] = row(with_span(attributes=[{"key": "k", "value": value}]))["attributes"][0]
    return found


@RANDOM
@given(requests(any_spans), st.booleans(), st.sampled_from([None, 2]))
def test_json_means_what_the_same_protobuf_means(
    request_: ExportTraceServiceRequest, proto_names: bool, indent: int | None
) -> None:
    text = json.dumps(to_json(request_, proto_names=proto_names), ensure_ascii=bool(indent), indent=indent)
    ours = decode_otlp_json(text.encode())
    same = decode_otlp_proto(request_.SerializeToString())
    assert rows_of(ours.batch) == rows_of(same.batch)
    assert refusals_of(ours) == refusals_of(same)


@RANDOM
@given(requests())
def test_what_goes_out_means_to_protobuf_what_came_in(request_: ExportTraceServiceRequest) -> None:
    batch = decode_otlp_proto(request_.SerializeToString()).batch
    encoded = encode_otlp_json(batch)
    assert rows_of(decode_otlp_proto(from_json(encoded).SerializeToString()).batch) == rows_of(batch)
    assert rows_of(decode_otlp_json(encoded).batch) == rows_of(batch)


@RANDOM
@given(st.data())
def test_damaged_json_is_refused_or_read_but_never_worse(data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 1000))
    text = bytearray(json.dumps(to_json(example(random.Random(seed), spans=2))).encode())
    for _ in range(3):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        decode_otlp_json(bytes(text))
    except DecodeError as error:
        assert " at byte " in str(error)


def test_the_payload_is_the_protobuf_that_was_decoded() -> None:
    batch = decode_otlp_json(with_span(name="x")).batch
    assert batch.payload is not None
    assert batch.payload.format == "otlp_proto"
    assert rows_of(decode_otlp_proto(batch.payload.data).batch) == rows_of(batch)


def test_numbers_of_64_bits_may_be_numbers_or_strings() -> None:
    for start, end in ((1763000000000000001, "1763000000000000009"), ("1763000000000000001", 1763000000000000009)):
        found = row(with_span(startTimeUnixNano=start, endTimeUnixNano=end))
        assert (found["start_time_unix_nano"], found["duration_nano"]) == (1763000000000000001, 8)


@pytest.mark.parametrize(("spelled", "number"), [("1e3", 1000), ('"1e3"', 1000), ("5.0", 5), ("-0", 0), ('"-7"', -7)])
def test_whole_numbers_may_be_spelled_as_others(spelled: str, number: int) -> None:
    payload = with_span(attributes=[{"key": "k", "value": {"intValue": 12345}}]).replace(b"12345", spelled.encode())
    assert row(payload)["attributes"][0]["number"] == number


@pytest.mark.parametrize(("kind", "number"), [(2, 2), ("SPAN_KIND_SERVER", 2), ("3", 3), (99, 99), (-1, -1)])
def test_enums_may_be_numbers_or_names(kind: Any, number: int) -> None:
    assert row(with_span(kind=kind))["kind"] == number
    assert row(with_span(status={"code": "STATUS_CODE_ERROR"}))["status_code"] == 2


@pytest.mark.parametrize(
    ("spelled", "value"),
    [("NaN", math.nan), ("Infinity", math.inf), ("-Infinity", -math.inf), ("1.5", 1.5), (2, 2.0), (-0.0, -0.0)],
)
def test_doubles_may_be_numbers_or_names(spelled: Any, value: float) -> None:
    found = attribute({"doubleValue": spelled})
    assert (found["type"], found["number"].to_bytes(8, "little", signed=True)) == (4, _bits(value))


def _bits(value: float) -> bytes:
    return struct.pack("<d", value)


@pytest.mark.parametrize("text", ["+/8=", "-_8=", "+/8", "-_8"])
def test_bytes_are_base64_of_either_alphabet(text: str) -> None:
    assert attribute({"bytesValue": text})["text"] == b"\xfb\xff"


def test_unknown_members_and_nulls_are_left_out() -> None:
    payload = with_span(
        name="n", kind=None, futureThing={"a": [1, {"b": None}]}, attributes=[{"key": "k", "value": None}]
    )
    assert row(payload)["name"] == "n"
    assert row(payload)["attributes"][0]["type"] == 0


def test_of_a_member_that_comes_twice_the_last_holds() -> None:
    assert row(with_span(name="first").replace(b'"name"', b'"name": "x", "name"'))["name"] == "first"


@pytest.mark.parametrize(
    "changes",
    [
        {"traceId": "xyz"},
        {"traceId": ""},
        {"spanId": "12"},
        {"spanId": "q" * 16},
        {"parentSpanId": "zz"},
        {"traceId": TRACE_ID + "0"},
    ],
)
def test_a_bad_id_refuses_its_span_alone(changes: dict[str, str]) -> None:
    decoded = decode_otlp_json(with_span(**changes))
    assert (len(decoded.batch), sum(refusals_of(decoded).values())) == (0, 1)


def test_ids_may_have_upper_case_digits() -> None:
    assert row(with_span(traceId="AB" * 16))["trace_id"] == b"\xab" * 16


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "cut off at byte 0"),
        (b"[]", "an object is wanted"),
        (b"null", "an object is wanted"),
        (b'{"resourceSpans":{}}', "an array is wanted at byte 18"),
        (b'{"resourceSpans":[1]}', "an object is wanted"),
        (b'{"resourceSpans":[]', "cut off at byte 19"),
        (b'{"resourceSpans":[]} x', "something follows the value at byte 21"),
        (b'{"resourceSpans":[],}', "a comma too many"),
        (b"{'a':1}", "a key is wanted at byte 1"),
        (b'{"a" 1}', "a colon is wanted"),
        (b'{"a":01}', "not a number"),
        (b'{"a":1.}', "not a number"),
        (b'{"a":tru}', "not a JSON value at byte 5"),
        (b'{"a":"\\x"}', "an unknown escape in a string"),
        (b'{"a":"\n"}', "a control character in a string"),
        (b'{"a":"b', "cut off in a string"),
        (with_span(startTimeUnixNano=-1), r"a number from 0 to 2\^64-1 is wanted"),
        (with_span(startTimeUnixNano=1.5), r"a number from 0 to 2\^64-1 is wanted"),
        (with_span(flags=2**32), r"a number from 0 to 2\^32-1 is wanted"),
        (with_span(kind="SPAN_KIND_NONSENSE"), "a number or a name of the enumeration is wanted"),
        (with_span(name=5), "a string is wanted"),
        (with_span(attributes=[{"key": "k", "value": {"boolValue": "yes"}}]), "true or false is wanted"),
        (with_span(attributes=[{"key": "k", "value": {"bytesValue": "?"}}]), "base64 is wanted"),
        (with_span(attributes=[{"key": "k", "value": {"doubleValue": "1e999"}}]), "a double is wanted"),
    ],
)
def test_what_is_not_a_request_is_refused_with_the_place(text: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        decode_otlp_json(text)


def test_escapes_and_halves_of_surrogate_pairs_are_read() -> None:
    payload = with_span(name="NAME").replace(b"NAME", rb"\ud83d\udc15 \ud83d x \udc15 \u00e9\n\/\"\\")
    assert row(payload)["name"] == '🐕 � x � é\n/"\\'


def test_text_that_is_not_utf8_is_repaired() -> None:
    assert row(with_span(name="NAME").replace(b"NAME", b"a\xffb"))["name"] == "a�b"


@pytest.mark.parametrize("depth", [47, 48, 5000, 100_000])
def test_values_nest_as_deep_as_in_protobuf(depth: int) -> None:
    value = b'{"arrayValue":{"values":[' * depth + b'{"intValue":1}' + b"]}}" * depth
    payload = with_span(attributes=[{"key": "k", "value": "VALUE"}]).replace(b'"VALUE"', value)
    if depth <= 47:
        assert row(payload)["attributes"][0]["text"] == b"[" * depth + b"1" + b"]" * depth
    else:
        with pytest.raises(DecodeError, match="nested too deeply at byte"):
            decode_otlp_json(payload)


@pytest.mark.parametrize("depth", [100, 199, 201, 1_000_000])
def test_unknown_members_nest_only_so_deep(depth: int) -> None:
    payload = b'{"x":' + b"[" * depth + b"]" * depth + b"}"
    if depth <= 200:
        assert len(decode_otlp_json(payload).batch) == 0
    else:
        with pytest.raises(DecodeError, match="nested too deeply"):
            decode_otlp_json(payload)


def test_no_spans_are_an_empty_list() -> None:
    assert encode_otlp_json(decode_otlp_proto(b"").batch) == b'{"resourceSpans":[]}'
