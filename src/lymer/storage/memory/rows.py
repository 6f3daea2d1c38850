"""A span as a dict of THE schema's columns, as pyarrow gives it: the one place that turns columns into objects.

Times are ints here (nanoseconds), text is str, ids are bytes. This is the oracle's form; nothing on a hot path has it.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable, Iterable
from typing import Any

import pyarrow as pa

from lymer.model.attributes import AttributeType, Value, read_bag, read_value
from lymer.model.batch import SpanBatch
from lymer.model.schema import SPAN_SCHEMA
from lymer.model.search import Scope

Row = dict[str, Any]


def to_rows(batch: SpanBatch) -> list[Row]:
    """The spans of a batch, in order."""
    rows: list[Row] = batch.record_batch.cast(_PLAIN_SCHEMA).to_pylist()
    return rows


def to_batch(rows: Iterable[Row]) -> SpanBatch:
    """A batch of these spans, in order."""
    return SpanBatch(pa.RecordBatch.from_pylist(list(rows), schema=SPAN_SCHEMA))


def identity(row: Row) -> Hashable:
    """Equal for spans that are equal in every column, and only for those."""
    return _frozen(row)


def end(row: Row) -> int:
    """Where the span's interval ends; a negative duration counts as 0."""
    return int(row["start_time_unix_nano"]) + max(0, int(row["duration_nano"]))


def attributes(row: Row, scope: Scope) -> list[tuple[str, AttributeType, Value]]:
    """The attributes of one scope as (key, type, value), duplicates kept; events and links one after the other."""
    match scope:
        case Scope.SPAN:
            return [(item["key"], AttributeType(item["type"]), _span_value(item)) for item in row["attributes"]]
        case Scope.RESOURCE:
            return _bag(row["resource_attributes"])
        case Scope.SCOPE:
            return _bag(row["scope_attributes"])
        case Scope.EVENT:
            return [found for event in row["events"] for found in _bag(event["attributes"])]
        case Scope.LINK:
            return [found for link in row["links"] for found in _bag(link["attributes"])]
        case Scope.ANY:
            return [found for one in EVERY_SCOPE for found in attributes(row, one)]


EVERY_SCOPE = tuple(scope for scope in Scope if scope is not Scope.ANY)


def _bag(text: str) -> list[tuple[str, AttributeType, Value]]:
    return [(key, _type_of(value), value) for key, value in read_bag(text)]


def _span_value(item: Row) -> Value:
    match item["type"]:
        case AttributeType.EMPTY:
            return None
        case AttributeType.STRING:
            return str(item["text"].decode())
        case AttributeType.BOOL:
            return bool(item["number"])
        case AttributeType.INT:
            return int(item["number"])
        case AttributeType.DOUBLE:
            return float(struct.unpack("<d", struct.pack("<q", item["number"]))[0])
        case AttributeType.BYTES:
            return bytes(item["text"])
    return read_value(item["text"].decode())


def _type_of(value: Value) -> AttributeType:
    match value:
        case None:
            return AttributeType.EMPTY
        case str():
            return AttributeType.STRING
        case bool():
            return AttributeType.BOOL
        case int():
            return AttributeType.INT
        case float():
            return AttributeType.DOUBLE
        case bytes():
            return AttributeType.BYTES
        case list():
            return AttributeType.ARRAY
    return AttributeType.MAP


def _frozen(value: Any) -> Hashable:
    if isinstance(value, dict):
        return tuple(_frozen(item) for item in value.values())
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return value  # type: ignore[no-any-return]


def _plain(data_type: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(data_type):
        return _plain(data_type.value_type)
    if pa.types.is_timestamp(data_type):
        return pa.int64()
    if pa.types.is_struct(data_type):
        return pa.struct([field.with_type(_plain(field.type)) for field in data_type])
    if pa.types.is_list(data_type):
        return pa.list_(data_type.value_field.with_type(_plain(data_type.value_type)))
    return data_type


_PLAIN_SCHEMA = pa.schema([field.with_type(_plain(field.type)) for field in SPAN_SCHEMA])
