"""THE schema: the columns of a `SpanBatch`, a sentence each.

Everything that OTLP can say about a span has a column here, so that what goes out equals what came in.
Other formats are mapped onto it in `wire/`. Two forms hold attributes (docs/adr/0001-attribute-columns.md):

* the attributes of a **span** are a list of (key, type, number, text): they are searched and split into columns;
* the bags of attributes of resources, scopes, events and links are **attribute text**: JSON that keeps order,
  duplicates and types (`model.attributes` has the rules), because they repeat or are rare.

The native core builds the same schema; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

SCHEMA_VERSION = 1
"""Grows when a column is added. Columns are never removed and never change their type."""

STRING = pa.dictionary(pa.int32(), pa.string())
"""Text that repeats from span to span."""

TIME = pa.timestamp("ns", tz="UTC")

ATTRIBUTE = pa.struct(
    [
        pa.field("key", STRING, nullable=False),
        pa.field("type", pa.uint8(), nullable=False),
        pa.field("number", pa.int64(), nullable=False),
        pa.field("text", pa.binary(), nullable=False),
    ]
)
"""One attribute of a span.

`type` is an `AttributeType`. `number` is the int, the bool as 0 or 1, or the bits of the double, else 0. `text` is
the UTF-8 of a string, the bytes of bytes, or the attribute text of an array or a map, else empty.
"""

EVENT = pa.struct(
    [
        pa.field("time_unix_nano", TIME, nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("attributes", pa.string(), nullable=False),
        pa.field("dropped_attributes_count", pa.uint32(), nullable=False),
    ]
)

LINK = pa.struct(
    [
        pa.field("trace_id", pa.binary(16), nullable=False),
        pa.field("span_id", pa.binary(8), nullable=False),
        pa.field("trace_state", pa.string(), nullable=False),
        pa.field("attributes", pa.string(), nullable=False),
        pa.field("dropped_attributes_count", pa.uint32(), nullable=False),
        pa.field("flags", pa.uint32(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the schema: its name, its Arrow type, what it means, and whether a span may lack it."""

    name: str
    type: pa.DataType
    meaning: str
    nullable: bool = False


COLUMNS: tuple[Column, ...] = (
    Column("trace_id", pa.binary(16), "The trace's id, never all zero."),
    Column(
        "span_id", pa.binary(8), "The span's id, never all zero; not unique where clients share ids, as Zipkin's do."
    ),
    Column("parent_span_id", pa.binary(8), "The id of the span that caused this one; null for a root.", nullable=True),
    Column("trace_state", STRING, "W3C tracestate as received, empty when there is none."),
    Column(
        "flags",
        pa.uint32(),
        "OTLP's span flags: the low byte is W3C's trace flags, bits 8 and 9 say if the parent is remote.",
    ),
    Column("name", STRING, "What the span did: OTLP's span name, Jaeger's operation name."),
    Column(
        "kind", pa.int32(), "OTLP's SpanKind: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer."
    ),
    Column("start_time_unix_nano", TIME, "When the span began."),
    Column("duration_nano", pa.int64(), "End minus start, in nanoseconds; negative when the sender's clock ran back."),
    Column("status_code", pa.int32(), "OTLP's status: 0 unset, 1 ok, 2 error."),
    Column("status_message", STRING, "What went wrong, in the sender's words; empty when nothing was said."),
    Column(
        "attributes",
        pa.list_(pa.field("item", ATTRIBUTE, nullable=False)),
        "The span's attributes, in the sender's order, duplicates kept.",
    ),
    Column("dropped_attributes_count", pa.uint32(), "How many attributes the sender dropped."),
    Column(
        "events",
        pa.list_(pa.field("item", EVENT, nullable=False)),
        "What happened during the span, in the sender's order.",
    ),
    Column("dropped_events_count", pa.uint32(), "How many events the sender dropped."),
    Column("links", pa.list_(pa.field("item", LINK, nullable=False)), "Other spans that this one has to do with."),
    Column("dropped_links_count", pa.uint32(), "How many links the sender dropped."),
    Column("service_name", STRING, "The resource's service.name; `missing-service-name` where it has none."),
    Column("resource_attributes", STRING, "The attributes of the sending process, as attribute text."),
    Column("resource_dropped_attributes_count", pa.uint32(), "How many resource attributes the sender dropped."),
    Column(
        "resource_entity_refs",
        pa.dictionary(pa.int32(), pa.binary()),
        "OTLP's Resource.entity_refs as length-delimited protobuf fields, empty when there are none.",
    ),
    Column("resource_schema_url", STRING, "The schema that the resource's attributes follow."),
    Column("scope_name", STRING, "The instrumentation library."),
    Column("scope_version", STRING, "Its version."),
    Column("scope_attributes", STRING, "Its attributes, as attribute text."),
    Column("scope_dropped_attributes_count", pa.uint32(), "How many scope attributes the sender dropped."),
    Column("scope_schema_url", STRING, "The schema that the scope's spans follow."),
)

SPAN_SCHEMA = pa.schema(
    [pa.field(column.name, column.type, nullable=column.nullable) for column in COLUMNS],
    metadata={"lymer.schema_version": str(SCHEMA_VERSION)},
)

MISSING_SERVICE_NAME = "missing-service-name"
"""What `service_name` says of a resource without one, as Jaeger's sanitizer does."""
