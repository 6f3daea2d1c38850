"""Spans as OTLP's JSON: the request of `otlp.encode_request` in its other spelling, for receivers and for files.

OTLP/JSON is protobuf's JSON with ids in hex and enums as numbers; 64-bit integers are texts.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from lymer_sdk.resource import Resource
from lymer_sdk.span import Event, RecordedLink, Span
from lymer_sdk.tracer import Tracer

_HAS_IS_REMOTE, _IS_REMOTE = 0x100, 0x200


def encode_json(spans: Iterable[Span], resource: Resource) -> bytes:
    """An ExportTraceServiceRequest in one line."""
    scopes = [_scope_spans(tracer, group) for tracer, group in groupby(spans, key=lambda span: span.tracer)]
    sent: dict[str, Any] = {"resource": {"attributes": _attributes(resource.attributes)}, "scopeSpans": scopes}
    if resource.schema_url:
        sent["schemaUrl"] = resource.schema_url
    return json.dumps({"resourceSpans": [sent]}, separators=(",", ":")).encode()


def _scope_spans(tracer: Tracer, spans: Iterable[Span]) -> dict[str, Any]:
    scope: dict[str, Any] = {"name": tracer.name}
    if tracer.version:
        scope["version"] = tracer.version
    if tracer.attributes:
        scope["attributes"] = _attributes(tracer.attributes)
    sent: dict[str, Any] = {"scope": scope, "spans": [_span(span) for span in spans]}
    if tracer.schema_url:
        sent["schemaUrl"] = tracer.schema_url
    return sent


def _span(span: Span) -> dict[str, Any]:
    flags = span.flags & 0xFF | _HAS_IS_REMOTE | (_IS_REMOTE if span.parent_remote else 0)
    sent: dict[str, Any] = {
        "traceId": f"{span.trace_id:032x}",
        "spanId": f"{span.span_id:016x}",
        "name": span.name,
        "kind": span.kind.value + 1,
        "startTimeUnixNano": str(span.start_time),
        "endTimeUnixNano": str(span.end_time),
        "flags": flags,
    }
    optional = {
        "parentSpanId": f"{span.parent_span_id:016x}" if span.parent_span_id else "",
        "traceState": span.trace_state.to_header() if span.trace_state else "",
        "attributes": _attributes(span.attributes),
        "droppedAttributesCount": span.dropped_attributes,
        "events": [_event(event) for event in span.events or ()],
        "droppedEventsCount": span.dropped_events,
        "links": [_link(link) for link in span.links or ()],
        "droppedLinksCount": span.dropped_links,
        "status": _status(span),
    }
    sent.update((name, value) for name, value in optional.items() if value)
    return sent


def _status(span: Span) -> dict[str, Any]:
    status: dict[str, Any] = {"code": span.status_code} if span.status_code else {}
    return {**status, "message": span.status_message} if span.status_message else status


def _event(event: Event) -> dict[str, Any]:
    sent: dict[str, Any] = {"timeUnixNano": str(event.time_unix_nano), "name": event.name}
    return _with_attributes(sent, event.attributes, event.dropped_attributes)


def _link(link: RecordedLink) -> dict[str, Any]:
    context = link.context
    flags = int(context.trace_flags) & 0xFF | _HAS_IS_REMOTE | (_IS_REMOTE if context.is_remote else 0)
    sent: dict[str, Any] = {
        "traceId": f"{context.trace_id:032x}",
        "spanId": f"{context.span_id:016x}",
        "flags": flags,
    }
    if context.trace_state:
        sent["traceState"] = context.trace_state.to_header()
    return _with_attributes(sent, link.attributes, link.dropped_attributes)


def _with_attributes(sent: dict[str, Any], attributes: Mapping[str, Any], dropped: int) -> dict[str, Any]:
    if attributes:
        sent["attributes"] = _attributes(attributes)
    if dropped:
        sent["droppedAttributesCount"] = dropped
    return sent


def _attributes(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in attributes.items()]


def _value(value: Any) -> dict[str, Any]:
    kind = value.__class__
    if kind is str:
        return {"stringValue": value.encode("utf-8", "replace").decode()}
    if kind is bool:
        return {"boolValue": value}
    if kind is int:
        return {"intValue": str(value)} if -(1 << 63) <= value < 1 << 63 else {"stringValue": str(value)}
    if kind is float:
        return {"doubleValue": value if math.isfinite(value) else _no_number(value)}
    if kind is bytes:
        return {"bytesValue": base64.b64encode(value).decode()}
    if kind is tuple:
        return {"arrayValue": {"values": [_value(item) for item in value]}}
    return {}


def _no_number(value: float) -> str:
    """As protobuf's JSON writes what JSON has no number for."""
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
