"""What a store says of traces: summaries, pages of them, operations, attribute counts, the service graph.

Answers of reads only. A whole trace is a `SpanBatch`; there is no span class.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

SERVICE_COUNT = pa.struct(
    [
        pa.field("name", pa.string(), nullable=False),
        pa.field("span_count", pa.int64(), nullable=False),
        pa.field("error_count", pa.int64(), nullable=False),
    ]
)

SUMMARY_SCHEMA = pa.schema(
    [
        pa.field("trace_id", pa.binary(16), nullable=False),
        pa.field("start_time_unix_nano", pa.int64(), nullable=False),
        pa.field("duration_nano", pa.int64(), nullable=False),
        pa.field("span_count", pa.int64(), nullable=False),
        pa.field("error_count", pa.int64(), nullable=False),
        pa.field("orphan_count", pa.int64(), nullable=False),
        pa.field("root_service", pa.string(), nullable=False),
        pa.field("root_name", pa.string(), nullable=False),
        pa.field("services", pa.list_(pa.field("item", SERVICE_COUNT, nullable=False)), nullable=False),
    ]
)
"""A row per trace. Start: the earliest span's. Duration: to the latest end of a span's interval, so never negative.
Error: status is error. Orphan, root, interval: docs/specs/structure.md. Services: sorted by name."""

ATTRIBUTE_KEYS_SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("scope", pa.string(), nullable=False),
        pa.field("type", pa.uint8(), nullable=False),
        pa.field("span_count", pa.int64(), nullable=False),
    ]
)
"""A row per key, scope (`span`, `resource`, …) and `AttributeType`; how many spans have one. Most frequent first, then
by key, scope, type."""

ATTRIBUTE_VALUES_SCHEMA = pa.schema(
    [pa.field("value", pa.string(), nullable=False), pa.field("span_count", pa.int64(), nullable=False)]
)
"""A row per value as text (`model.attributes.as_text`); how many spans have it. Most frequent first, then by value."""


@dataclass(frozen=True, slots=True)
class TracePage:
    """One page of a search."""

    summaries: pa.Table
    """Of SUMMARY_SCHEMA, in the order asked for."""
    cursor: str | None
    """Where the next page begins; None when this was the last."""
    total: int | None
    """How many traces match in all, when that was asked for."""


@dataclass(frozen=True, slots=True, order=True)
class Operation:
    """A span name of a service with its kind (`server`, `client`, …, `unspecified`)."""

    name: str
    kind: str


GRAPH_SCHEMA = pa.schema(
    [
        pa.field("parent", pa.string(), nullable=False),
        pa.field("child", pa.string(), nullable=False),
        pa.field("call_count", pa.int64(), nullable=False),
        pa.field("error_count", pa.int64(), nullable=False),
        pa.field("p50_nano", pa.int64(), nullable=False),
        pa.field("p95_nano", pa.int64(), nullable=False),
        pa.field("p99_nano", pa.int64(), nullable=False),
    ]
)
"""A row per (calling service, called service), sorted. A call is a span whose parent span is of another service and in
the same trace; the durations and errors are those of the called span. Exact: the p-th percentile of n durations is
the ceil(p * n)-th smallest. A span that several spans could be the parent of (shared ids) has the parent that
`storage.base.SpanReader.service_graph` names."""

KIND_NAMES = ("unspecified", "internal", "server", "client", "producer", "consumer")
STATUS_NAMES = ("unset", "ok", "error")


def kind_name(kind: int) -> str:
    """The kind's name; kinds from the future are `unspecified`."""
    return KIND_NAMES[kind] if 0 <= kind < len(KIND_NAMES) else KIND_NAMES[0]


def status_name(code: int) -> str:
    """The status code's name; codes from the future are `unset`."""
    return STATUS_NAMES[code] if 0 <= code < len(STATUS_NAMES) else STATUS_NAMES[0]
