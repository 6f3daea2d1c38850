"""OTLP protobuf to columns and back, against protobuf's own upb."""

from __future__ import annotations

import pytest
from google.protobuf.message import DecodeError as ProtobufDecodeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from lymer.component.errors import DecodeError
from lymer.model.batch import SpanBatch
from lymer.wire.otlp_proto import decode_otlp_proto, encode_otlp_proto
from tests.wire.otlp_oracle import expected, refusals_of, rows_of
from tests.wire.otlp_strategies import any_spans, damaged, requests

RANDOM = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def request_of(*spans: Span) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    request.resource_spans.add().scope_spans.add().spans.extend(spans)
    return request


def span(**fields: object) -> Span:
    return Span(**({"trace_id": b"t" * 16, "span_id": b"s" * 8} | fields))  # type: ignore[arg-type]


def field(number: int, data: bytes) -> bytes:
    """A length-delimited field."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def decode_like_upb(payload: bytes) -> None:
    """Both refuse, or both accept and mean the same."""
    try:
        rows, refused = expected(payload)
    except ProtobufDecodeError:
        with pytest.raises(DecodeError):
            decode_otlp_proto(payload)
        return
    decoded = decode_otlp_proto(payload)
    assert rows_of(decoded.batch) == rows
    assert refusals_of(decoded) == refused


@RANDOM
@given(requests())
def test_every_field_of_a_span_arrives(request: ExportTraceServiceRequest) -> None:
    decode_like_upb(request.SerializeToString())


@RANDOM
@given(requests(any_spans))
def test_a_bad_span_is_refused_and_its_neighbours_are_kept(request: ExportTraceServiceRequest) -> None:
    decode_like_upb(request.SerializeToString())


@settings(RANDOM, max_examples=60)
@given(damaged())
def test_damaged_bytes_are_refused_exactly_when_upb_refuses_them(payload: bytes) -> None:
    decode_like_upb(payload)


@RANDOM
@given(requests(), requests())
def test_fields_may_come_in_any_order_and_messages_in_parts(
    one: ExportTraceServiceRequest, two: ExportTraceServiceRequest
) -> None:
    first = b"".join(item.SerializeToString() for item in one.resource_spans)
    second = b"".join(item.SerializeToString() for item in two.resource_spans)
    # Spans before their resource; a resource, a scope, a status, a value in two parts.
    decode_like_upb(field(1, second + first))


@RANDOM
@given(requests())
def test_what_goes_out_is_what_came_in(request: ExportTraceServiceRequest) -> None:
    first = decode_otlp_proto(request.SerializeToString())
    encoded = encode_otlp_proto(first.batch)
    ExportTraceServiceRequest.FromString(encoded)
    assert rows_of(decode_otlp_proto(encoded).batch) == rows_of(first.batch)


@RANDOM
@given(requests(any_spans))
def test_what_goes_out_means_to_upb_what_we_kept(request: ExportTraceServiceRequest) -> None:
    batch = decode_otlp_proto(request.SerializeToString()).batch
    rows, refused = expected(encode_otlp_proto(batch))
    assert rows == rows_of(batch)
    assert not refused


@RANDOM
@given(requests())
def test_rows_of_any_batch_of_the_schema_can_be_encoded(request: ExportTraceServiceRequest) -> None:
    batch = decode_otlp_proto(request.SerializeToString()).batch
    turned = batch.take(list(range(len(batch)))[::-1]) if len(batch) else batch
    sliced = SpanBatch.from_record_batch(turned.record_batch.slice(1))
    assert rows_of(decode_otlp_proto(encode_otlp_proto(sliced)).batch) == rows_of(sliced)


@given(st.binary(max_size=60))
@settings(RANDOM, max_examples=200)
def test_noise_is_refused_exactly_when_upb_refuses_it(payload: bytes) -> None:
    decode_like_upb(payload)


def test_consecutive_rows_of_one_resource_and_scope_stand_together() -> None:
    request = ExportTraceServiceRequest()
    for name in ("a", "a", "b"):
        resource_spans = request.resource_spans.add()
        resource_spans.resource.attributes.add(key="service.name").value.string_value = name
        resource_spans.scope_spans.add().spans.append(span())
    encoded = ExportTraceServiceRequest.FromString(
        encode_otlp_proto(decode_otlp_proto(request.SerializeToString()).batch)
    )
    assert [len(group.scope_spans[0].spans) for group in encoded.resource_spans] == [2, 1]


def test_the_batch_knows_its_payload() -> None:
    payload = request_of(span(), span(trace_id=b"short")).SerializeToString()
    decoded = decode_otlp_proto(payload)
    assert decoded.batch.payload is not None
    assert (decoded.batch.payload.format, decoded.batch.payload.data) == ("otlp_proto", payload)


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_a_payload_may_be_any_buffer(kind: type) -> None:
    payload = request_of(span(name="x")).SerializeToString()
    assert rows_of(decode_otlp_proto(kind(payload)).batch) == rows_of(decode_otlp_proto(payload).batch)


@pytest.mark.parametrize(
    ("links", "reason"),
    [
        ([Span.Link(trace_id=b"x", span_id=b"s" * 8)], "link trace id must be 16 bytes or absent"),
        ([Span.Link(trace_id=b"t" * 16, span_id=b"x")], "link span id must be 8 bytes or absent"),
    ],
)
def test_a_span_with_a_broken_link_is_refused(links: list[Span.Link], reason: str) -> None:
    decoded = decode_otlp_proto(request_of(span(links=links), span()).SerializeToString())
    assert (len(decoded.batch), refusals_of(decoded)) == (1, {reason: 1})


def test_a_span_with_an_event_beyond_the_range_is_refused() -> None:
    bad = span(events=[Span.Event(time_unix_nano=2**63)], attributes=[KeyValue(key="k")])
    decoded = decode_otlp_proto(request_of(span(name="a"), bad, span(name="b")).SerializeToString())
    assert [row["name"] for row in rows_of(decoded.batch)] == ["a", "b"]
    assert [row["attributes"] for row in rows_of(decoded.batch)] == [[], []]


def test_a_clock_that_ran_back_is_kept() -> None:
    decoded = decode_otlp_proto(request_of(span(start_time_unix_nano=5, end_time_unix_nano=2)).SerializeToString())
    assert rows_of(decoded.batch)[0]["duration_nano"] == -3
    assert ExportTraceServiceRequest.FromString(encode_otlp_proto(decoded.batch)) == request_of(
        span(start_time_unix_nano=5, end_time_unix_nano=2)
    )


@pytest.mark.parametrize("depth", range(40, 56))
def test_values_nest_as_deep_as_upb_lets_them(depth: int) -> None:
    value = AnyValue(int_value=1)
    data = value.SerializeToString()
    for _ in range(depth):
        data = field(5, field(1, data))
    pair = field(2, data)
    for wrapped in (
        field(1, field(2, field(2, field(1, b"t" * 16) + field(2, b"s" * 8) + field(9, pair)))),
        field(1, field(1, field(1, pair)) + field(2, field(2, b""))),
        field(1, field(2, field(1, field(3, pair)))),
        field(1, field(2, field(2, field(1, b"t" * 16) + field(2, b"s" * 8) + field(11, field(3, pair))))),
    ):
        decode_like_upb(wrapped)


@pytest.mark.parametrize("depth", [94, 95, 96, 97, 98, 99, 100, 101, 102])
def test_unknown_groups_nest_as_deep_as_upb_lets_them(depth: int) -> None:
    group = b"\xa3\x06" * depth + b"\xa4\x06" * depth
    for wrapped in (
        group,
        field(1, group),
        field(1, field(2, group)),
        field(1, field(2, field(2, group))),
        field(1, field(2, field(2, field(9, group)))),
    ):
        decode_like_upb(wrapped)


def test_a_value_that_came_in_parts_is_one() -> None:
    one = AnyValue(array_value=ArrayValue(values=[AnyValue(int_value=1)])).SerializeToString()
    two = AnyValue(array_value=ArrayValue(values=[AnyValue(int_value=2)])).SerializeToString()
    text = AnyValue(string_value="t").SerializeToString()
    ids = field(1, b"t" * 16) + field(2, b"s" * 8)
    for value in (
        field(2, one) + field(2, two),
        field(2, one + two),
        field(2, one) + field(2, text) + field(2, two),
        field(2, one + text),
    ):
        decode_like_upb(field(1, field(2, field(2, ids + field(9, field(1, b"k") + value)))))


def test_a_replaced_value_must_be_well_formed_all_the_same() -> None:
    broken = field(5, b"\x0a\x05")
    text = AnyValue(string_value="t").SerializeToString()
    with pytest.raises(DecodeError, match="length runs past the end at byte"):
        decode_otlp_proto(field(1, field(2, field(2, field(9, field(2, broken + text))))))


def test_text_is_repaired_as_unicode_says() -> None:
    name = b"a\xf0\x9f\x90b\xc3(\xe2\x82\xff\x80"
    payload = field(
        1,
        field(
            2,
            field(
                2,
                field(1, b"t" * 16)
                + field(2, b"s" * 8)
                + field(5, name)
                + field(9, field(1, name) + field(2, field(1, name))),
            ),
        ),
    )
    row = rows_of(decode_otlp_proto(payload).batch)[0]
    assert row["name"] == "a�b�(���"
    assert row["attributes"][0]["key"] == row["name"]
    assert row["attributes"][0]["text"].decode() == row["name"]
