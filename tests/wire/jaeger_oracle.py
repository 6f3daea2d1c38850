"""What a Jaeger batch means, said once more and slowly: the rules of the collector's translator, over plain dicts."""

from __future__ import annotations

import struct
from collections import Counter
from typing import Any

from lymer.model.attributes import AttributeType, write_bag
from tests.wire.jaeger_examples import Batch, Tag

Row = dict[str, Any]

_TYPES = {
    "STRING": AttributeType.STRING,
    "BOOL": AttributeType.BOOL,
    "LONG": AttributeType.INT,
    "DOUBLE": AttributeType.DOUBLE,
    "BINARY": AttributeType.BYTES,
}
_KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
_STATUS = {"OK": 1, "ERROR": 2}
TIME_MAX = 2**63 - 1


def expected(batch: Batch) -> tuple[list[Row], Counter[str]]:
    """Rows and refusals."""
    rows: list[Row] = []
    refused: Counter[str] = Counter()
    resource = _resource(batch["process"])
    for span in batch["spans"]:
        reason = _refusal(span)
        if reason:
            refused[reason] += 1
        else:
            rows.append(_span(span) | (_resource(span["process"]) if span.get("process") else resource))
    return rows, refused


def _refusal(span: dict[str, Any]) -> str:
    if not span["trace_id"]:
        return "trace id must be 16 bytes, not zero"
    if not span["span_id"]:
        return "span id must be 8 bytes, not zero"
    if span["start"] * 1000 > TIME_MAX:
        return "start time must be before the year 2262"
    if any(log["timestamp"] * 1000 > TIME_MAX for log in span["logs"]):
        return "event time must be before the year 2262"
    return ""


def _resource(process: dict[str, Any]) -> Row:
    keys = [key for key, _, _ in process["tags"]]
    pairs: list[tuple[str, Any]] = []
    if process["service_name"]:
        pairs.append(("service.name", process["service_name"]))
    for key, kind, value in process["tags"]:
        if key == "hostname" and "host.name" not in keys:
            pairs.append(("host.name", value))
        elif key == "jaeger.version" and kind == "STRING" and "opencensus.exporterversion" not in keys:
            pairs.append(("opencensus.exporterversion", f"Jaeger-{value}"))
        else:
            pairs.append((key, value))
    return {
        "service_name": process["service_name"],
        "resource_attributes": write_bag(pairs),
        "resource_dropped_attributes_count": 0,
        "resource_entity_refs": b"",
        "resource_schema_url": "",
        "scope_attributes": "",
        "scope_dropped_attributes_count": 0,
        "scope_schema_url": "",
    }


def _span(span: dict[str, Any]) -> Row:
    tags = list(span["tags"])
    kind = _take(tags, lambda key, type_, value: key == "span.kind" and type_ == "STRING" and value in _KINDS)
    failed = _take(tags, lambda key, type_, value: key == "error" and value is True)
    status = _take(
        tags, lambda key, type_, value: key == "otel.status_code" and type_ == "STRING" and value.upper() in _STATUS
    )
    description = _take(tags, lambda key, _, value: key == "otel.status_description" and bool(value))
    trace_state = _take(tags, lambda key, _, value: key == "w3c.tracestate" and bool(value))
    scope = _take(tags, lambda key, _, value: key in ("otel.scope.name", "otel.library.name"))
    version = _take(tags, lambda key, _, value: key == "otel.scope.version")
    http = [_number(value) for key, _, value in span["tags"] if key == "http.status_code"]
    messages = [value for key, _, value in span["tags"] if key == "http.status_message"]
    message = messages[-1] if messages else ""
    number = _KINDS[kind[2]] if kind else 0
    code, text = 0, ""
    if failed:
        code, text = 2, description[2] if description else message
    elif status:
        code, text = _STATUS[status[2].upper()], description[2] if description else ""
    elif http and http[-1] is not None and _is_http_error(http[-1], number):
        code, text = 2, description[2] if description else message
    elif description:
        tags.append(description)
    parent = _parent(span)
    return {
        "trace_id": span["trace_id"].to_bytes(16, "big"),
        "span_id": span["span_id"].to_bytes(8, "big"),
        "parent_span_id": parent.to_bytes(8, "big") if parent else None,
        "trace_state": trace_state[2] if trace_state else "",
        "flags": span["flags"],
        "name": span["name"],
        "kind": number,
        "start_time_unix_nano": span["start"] * 1000,
        "duration_nano": span["duration"] * 1000,
        "status_code": code,
        "status_message": text,
        "attributes": [_attribute(tag) for tag in tags],
        "dropped_attributes_count": 0,
        "events": [_event(log) for log in span["logs"]],
        "dropped_events_count": 0,
        "links": [_link(one) for one in span["references"] if not _says_parent(span, one, parent)],
        "dropped_links_count": 0,
        "scope_name": scope[2] if scope else "",
        "scope_version": version[2] if version else "",
    }


def _take(tags: list[Tag], wanted: Any) -> Tag | None:
    for position, (key, kind, value) in enumerate(tags):
        if wanted(key, kind, value):
            return tags.pop(position)
    return None


def _number(value: Any) -> int | None:
    if isinstance(value, int):
        return value
    return int(value) if value.isdigit() else None


def _is_http_error(status: int, kind: int) -> bool:
    if 400 <= status < 500:
        return kind != 2
    return not 100 <= status < 400


def _parent(span: dict[str, Any]) -> int:
    if span["parent_span_id"]:
        return int(span["parent_span_id"])
    here = [one for one in span["references"] if one["trace_id"] == span["trace_id"] and one["span_id"]]
    children = [one for one in here if one["type"] == "CHILD_OF"]
    found = (children or here)[:1]
    return int(found[0]["span_id"]) if found else 0


def _says_parent(span: dict[str, Any], reference: dict[str, Any], parent: int) -> bool:
    same = (reference["trace_id"], reference["span_id"]) == (span["trace_id"], parent)
    return same and reference["type"] == "CHILD_OF"


def _link(reference: dict[str, Any]) -> Row:
    return {
        "trace_id": reference["trace_id"].to_bytes(16, "big"),
        "span_id": reference["span_id"].to_bytes(8, "big"),
        "trace_state": "",
        "attributes": write_bag([("opentracing.ref_type", reference["type"].lower())]),
        "dropped_attributes_count": 0,
        "flags": 0,
    }


def _event(log: dict[str, Any]) -> Row:
    fields = list(log["fields"])
    name = _take(fields, lambda key, type_, value: key == "event" and type_ == "STRING" and bool(value))
    return {
        "time_unix_nano": log["timestamp"] * 1000,
        "name": name[2] if name else "",
        "attributes": write_bag([(key, value) for key, _, value in fields]),
        "dropped_attributes_count": 0,
    }


def _attribute(tag: Tag) -> Row:
    key, kind, value = tag
    number, text = 0, b""
    if kind == "DOUBLE":
        number = struct.unpack("<q", struct.pack("<d", value))[0]
    elif kind in ("BOOL", "LONG"):
        number = int(value)
    else:
        text = value.encode() if isinstance(value, str) else value
    return {"key": key, "type": int(_TYPES[kind]), "number": number, "text": text}
