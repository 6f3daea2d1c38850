"""Jaeger's Thrift: what two independent writers write is read as the oracle says, in every wrapping there is."""

from __future__ import annotations

import random

import pytest

from lymer.component.errors import DecodeError
from lymer.wire.codecs import decode
from lymer.wire.jaeger_thrift import FORMAT, decode_jaeger_thrift
from tests.wire import jaeger_examples
from tests.wire.jaeger_oracle import expected
from tests.wire.otlp_oracle import refusals_of, rows_of
from tests.wire.thrift_oracles import WRITERS, jaeger, jaeger_batch, write

ONE = jaeger_examples.batch(random.Random(8), spans=4)


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("seed", range(15))
def test_a_bare_batch_is_read_as_the_oracle_says(writer: str, seed: int) -> None:
    for turn in range(10):
        batch = jaeger_examples.batch(random.Random(seed * 100 + turn))
        _check(write(writer, jaeger_batch(batch)), batch)


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("kind", [1, 4])
@pytest.mark.parametrize("writer", WRITERS)
def test_a_message_of_the_agent_is_read(writer: str, kind: int, strict: bool) -> None:
    arguments = jaeger.EmitBatchArguments(batch=jaeger_batch(ONE))
    _check(write(writer, arguments, "emitBatch", strict=strict, kind=kind), ONE)


@pytest.mark.parametrize("writer", WRITERS)
def test_the_collectors_call_has_many_batches(writer: str) -> None:
    other = jaeger_examples.batch(random.Random(9), spans=4)
    arguments = jaeger.SubmitBatchesArguments(batches=[jaeger_batch(ONE), jaeger_batch(other)])
    decoded = decode_jaeger_thrift(write(writer, arguments, "submitBatches"))
    assert rows_of(decoded.batch) == expected(ONE)[0] + expected(other)[0]


@pytest.mark.parametrize("writer", WRITERS)
def test_bytes_behind_a_batch_are_ignored(writer: str) -> None:
    _check(write(writer, jaeger_batch(ONE)) + b"\xff\xff", ONE)


@pytest.mark.parametrize("writer", WRITERS)
def test_an_empty_batch_has_no_spans(writer: str) -> None:
    for batch in [jaeger.Batch(), jaeger.Batch(spans=[]), jaeger.Batch(process=jaeger.Process(), spans=[])]:
        decoded = decode_jaeger_thrift(write(writer, batch))
        assert (len(decoded.batch), decoded.refused) == (0, ())


@pytest.mark.parametrize("writer", WRITERS)
def test_a_batch_without_a_process_keeps_its_spans(writer: str) -> None:
    batch = jaeger_batch(ONE)
    batch.process = None
    rows = rows_of(decode_jaeger_thrift(write(writer, batch)).batch)
    assert {row["service_name"] for row in rows} == {"missing-service-name"}
    assert {row["resource_attributes"] for row in rows} == {""}


@pytest.mark.parametrize("writer", WRITERS)
def test_every_cut_is_refused_as_a_whole(writer: str) -> None:
    payload = write(writer, jaeger.EmitBatchArguments(batch=jaeger_batch(ONE)), "emitBatch")
    for length in range(len(payload)):
        with pytest.raises(DecodeError, match="not a Jaeger batch in Thrift"):
            decode_jaeger_thrift(payload[:length])


@pytest.mark.parametrize("writer", WRITERS)
def test_a_reply_and_an_unknown_method_are_refused(writer: str) -> None:
    arguments = jaeger.EmitBatchArguments(batch=jaeger_batch(ONE))
    with pytest.raises(DecodeError, match="a call is wanted"):
        decode_jaeger_thrift(write(writer, arguments, "emitBatch", kind=2))
    with pytest.raises(DecodeError, match="unknown method"):
        decode_jaeger_thrift(write(writer, arguments, "eatBatch"))


def test_a_type_that_jaeger_has_not_is_kept_as_text() -> None:
    batch = jaeger_batch(ONE)
    batch.spans = batch.spans[:1]
    batch.spans[0].spanId = 1
    batch.spans[0].tags = [jaeger.Tag(key="odd", vType=9, vStr="x")]
    row = rows_of(decode_jaeger_thrift(write("apache binary", batch)).batch)[0]
    assert row["attributes"][0]["text"] == b'<Unknown Jaeger TagType "9">'


def test_flags_beyond_a_byte_are_kept_as_an_attribute() -> None:
    batch = jaeger_batch(ONE)
    batch.spans = batch.spans[:1]
    batch.spans[0].spanId, batch.spans[0].flags = 1, 0x0109
    row = rows_of(decode_jaeger_thrift(write("apache compact", batch)).batch)[0]
    assert row["flags"] == 9
    assert row["attributes"][-1] == {"key": "jaeger.flags", "type": 3, "number": 0x0109, "text": b""}


def test_text_that_is_not_utf_8_is_repaired() -> None:
    batch = jaeger_batch(ONE)
    batch.spans = batch.spans[:1]
    batch.spans[0].spanId, batch.spans[0].operationName = 1, b"a\xff"
    assert rows_of(decode_jaeger_thrift(write("apache binary", batch)).batch)[0]["name"] == "a\ufffd"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "nothing"),
        (b"\x82\x82\x01\x09emitBatch\x00", "unknown version of the compact protocol"),
        (b"\x80\x02\x00\x01", "unknown version of the binary protocol"),
        (b"\x0c\x00\x09" * 80, "nested too deeply"),
        (b"\x1c" * 80, "nested too deeply|cut off|unknown type"),
        (b"\x0f\x00\x02\x0c\x7f\xff\xff\xff", "more elements than bytes"),
        (b"\x0f\x00\x02\x0c\xff\xff\xff\xff", "negative length"),
        (b"\x29\xfc\xff\xff\xff\xff\x0f", "length out of range"),
        (b"\x0b\x00\x09\x7f\xff\xff\xff", "length runs past the end"),
        (b"\x63\x00\x01", "unknown type|cut off"),
        (b"\x16" + b"\xff" * 12, "number too long"),
    ],
)
def test_hostile_bytes_are_refused_with_a_reason(payload: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        decode_jaeger_thrift(payload)


@pytest.mark.parametrize("writer", WRITERS)
def test_the_log_can_decode_what_it_stored(writer: str) -> None:
    decoded = decode_jaeger_thrift(write(writer, jaeger_batch(ONE)))
    payload = decoded.batch.payload
    assert payload is not None
    assert payload.format == FORMAT
    assert rows_of(decode(payload.format, payload.data).batch) == rows_of(decoded.batch)


def _check(payload: bytes, batch: jaeger_examples.Batch) -> None:
    decoded = decode_jaeger_thrift(payload)
    rows, refused = expected(batch)
    assert rows_of(decoded.batch) == rows
    assert refusals_of(decoded) == refused
