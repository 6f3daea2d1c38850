"""Spans for tests: a dict of THE schema's columns, made from little, and a batch of them.

Times are nanoseconds after `NOON`, ids small numbers, attributes plain Python values. Not for anything but tests.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from lymer.model.attributes import AttributeType, Value, write_bag, write_value
from lymer.model.batch import SpanBatch
from lymer.model.schema import SPAN_SCHEMA
from lymer.model.trace import KIND_NAMES, STATUS_NAMES
from lymer.storage.memory.rows import Row, identity, to_rows

NOON: Final = 1_700_000_000_000_000_000
"""When the tests' spans happen; `component.clock.ManualClock` begins here."""

Bag = Mapping[str, Value] | Sequence[tuple[str, Value]]


def trace_id(number: int) -> bytes:
    """The trace id with this number."""
    return number.to_bytes(16, "big")


def span_id(number: int) -> bytes:
    """The span id with this number."""
    return number.to_bytes(8, "big")


def span(
    trace: int = 1,
    id: int = 1,  # noqa: A002  OTLP's word
    parent: int | None = None,
    *,
    start: int = 0,
    duration: int = 1_000,
    service: str = "shop",
    name: str = "work",
    kind: str = "internal",
    status: str = "unset",
    attributes: Bag = (),
    resource: Bag = (),
    scope: Bag = (),
    events: Iterable[Row] = (),
    links: Iterable[Row] = (),
    **columns: Any,
) -> Row:
    """One span; `columns` are set as they are."""
    row: Row = {
        "trace_id": trace_id(trace),
        "span_id": span_id(id),
        "parent_span_id": None if parent is None else span_id(parent),
        "trace_state": "",
        "flags": 0,
        "name": name,
        "kind": KIND_NAMES.index(kind),
        "start_time_unix_nano": NOON + start,
        "duration_nano": duration,
        "status_code": STATUS_NAMES.index(status),
        "status_message": "",
        "attributes": [_attribute(key, value) for key, value in _pairs(attributes)],
        "dropped_attributes_count": 0,
        "events": list(events),
        "dropped_events_count": 0,
        "links": list(links),
        "dropped_links_count": 0,
        "service_name": service,
        "resource_attributes": write_bag([("service.name", service), *_pairs(resource)]),
        "resource_dropped_attributes_count": 0,
        "resource_entity_refs": b"",
        "resource_schema_url": "",
        "scope_name": "",
        "scope_version": "",
        "scope_attributes": write_bag(_pairs(scope)),
        "scope_dropped_attributes_count": 0,
        "scope_schema_url": "",
    }
    unknown = columns.keys() - row.keys()
    if unknown:
        raise TypeError(f"not columns of a span: {sorted(unknown)}")
    return row | columns


def event(name: str = "log", at: int = 0, attributes: Bag = (), dropped: int = 0) -> Row:
    """Something that happened during a span."""
    return {
        "time_unix_nano": NOON + at,
        "name": name,
        "attributes": write_bag(_pairs(attributes)),
        "dropped_attributes_count": dropped,
    }


def link(trace: int = 99, id: int = 99, attributes: Bag = (), **fields: Any) -> Row:  # noqa: A002  OTLP's word
    """Another span that a span has to do with."""
    return {
        "trace_id": trace_id(trace),
        "span_id": span_id(id),
        "trace_state": "",
        "attributes": write_bag(_pairs(attributes)),
        "dropped_attributes_count": 0,
        "flags": 0,
    } | fields


def batch(rows: Iterable[Row]) -> SpanBatch:
    """The spans as a batch."""
    return SpanBatch.from_record_batch(pa.RecordBatch.from_pylist(list(rows), schema=SPAN_SCHEMA))


def same_spans(found: Iterable[Row], expected: Iterable[Row]) -> bool:
    """Whether these are the same spans, in any order."""
    return sorted(map(repr, map(identity, found))) == sorted(map(repr, map(identity, expected)))


def _pairs(bag: Bag) -> list[tuple[str, Value]]:
    return list(bag.items() if isinstance(bag, Mapping) else bag)


def _attribute(key: str, value: Value) -> Row:
    type_, number, text = AttributeType.EMPTY, 0, b""
    match value:
        case str():
            type_, text = AttributeType.STRING, value.encode()
        case bool():
            type_, number = AttributeType.BOOL, int(value)
        case int():
            type_, number = AttributeType.INT, value
        case float():
            type_, number = AttributeType.DOUBLE, struct.unpack("<q", struct.pack("<d", value))[0]
        case bytes():
            type_, text = AttributeType.BYTES, value
        case list():
            type_, text = AttributeType.ARRAY, write_value(value).encode()
        case tuple():
            type_, text = AttributeType.MAP, write_value(value).encode()
    return {"key": key, "type": int(type_), "number": number, "text": text}


__all__ = ["NOON", "Bag", "Row", "batch", "event", "link", "same_spans", "span", "span_id", "to_rows", "trace_id"]
