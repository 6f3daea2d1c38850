"""Spans as Jaeger's Thrift batches, for agents (UDP) and collectors (HTTP 14268).

What OpenTelemetry has and Jaeger has not becomes tags, as "OpenTelemetry to Jaeger Transformation" says; links become
references. Tags repeat, so their encoded forms are kept; the cache is bounded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from opentelemetry.trace import SpanKind

from lymer_sdk.resource import Resource
from lymer_sdk.span import DEBUG, SAMPLED, Event, RecordedLink, Span
from lymer_sdk.thrift_protocol import DOUBLE, I32, I64, LIST, STOP, STRUCT, TEXT, ThriftProtocol

REFERENCE_TYPE = "opentracing.ref_type"
_KINDS = {kind: kind.name.lower() for kind in SpanKind if kind is not SpanKind.INTERNAL}
_STATUSES = {1: "OK", 2: "ERROR"}
_U64 = (1 << 64) - 1
_STRING, _DOUBLE, _BOOL, _LONG, _BINARY = range(5)


class JaegerThrift:
    """Writes the structs of jaeger.thrift in one protocol."""

    def __init__(self, protocol: ThriftProtocol) -> None:
        self._protocol = protocol
        headers = protocol.headers
        self._key, self._type, self._string = headers((1, TEXT), (2, I32), (3, TEXT))
        self._double = headers((1, TEXT), (2, I32), (4, DOUBLE))[2]
        self._long = headers((1, TEXT), (2, I32), (6, I64))[2]
        self._bytes = headers((1, TEXT), (2, I32), (7, TEXT))[2]
        self._log = headers((1, I64), (2, LIST))
        self._reference = headers((1, I32), (2, I64), (3, I64), (4, I64))
        self._process = headers((1, TEXT), (2, LIST))
        self._batch = headers((1, STRUCT), (2, LIST))
        self._arguments = headers((1, STRUCT))[0]
        kinds = (I64, I64, I64, I64, TEXT, LIST, I32, I64, I64, LIST, LIST)
        self._span = headers(*enumerate(kinds, 1))
        self._text_tag = lru_cache(maxsize=4096)(self._make_text_tag)

    def message(self, process: bytes, spans: list[bytes]) -> bytes:
        """One `emitBatch`: what fits into a datagram."""
        return self._protocol.oneway(b"emitBatch") + self._arguments + self.batch(process, spans) + STOP

    def batch(self, process: bytes, spans: list[bytes]) -> bytes:
        """A Batch."""
        return self._batch[0] + process + self._batch[1] + self._protocol.structs(spans) + STOP

    def process(self, resource: Resource) -> bytes:
        """A Process: the service's name, and the rest of the resource as tags."""
        attributes = dict(resource.attributes)
        name = str(attributes.pop("service.name", "unknown_service"))
        tags = self._protocol.structs(self._tag(key, value) for key, value in attributes.items())
        return self._process[0] + self._text(name) + self._process[1] + tags + STOP

    def span(self, span: Span) -> bytes:
        """A Span."""
        i64, head = self._protocol.i64, self._span
        tags = [self._tag(key, value) for key, value in span.attributes.items()]
        tags += [self._tag(key, value) for key, value in _said_in_tags(span)]
        flags = (1 if span.flags & SAMPLED else 0) | (2 if span.flags & DEBUG else 0)
        start_us = (span.start_time & _U64) // 1000
        return b"".join(
            (
                head[0],
                i64(span.trace_id & _U64),
                head[1],
                i64(span.trace_id >> 64),
                head[2],
                i64(span.span_id),
                head[3],
                i64(span.parent_span_id),
                head[4],
                self._text(span.name),
                head[5],
                self._protocol.structs(self._span_reference(link) for link in span.links or ()),
                head[6],
                self._protocol.i32(flags),
                head[7],
                i64(start_us),
                head[8],
                i64(max((span.end_time & _U64) // 1000 - start_us, 0)),
                head[9],
                self._protocol.structs(tags),
                head[10],
                self._protocol.structs(self._span_log(event) for event in span.events or ()),
                STOP,
            )
        )

    def _span_log(self, event: Event) -> bytes:
        fields = [self._tag("event", event.name)]
        fields += [self._tag(key, value) for key, value in event.attributes.items() if key != "event"]
        at = self._protocol.i64((event.time_unix_nano & _U64) // 1000)
        return self._log[0] + at + self._log[1] + self._protocol.structs(fields) + STOP

    def _span_reference(self, link: RecordedLink) -> bytes:
        """Links follow, unless OpenTracing said otherwise."""
        i64, head = self._protocol.i64, self._reference
        kind = 0 if link.attributes.get(REFERENCE_TYPE) == "child_of" else 1
        low, high = link.context.trace_id & _U64, link.context.trace_id >> 64
        ids = (i64(low), i64(high), i64(link.context.span_id))
        written = b"".join(header + value for header, value in zip(head[1:], ids, strict=True))
        return head[0] + self._protocol.i32(kind) + written + STOP

    def _tag(self, key: str, value: Any) -> bytes:
        kind = value.__class__
        if kind is str and len(value) <= 64:
            return self._text_tag(key, value)
        protocol = self._protocol
        if kind is bool:
            return self._head(key, _BOOL) + protocol.bool_field(2, 5, value) + STOP
        if kind is int and -(1 << 63) <= value < 1 << 63:
            return self._head(key, _LONG) + self._long + protocol.i64(value & _U64) + STOP
        if kind is float:
            return self._head(key, _DOUBLE) + self._double + protocol.double(value) + STOP
        if kind is bytes:
            return self._head(key, _BINARY) + self._bytes + protocol.text(value) + STOP
        return self._make_text_tag(key, value if kind is str else text_of(value))

    def _make_text_tag(self, key: str, value: str) -> bytes:
        return self._head(key, _STRING) + self._string + self._text(value) + STOP

    def _head(self, key: str, kind: int) -> bytes:
        return self._key + self._text(key) + self._type + self._protocol.i32(kind)

    def _text(self, text: str) -> bytes:
        return self._protocol.text(text.encode("utf-8", "replace"))


def text_of(value: Any) -> str:
    """A value for formats that have texts alone: booleans in lower case, sequences as JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return json.dumps(value, default=lambda item: item.hex() if isinstance(item, bytes) else str(item))
    return value.hex() if isinstance(value, bytes) else str(value)


def scope_tags(span: Span) -> Iterator[tuple[str, Any]]:
    """Which instrumentation made the span, and what was too much for it."""
    if span.tracer.name:
        yield "otel.scope.name", span.tracer.name
    if span.tracer.version:
        yield "otel.scope.version", span.tracer.version
    counts: Mapping[str, int] = {
        "otel.dropped_attributes_count": span.dropped_attributes,
        "otel.dropped_events_count": span.dropped_events,
        "otel.dropped_links_count": span.dropped_links,
    }
    yield from ((name, count) for name, count in counts.items() if count)


def _said_in_tags(span: Span) -> Iterator[tuple[str, Any]]:
    if span.kind in _KINDS:
        yield "span.kind", _KINDS[span.kind]
    if span.status_code:
        yield "otel.status_code", _STATUSES[span.status_code]
        if span.status_code == 2:
            yield "error", True
        if span.status_message:
            yield "otel.status_description", span.status_message
    if span.trace_state:
        yield "w3c.tracestate", span.trace_state.to_header()
    yield from scope_tags(span)
