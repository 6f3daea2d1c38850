"""Spans in full as the native API shows them: docs/specs/native-api.md, section 2. For some rows at a time."""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Iterable, Sequence
from typing import Any, Final

import pyarrow as pa

from lymer.model.attributes import AttributeType, Pairs, Value, as_text, read_bag, read_value
from lymer.model.batch import SpanBatch
from lymer.model.trace import kind_name, status_name

_SAFE_INT: Final = 2**53
_TYPE_NAMES: Final = {kind.value: kind.name.lower() for kind in AttributeType}


def spans_json(batch: SpanBatch, rows: Sequence[int]) -> list[dict[str, Any]]:
    """The spans, with the row of each in its trace."""
    plain = batch.record_batch
    starts = plain.column("start_time_unix_nano").cast(pa.int64()).to_pylist()
    events = _event_times(plain)
    spans = plain.drop_columns(["start_time_unix_nano", "events"]).to_pylist()
    return [
        _span(span, row, start, span_events)
        for span, row, start, span_events in zip(spans, rows, starts, events, strict=True)
    ]


def attributes_json(bag: str) -> list[dict[str, Any]]:
    """The attributes of a bag's attribute text."""
    return [{"key": key, "type": _type_of(value), "value": plain_json(value)} for key, value in read_bag(bag)]


def plain_json(value: Value) -> Any:
    """The value as JSON that any reader understands: ints beyond 2^53 and odd doubles as text, bytes as base64."""
    match value:
        case bool() | None | str():
            return value
        case int():
            return value if -_SAFE_INT <= value <= _SAFE_INT else str(value)
        case float():
            return value if math.isfinite(value) else as_text(value)
        case bytes():
            return base64.b64encode(value).decode()
        case Pairs():
            return {key: plain_json(item) for key, item in value}
    return [plain_json(item) for item in value]


def attribute_value(kind: int, number: int, text: bytes) -> Value:
    """The value of a span's attribute as THE schema keeps it."""
    match kind:
        case AttributeType.EMPTY:
            return None
        case AttributeType.STRING:
            return text.decode("utf-8", "replace")
        case AttributeType.BOOL:
            return bool(number)
        case AttributeType.INT:
            return number
        case AttributeType.DOUBLE:
            return float(struct.unpack("<d", struct.pack("<q", number))[0])
        case AttributeType.BYTES:
            return text
    return read_value(text.decode("utf-8", "replace"))


def _event_times(plain: pa.RecordBatch) -> list[list[dict[str, Any]]]:
    """The events of each span, with their times as ints: pandas' timestamps would be asked for else."""
    column = plain.column("events")
    items = column.flatten()
    times = items.field("time_unix_nano").cast(pa.int64()).to_pylist()
    rest = [items.field(name).to_pylist() for name in ("name", "attributes", "dropped_attributes_count")]
    events = [
        {
            "timeUnixNano": str(time),
            "name": name,
            "attributes": attributes_json(bag),
            "droppedAttributesCount": dropped,
        }
        for time, name, bag, dropped in zip(times, *rest, strict=True)
    ]
    lengths = column.value_lengths().to_pylist()
    ends, end = [], 0
    for length in lengths:
        end += length or 0
        ends.append(end)
    return [events[end - (length or 0) : end] for length, end in zip(lengths, ends, strict=True)]


def _span(span: dict[str, Any], row: int, start: int, events: list[dict[str, Any]]) -> dict[str, Any]:
    parent = span["parent_span_id"]
    return {
        "row": row,
        "spanId": span["span_id"].hex(),
        "parentSpanId": parent.hex() if parent is not None else None,
        "traceState": span["trace_state"],
        "flags": span["flags"],
        "name": span["name"],
        "kind": kind_name(span["kind"]),
        "service": span["service_name"],
        "status": status_name(span["status_code"]),
        "statusMessage": span["status_message"],
        "startTimeUnixNano": str(start),
        "durationNano": span["duration_nano"],
        "attributes": _span_attributes(span["attributes"]),
        "droppedAttributesCount": span["dropped_attributes_count"],
        "resource": {
            "attributes": attributes_json(span["resource_attributes"]),
            "droppedAttributesCount": span["resource_dropped_attributes_count"],
            "schemaUrl": span["resource_schema_url"],
        },
        "scope": {
            "name": span["scope_name"],
            "version": span["scope_version"],
            "attributes": attributes_json(span["scope_attributes"]),
            "droppedAttributesCount": span["scope_dropped_attributes_count"],
            "schemaUrl": span["scope_schema_url"],
        },
        "events": events,
        "droppedEventsCount": span["dropped_events_count"],
        "links": [_link(link) for link in span["links"]],
        "droppedLinksCount": span["dropped_links_count"],
    }


def _span_attributes(items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "key": item["key"],
            "type": _TYPE_NAMES.get(item["type"], "empty"),
            "value": plain_json(attribute_value(item["type"], item["number"], item["text"])),
        }
        for item in items
    ]


def _link(link: dict[str, Any]) -> dict[str, Any]:
    return {
        "traceId": link["trace_id"].hex(),
        "spanId": link["span_id"].hex(),
        "traceState": link["trace_state"],
        "flags": link["flags"],
        "attributes": attributes_json(link["attributes"]),
        "droppedAttributesCount": link["dropped_attributes_count"],
    }


def _type_of(value: Value) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return "bool"
        case str():
            return "string"
        case int():
            return "int"
        case float():
            return "double"
        case bytes():
            return "bytes"
        case Pairs():
            return "map"
    return "array"
