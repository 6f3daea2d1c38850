"""Spans as plain values, to compare what a client saw with what the API gives back: OTLP JSON in, dicts out."""

from __future__ import annotations

import base64
from typing import Any

PlainSpan = dict[str, Any]


def plain_spans(resource_spans: list[dict[str, Any]]) -> dict[str, PlainSpan]:
    """The spans of OTLP JSON by span id, each with all that OTLP says about it."""
    spans = {}
    for group in resource_spans:
        for scope_spans in group.get("scopeSpans", []):
            for span in scope_spans.get("spans", []):
                spans[span["spanId"]] = _plain_span(group, scope_spans, span)
    return spans


def bag(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    """Attributes of OTLP JSON as plain values; ints stay ints, doubles doubles."""
    return {item["key"]: value(item.get("value", {})) for item in attributes}


def value(any_value: dict[str, Any]) -> Any:
    """A plain value of an AnyValue."""
    for kind, content in any_value.items():
        match kind:
            case "intValue":
                return int(content)
            case "doubleValue":
                return float(content)
            case "bytesValue":
                return base64.b64decode(content)
            case "arrayValue":
                return [value(item) for item in content.get("values", [])]
            case "kvlistValue":
                return bag(content.get("values", []))
            case _:
                return content
    return None


def _plain_span(group: dict[str, Any], scope_spans: dict[str, Any], span: dict[str, Any]) -> PlainSpan:
    scope = scope_spans.get("scope", {})
    status = span.get("status", {})
    return {
        "trace_id": span["traceId"],
        "span_id": span["spanId"],
        "parent_span_id": span.get("parentSpanId", ""),
        "trace_state": span.get("traceState", ""),
        "name": span.get("name", ""),
        "kind": span.get("kind", 0),
        "start": int(span["startTimeUnixNano"]),
        "end": int(span["endTimeUnixNano"]),
        "status": status.get("code", 0),
        "status_message": status.get("message", ""),
        "attributes": bag(span.get("attributes", [])),
        "events": [
            (event.get("name", ""), int(event["timeUnixNano"]), bag(event.get("attributes", [])))
            for event in span.get("events", [])
        ],
        "links": [(link["traceId"], link["spanId"], bag(link.get("attributes", []))) for link in span.get("links", [])],
        "resource": bag(group.get("resource", {}).get("attributes", [])),
        "scope": (scope.get("name", ""), scope.get("version", "")),
    }
