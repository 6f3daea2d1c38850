"""Spans as Zipkin v2 JSON, as OpenTelemetry's transformation to Zipkin says."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from opentelemetry.trace import SpanKind

from lymer_sdk.jaeger_thrift import scope_tags, text_of
from lymer_sdk.resource import Resource
from lymer_sdk.span import DEBUG, Event, Span

_PEER_NAMES = ("peer.service", "server.address", "net.peer.name", "peer.hostname", "network.peer.address")
_STATUSES = {1: "OK", 2: "ERROR"}


def encode_spans(spans: Iterable[Span], resource: Resource) -> bytes:
    """The JSON of a POST to `/api/v2/spans`."""
    local = {"serviceName": text_of(resource.attributes.get("service.name", "unknown_service"))}
    return json.dumps([_span(span, local) for span in spans], separators=(",", ":")).encode()


def _span(span: Span, local: dict[str, str]) -> dict[str, Any]:
    written: dict[str, Any] = {
        "traceId": f"{span.trace_id:032x}",
        "id": f"{span.span_id:016x}",
        "name": span.name,
        "timestamp": max(span.start_time // 1000, 1),
        "duration": max((span.end_time - span.start_time) // 1000, 1),
        "localEndpoint": local,
        "tags": _tags(span),
    }
    if span.parent_span_id:
        written["parentId"] = f"{span.parent_span_id:016x}"
    if span.kind is not SpanKind.INTERNAL:
        written["kind"] = span.kind.name
        if span.kind in (SpanKind.CLIENT, SpanKind.PRODUCER) and (peer := _peer(span)):
            written["remoteEndpoint"] = peer
    if span.events:
        written["annotations"] = [_annotation(event) for event in span.events]
    if span.flags & DEBUG:
        written["debug"] = True
    return written


def _tags(span: Span) -> dict[str, str]:
    tags = {key: text_of(value) for key, value in span.attributes.items()}
    tags.update((key, text_of(value)) for key, value in scope_tags(span))
    if span.status_code:
        tags["otel.status_code"] = _STATUSES[span.status_code]
    if span.status_code == 2:
        tags["error"] = span.status_message or "true"
    return tags


def _annotation(event: Event) -> dict[str, Any]:
    value = event.name
    if event.attributes:
        fields = {key: text_of(item) if isinstance(item, bytes) else item for key, item in event.attributes.items()}
        value = json.dumps({event.name: fields}, default=text_of)
    return {"timestamp": max(event.time_unix_nano // 1000, 1), "value": value}


def _peer(span: Span) -> dict[str, Any] | None:
    for name in _PEER_NAMES:
        if name in span.attributes:
            return {"serviceName": text_of(span.attributes[name])}
    return None
