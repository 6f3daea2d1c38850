"""Spans as an OTLP ExportTraceServiceRequest, written by hand: no protobuf library, no object for a message.

Field numbers are those of opentelemetry-proto's trace.proto, common.proto and resource.proto. Keys and names repeat, so
their encoded forms are kept; the caches are bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import groupby
from struct import Struct
from typing import Any

from lymer_sdk.resource import Resource
from lymer_sdk.span import Event, RecordedLink, Span
from lymer_sdk.speedups import native
from lymer_sdk.tracer import Tracer

_times = Struct("<BQBQ").pack
_flags = Struct("<BBI").pack
_double = Struct("<Bd").pack
_fixed64 = Struct("<BQ").pack
_VARINTS = tuple(bytes([n]) for n in range(128))
_BOOLS = {True: b"\x12\x02\x10\x01", False: b"\x12\x02\x10\x00"}
_HAS_IS_REMOTE, _IS_REMOTE = 0x100, 0x200
_U64 = (1 << 64) - 1
_KEPT_LENGTH_MAX = 128


def encode_request(spans: Iterable[Span], resource: Resource) -> bytes:
    """The request of these spans; those of one tracer that follow each other share a scope."""
    spans = tuple(spans)
    scopes = None if native is None else native.encode_spans(spans, _around_spans, _link)
    if scopes is None:
        groups = groupby(spans, key=lambda span: span.tracer)
        scopes = b"".join([_field(0x12, _scope_spans(tracer, group)) for tracer, group in groups])
    body = _field(0x0A, encode_resource(resource)) + scopes
    if resource.schema_url:
        body += _text(0x1A, resource.schema_url)
    return _field(0x0A, body)


def refused_of(answer: bytes) -> int:
    """rejected_spans of an ExportTraceServiceResponse: field 1 of field 1."""
    if len(answer) < 4 or answer[0] != 0x0A or answer[2] != 0x08:
        return 0
    count = shift = 0
    for byte in answer[3:13]:
        count |= (byte & 127) << shift
        if byte < 128:
            return count
        shift += 7
    return 0


def encode_resource(resource: Resource) -> bytes:
    """A Resource message."""
    return _attributes(0x0A, resource.attributes)


def encode_span(span: Span) -> bytes:
    """A Span message."""
    parts = [b"\x0a\x10", span.trace_id.to_bytes(16), b"\x12\x08", span.span_id.to_bytes(8)]
    if span.trace_state:
        parts.append(_text(0x1A, span.trace_state.to_header()))
    flags = span.flags & 0xFF | _HAS_IS_REMOTE
    if span.parent_span_id:
        parts += (b"\x22\x08", span.parent_span_id.to_bytes(8))
        if span.parent_remote:
            flags |= _IS_REMOTE
    name = span.name
    parts.append(_name(name) if len(name) <= _KEPT_LENGTH_MAX else _text(0x2A, name))
    parts.append(b"\x30" + _VARINTS[span.kind.value + 1])
    parts.append(_times(0x39, span.start_time & _U64, 0x41, span.end_time & _U64))
    for key, value in span.attributes.items():
        pair = _key(key) + _value(value)
        size = len(pair)
        parts += (b"\x4a", _VARINTS[size] if size < 128 else _varint(size), pair)
    if span.dropped_attributes:
        parts.append(b"\x50" + _varint(span.dropped_attributes))
    parts += [_field(0x5A, _event(event)) for event in span.events or ()]
    if span.dropped_events:
        parts.append(b"\x60" + _varint(span.dropped_events))
    parts += [_field(0x6A, _link(link)) for link in span.links or ()]
    if span.dropped_links:
        parts.append(b"\x70" + _varint(span.dropped_links))
    if span.status_code or span.status_message:
        status = (
            (_text(0x12, span.status_message) if span.status_message else b"") + b"\x18" + _VARINTS[span.status_code]
        )
        parts.append(_field(0x7A, status))
    parts.append(_flags(0x85, 0x01, flags))
    return b"".join(parts)


def _scope_spans(tracer: Tracer, spans: Iterable[Span]) -> bytes:
    start, end = _around_spans(tracer)
    parts = [start]
    for span in spans:
        message = encode_span(span)
        parts += (b"\x12", _varint(len(message)), message)
    parts.append(end)
    return b"".join(parts)


def _around_spans(tracer: Tracer) -> tuple[bytes, bytes]:
    """What comes before and after the spans of a ScopeSpans message."""
    scope = (
        _text(0x0A, tracer.name)
        + (_text(0x12, tracer.version) if tracer.version else b"")
        + _attributes(0x1A, tracer.attributes)
    )
    return _field(0x0A, scope), _text(0x1A, tracer.schema_url) if tracer.schema_url else b""


def _event(event: Event) -> bytes:
    body = _fixed64(0x09, event.time_unix_nano & _U64) + _text(0x12, event.name) + _attributes(0x1A, event.attributes)
    return body + (b"\x20" + _varint(event.dropped_attributes) if event.dropped_attributes else b"")


def _link(link: RecordedLink) -> bytes:
    context = link.context
    parts = [b"\x0a\x10", context.trace_id.to_bytes(16), b"\x12\x08", context.span_id.to_bytes(8)]
    if context.trace_state:
        parts.append(_text(0x1A, context.trace_state.to_header()))
    parts.append(_attributes(0x22, link.attributes))
    if link.dropped_attributes:
        parts.append(b"\x28" + _varint(link.dropped_attributes))
    flags = int(context.trace_flags) & 0xFF | _HAS_IS_REMOTE | (_IS_REMOTE if context.is_remote else 0)
    parts.append(b"\x35" + flags.to_bytes(4, "little"))
    return b"".join(parts)


def _attributes(tag: int, attributes: Mapping[str, Any]) -> bytes:
    return b"".join([_field(tag, _key(key) + _value(value)) for key, value in attributes.items()])


def _value(value: Any) -> bytes:
    """Field 2 of a KeyValue: the AnyValue with its tag and length."""
    kind = value.__class__
    if kind is str:
        return _string_value(value) if len(value) <= 64 else _field(0x12, _text(0x0A, value))
    if kind is bool:
        return _BOOLS[value]
    return _field(0x12, _any_value(value))


def _any_value(value: Any) -> bytes:
    kind = value.__class__
    if kind is str:
        return _text(0x0A, value)
    if kind is bool:
        return b"\x10\x01" if value else b"\x10\x00"
    if kind is int:
        if not -(1 << 63) <= value < 1 << 63:
            return _text(0x0A, str(value))
        return b"\x18" + _varint(value & 0xFFFF_FFFF_FFFF_FFFF)
    if kind is float:
        return _double(0x21, value)
    if kind is bytes:
        return _field(0x3A, value)
    if kind is tuple:
        return _field(0x2A, b"".join([_field(0x0A, _any_value(item)) for item in value]))
    return b""


@lru_cache(maxsize=4096)
def _key(key: str) -> bytes:
    return _text(0x0A, key)


@lru_cache(maxsize=4096)
def _name(name: str) -> bytes:
    return _text(0x2A, name)


@lru_cache(maxsize=4096)
def _string_value(value: str) -> bytes:
    return _field(0x12, _text(0x0A, value))


def _text(tag: int, text: str) -> bytes:
    return _field(tag, text.encode("utf-8", "replace"))


def _field(tag: int, body: bytes) -> bytes:
    size = len(body)
    return _VARINTS[tag] + (_VARINTS[size] if size < 128 else _varint(size)) + body


def _varint(n: int) -> bytes:
    if n < 128:
        return _VARINTS[n]
    groups = bytearray()
    while n > 127:
        groups.append(n & 127 | 128)
        n >>= 7
    groups.append(n)
    return bytes(groups)
