"""Zipkin's version 2, in JSON and in protobuf: read as the oracle says, and written so that it says the same again."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

import pytest
from google.protobuf.message import DecodeError as ProtobufDecodeError

from lymer.component.errors import DecodeError
from lymer.model.attributes import read_bag
from lymer.wire.codecs import decode
from lymer.wire.otlp_proto import decode_otlp_proto
from lymer.wire.zipkin_json import FORMAT, decode_zipkin_json, encode_zipkin_json
from lymer.wire.zipkin_proto import decode_zipkin_proto
from tests.wire import zipkin_examples
from tests.wire.descriptors import ZIPKIN
from tests.wire.otlp_examples import example
from tests.wire.otlp_oracle import refusals_of, rows_of
from tests.wire.test_otlp_damage import _mutated
from tests.wire.zipkin_oracle import expected

GOOD: dict[str, Any] = {"traceId": "1", "id": "2", "timestamp": 5}


def read(*spans: Any) -> list[dict[str, Any]]:
    decoded = decode_zipkin_json(json.dumps(spans).encode())
    assert decoded.refused == ()
    return rows_of(decoded.batch)


def written(*spans: Any) -> list[Any]:
    batch = decode_zipkin_json(json.dumps(spans).encode()).batch
    return [span for trace in encode_zipkin_json(batch) for span in json.loads(trace)]


@pytest.mark.parametrize("seed", range(20))
def test_spans_are_read_as_the_oracle_says_from_both_forms(seed: int) -> None:
    for turn in range(20):
        rnd = random.Random(seed * 100 + turn)
        spans = [zipkin_examples.span(rnd) for _ in range(rnd.randrange(6))]
        rows = [expected(span) for span in spans]
        assert read(*spans) == rows
        assert rows_of(decode_zipkin_proto(zipkin_examples.as_proto(spans)).batch) == rows


@pytest.mark.parametrize("seed", range(20))
def test_what_came_in_goes_out_again(seed: int) -> None:
    rnd = random.Random(seed)
    for _ in range(20):
        span = zipkin_examples.span(rnd)
        # A tag that says the same as a field has gone into the field.
        span["tags"].pop("peer.service", None)
        back = written(span)[0]
        assert _meaning(back) == _meaning(span)
        assert _fields(back) == _fields(span)


@pytest.mark.parametrize("seed", range(10))
def test_any_otlp_goes_out_and_comes_back_as_the_same_spans(seed: int) -> None:
    batch = decode_otlp_proto(example(random.Random(seed), spans=5).SerializeToString()).batch
    back = [row for trace in encode_zipkin_json(batch) for row in rows_of(decode_zipkin_json(trace).batch)]
    for row, was in zip(back, rows_of(batch), strict=True):
        assert (row["trace_id"], row["span_id"]) == (was["trace_id"], was["span_id"])
        assert row["start_time_unix_nano"] // 1000 == was["start_time_unix_nano"] // 1000
        assert (row["name"], len(row["events"])) == (was["name"], len(was["events"]))


def test_ids_of_any_length_are_padded() -> None:
    rows = read({"traceId": "a", "id": "b", "parentId": "c"}, {"traceId": "F" * 32, "id": "1" * 16})
    assert [row["trace_id"].hex() for row in rows] == ["a".rjust(32, "0"), "f" * 32]
    assert rows[0]["parent_span_id"] == bytes(7) + b"\x0c"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"traceId": "x"}, "trace id must be 16 bytes, not zero"),
        ({"traceId": ""}, "trace id must be 16 bytes, not zero"),
        ({"traceId": "0" * 32}, "trace id must be 16 bytes, not zero"),
        ({"traceId": "1" * 33}, "trace id must be 16 bytes, not zero"),
        ({"id": "1" * 17}, "span id must be 8 bytes, not zero"),
        ({"id": None}, "span id must be 8 bytes, not zero"),
        ({"parentId": "g"}, "parent span id must be 8 bytes or absent"),
        ({"timestamp": 2**62}, "start time must be before the year 2262"),
        ({"duration": 2**62}, "end time must be before the year 2262"),
        ({"annotations": [{"timestamp": 2**62, "value": "x"}]}, "event time must be before the year 2262"),
    ],
)
def test_a_span_that_cannot_be_kept_is_refused_alone(fields: dict[str, Any], reason: str) -> None:
    decoded = decode_zipkin_json(json.dumps([GOOD, GOOD | fields, GOOD]).encode())
    assert (len(decoded.batch), refusals_of(decoded)) == (2, Counter({reason: 1}))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "cut off"),
        (b"{}", "an array is wanted"),
        (b"[1]", "an object is wanted"),
        (b"[{}", "a comma or an end is wanted|cut off"),
        (b"[{}]x", "something follows"),
        (b'[{"timestamp":"soon"}]', "a whole number is wanted"),
        (b'[{"timestamp":1.5}]', "a whole number is wanted"),
        (b'[{"tags":[]}]', "an object is wanted"),
        (b'[{"tags":{"a":{}}}]', "a string is wanted"),
        (b'[{"annotations":{}}]', "an array is wanted"),
        (b'[{"localEndpoint":{"port":70000}}]', "port out of range"),
        (b'[{"shared":1}]', "true or false is wanted"),
        (b'[{"x":' + b"[" * 300, "nested too deeply"),
    ],
)
def test_what_is_no_list_of_spans_is_refused_with_a_reason(payload: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=f"not a list of Zipkin spans: ({reason})"):
        decode_zipkin_json(payload)


def test_nulls_are_absent_and_unknown_members_are_left_out() -> None:
    nulls = dict.fromkeys(["parentId", "name", "kind", "duration", "localEndpoint", "annotations", "tags", "shared"])
    assert read(GOOD | nulls | {"new": [{"x": 1}]}, None) == read(GOOD)


def test_numbers_may_be_quoted_or_have_an_exponent() -> None:
    row = read(GOOD | {"timestamp": "1472470996199000", "tags": {"n": 1.50, "b": True, "z": None}})[0]
    assert row["start_time_unix_nano"] == 1472470996199000000
    assert [one["text"] for one in row["attributes"]] == [b"1.5", b"true", b""]
    text = b'[{"traceId":"1","id":"2","timestamp":1.472470996199E15}]'
    assert rows_of(decode_zipkin_json(text).batch)[0]["start_time_unix_nano"] == 1472470996199000000


def test_links_hide_in_tags_and_go_back_there() -> None:
    link = f"{'1' * 32}|{'2' * 16}|a=b|" + '{"k":"x|y"}|2'
    tags = {"otlp.link.0": link, "otlp.link.1": "broken", "otlp.link.2": link}
    row = read(GOOD | {"tags": tags})[0]
    assert row["links"] == [
        {
            "trace_id": b"\x11" * 16,
            "span_id": b"\x22" * 8,
            "trace_state": "a=b",
            "attributes": '{"k":"x|y"}',
            "dropped_attributes_count": 2,
            "flags": 0,
        }
    ]
    assert [one["key"] for one in row["attributes"]] == ["otlp.link.1", "otlp.link.2"]
    assert written(GOOD | {"tags": {"otlp.link.0": link}})[0]["tags"] == {"otlp.link.0": link}


def test_the_name_of_a_service_may_be_of_another_attribute() -> None:
    tags = {"otlp.service.name.source": "faas.name"}
    row = read(GOOD | {"localEndpoint": {"serviceName": "f"}, "tags": tags})[0]
    assert (row["service_name"], row["resource_attributes"]) == ("missing-service-name", '{"faas.name":"f"}')


def test_spans_of_one_process_share_its_resource() -> None:
    batch = decode_zipkin_json(json.dumps([GOOD | {"localEndpoint": {"serviceName": "s"}}] * 500).encode()).batch
    column = batch.record_batch.column("resource_attributes")
    assert column.dictionary.to_pylist() == ['{"service.name":"s"}']


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_mutated_protobuf_is_refused_exactly_when_upb_refuses_it(seed: int) -> None:
    rnd = random.Random(seed)
    payloads = [zipkin_examples.as_proto([zipkin_examples.span(rnd) for _ in range(3)]) for _ in range(20)]
    for _ in range(4000):
        payload = _mutated(rnd, rnd.choice(payloads), rnd.choice(payloads))
        try:
            ZIPKIN["ListOfSpans"].FromString(payload)
        except ProtobufDecodeError:
            with pytest.raises(DecodeError):
                decode_zipkin_proto(payload)
        else:
            encode_zipkin_json(decode_zipkin_proto(payload).batch)


def test_the_log_can_decode_what_it_stored() -> None:
    decoded = decode_zipkin_json(json.dumps([GOOD]).encode())
    payload = decoded.batch.payload
    assert payload is not None
    assert payload.format == FORMAT
    assert rows_of(decode(payload.format, payload.data).batch) == rows_of(decoded.batch)


def _meaning(span: dict[str, Any]) -> dict[str, Any]:
    """The oracle's row; a failed span may say so in one more tag, and tags have no order."""
    row = expected(span | {"tags": span.get("tags", {})})
    return row | {
        "attributes": sorted(map(repr, row["attributes"])),
        "resource_attributes": sorted(read_bag(row["resource_attributes"])),
    }


def _fields(span: dict[str, Any]) -> dict[str, Any]:
    """All but the tags, without what says nothing."""
    fields = {key: value for key, value in span.items() if key != "tags" and value not in ({}, [], "")}
    if fields.get("parentId") == fields["id"]:
        del fields["parentId"]
    return fields
