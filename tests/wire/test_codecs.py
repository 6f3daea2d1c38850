"""Formats by name, the schema on both sides, attribute text on both sides, the checksum."""

from __future__ import annotations

import json
import random
from typing import Any

import pyarrow as pa
import pytest

from lymer import _native
from lymer.component.errors import DecodeError
from lymer.model.attributes import read_bag, write_bag
from lymer.model.batch import SpanBatch
from lymer.model.schema import SPAN_SCHEMA
from lymer.wire.codecs import DECODERS, decode
from lymer.wire.otlp_proto import decode_otlp_proto, encode_otlp_proto
from tests.wire.otlp_examples import example
from tests.wire.otlp_oracle import rows_of


def test_the_native_schema_is_the_schema() -> None:
    native = pa.record_batch(_native.decode_otlp_proto(b"")[0]).schema
    assert native.equals(SPAN_SCHEMA, check_metadata=True)


def test_the_log_can_decode_what_it_stored() -> None:
    payload = example(random.Random(1), spans=5).SerializeToString()
    batch = decode("otlp_proto", payload).batch
    assert batch.payload is not None
    assert rows_of(decode(batch.payload.format, batch.payload.data).batch) == rows_of(batch)


def test_a_format_that_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(DecodeError, match="'thrift'; known are otlp_proto, otlp_json"):
        decode("thrift", b"")


@pytest.mark.parametrize("name", sorted(DECODERS))
def test_bytes_of_another_format_are_refused(name: str) -> None:
    with pytest.raises(DecodeError):
        decode(name, b"\xff\x00 not a request")


@pytest.mark.parametrize("seed", range(20))
def test_attribute_text_is_the_same_on_both_sides(seed: int) -> None:
    for row in rows_of(decode_otlp_proto(example(random.Random(seed), spans=6).SerializeToString()).batch):
        for text in [
            row["resource_attributes"],
            row["scope_attributes"],
            *(event["attributes"] for event in row["events"]),
        ]:
            assert write_bag(read_bag(text)) == text


BROKEN = ["[1]", "{", '{"a":}', '{"a":1}x', '{"a":99999999999999999999}', '{"$bytes":"QQ=="}', '{"a":{"$bytes":"?"}}']
BROKEN_INSIDE = ['{"a":[{"$double":"x"}]}', '{"a":[{"$double":1}]}']
"""What only somebody sees who looks into nested values; Jaeger's JSON takes them as they are."""


@pytest.mark.parametrize("text", BROKEN + BROKEN_INSIDE)
def test_broken_attribute_text_is_an_error(text: str) -> None:
    columns = _native.Batch.from_arrow(_with_resource_attributes(text).record_batch)
    for encode in (_native.encode_otlp_proto, _native.encode_otlp_json):
        with pytest.raises(ValueError, match="attribute text is broken"):
            encode(columns)
    if text in BROKEN:
        with pytest.raises(ValueError, match="attribute text is broken"):
            _native.encode_jaeger_json(columns)


def test_attribute_text_that_nests_absurdly_is_an_error() -> None:
    columns = _native.Batch.from_arrow(_with_resource_attributes('{"a":' + "[" * 300 + "]" * 300 + "}").record_batch)
    for encode in (_native.encode_otlp_proto, _native.encode_otlp_json, _native.encode_jaeger_json):
        with pytest.raises(ValueError, match="nested too deeply"):
            encode(columns)


@pytest.mark.parametrize("key", ["$bytes", "$double", "$$bytes", "$$$double", "$", "$x", "bytes"])
def test_keys_that_look_like_markers_survive(key: str) -> None:
    for pairs in ([(key, "QQ==")], [(key, "QQ=="), ("b", 1)], [("m", read_bag(write_bag([(key, "NaN")])))]):
        row = rows_of(decode_otlp_proto(encode_otlp_proto(_with_resource_attributes(write_bag(pairs)))).batch)[0]
        assert list(read_bag(row["resource_attributes"])) == pairs


def _with_resource_attributes(text: str) -> SpanBatch:
    batch = decode_otlp_proto(example(random.Random(1), spans=1).SerializeToString()).batch.record_batch
    position = batch.schema.get_field_index("resource_attributes")
    column: Any = pa.array([text] * len(batch)).dictionary_encode()
    return SpanBatch.from_record_batch(batch.set_column(position, batch.schema.field(position), column))


@pytest.mark.parametrize(
    ("data", "hash_"),
    [(b"", 0x2D06800538D394C2), (b"a", 0xE6C632B61E964E1F), (b"abc", 0x78AF5F94892F3950)],
)
def test_the_checksum_is_xxh3_64(data: bytes, hash_: int) -> None:
    assert _native.checksum(data) == hash_
    assert _native.checksum(memoryview(data)) == hash_
    assert _native.checksum(bytearray(data)) == hash_


def test_indented_json_is_as_go_indents_it() -> None:
    value = {"a": [], "b": {}, "c": [1, {"d": 'x"\\{['}], "e": None}
    compact = json.dumps(value, separators=(",", ":")).encode()
    assert _native.indent_json(compact).decode() == json.dumps(value, indent=4)
