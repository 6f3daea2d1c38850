"""What a Zipkin span of version 2 means, said once more and slowly: the rules of the collector's translator."""

from __future__ import annotations

import re
from typing import Any

from lymer.model.attributes import read_bag, write_bag
from lymer.model.schema import MISSING_SERVICE_NAME
from tests.wire.zipkin_examples import Span

Row = dict[str, Any]

_OF_RESOURCE = re.compile(r"(k8s|service|process)\.(?!name)")
_KIND = {"SERVER": 2, "CLIENT": 3, "PRODUCER": 4, "CONSUMER": 5}
_STATUS = {"OK": 1, "ERROR": 2, "STATUS_CODE_ERROR": 2}


def expected(span: Span) -> Row:
    """The row of a span that is not refused."""
    tags = dict(span["tags"])
    of_resource = {key: tags.pop(key) for key in list(tags) if _OF_RESOURCE.match(key)}
    code = _take_status_code(tags)
    message = tags.pop("otel.status_description", "")
    kind = _KIND.get(span.get("kind", ""), 0)
    if not kind and tags.get("span.kind") == "internal":
        kind = 1
        del tags["span.kind"]
    row = {
        "trace_state": tags.pop("w3c.tracestate", ""),
        "scope_name": tags.pop("otel.scope.name", ""),
        "scope_version": tags.pop("otel.library.version", "") or tags.pop("otel.scope.version", ""),
    }
    if message and not code:
        tags["otel.status_description"], message = message, ""
    service_name = span.get("localEndpoint", {}).get("serviceName", "")
    annotations = span.get("annotations", [])
    moments = [one["timestamp"] for one in annotations if one["timestamp"]]
    start = span.get("timestamp") or min(moments, default=0)
    parent = span.get("parentId", "")
    bag = ([("service.name", service_name)] if service_name else []) + list(of_resource.items())
    return row | {
        "trace_id": bytes.fromhex(span["traceId"]).rjust(16, b"\0"),
        "span_id": bytes.fromhex(span["id"]),
        "parent_span_id": bytes.fromhex(parent) if parent and parent != span["id"] and int(parent, 16) else None,
        "flags": 3 if span.get("debug") else 0,
        "name": span.get("name", ""),
        "kind": kind,
        "start_time_unix_nano": start * 1000,
        "duration_nano": span.get("duration", 0) * 1000,
        "status_code": code,
        "status_message": message,
        "attributes": _attributes(span, tags),
        "dropped_attributes_count": 0,
        "events": [_event(one) for one in annotations],
        "dropped_events_count": 0,
        "links": [],
        "dropped_links_count": 0,
        "service_name": service_name or MISSING_SERVICE_NAME,
        "resource_attributes": write_bag(bag),
        "resource_dropped_attributes_count": 0,
        "resource_entity_refs": b"",
        "resource_schema_url": "",
        "scope_attributes": "",
        "scope_dropped_attributes_count": 0,
        "scope_schema_url": "",
    }


def _attributes(span: Span, tags: dict[str, str]) -> list[Row]:
    """Of the tags that say nothing else, then of what has no column of its own."""
    remote = span.get("remoteEndpoint", {})
    return (
        [_text(key, value) for key, value in tags.items()]
        + _address(span.get("localEndpoint", {}), "net.host")
        + [_text("peer.service", remote.get("serviceName", ""))] * ("serviceName" in remote)
        + _address(remote, "net.peer")
        + [_true("zipkin.shared")] * span.get("shared", False)
        + [_true("zipkin.debug")] * span.get("debug", False)
        + [_true("otel.zipkin.absentField.startTime")] * ("timestamp" not in span)
    )


def _take_status_code(tags: dict[str, str]) -> int:
    code = _STATUS.get(tags.get("otel.status_code", ""), 0)
    if code:
        del tags["otel.status_code"]
    if tags.get("error", "false") != "false":
        code = 2
    if tags.get("error") == "true":
        del tags["error"]
    return code


def _address(endpoint: Span, prefix: str) -> list[Row]:
    found = [_text(f"{prefix}.ip", endpoint[key]) for key in ("ipv4", "ipv6") if key in endpoint]
    if "port" in endpoint:
        found.append({"key": f"{prefix}.port", "type": 3, "number": endpoint["port"], "text": b""})
    return found


def _text(key: str, value: str) -> Row:
    return {"key": key, "type": 1, "number": 0, "text": value.encode()}


def _true(key: str) -> Row:
    return {"key": key, "type": 2, "number": 1, "text": b""}


def _event(annotation: Span) -> Row:
    name, attributes, dropped = annotation["value"], "", 0
    parts = re.fullmatch(r"([^|]*)\|(\{.*\})\|(0|[1-9][0-9]*)", name)
    if parts and (parts[2], parts[3]) != ("{}", "0"):
        name, attributes, dropped = parts[1], write_bag(read_bag(parts[2])), int(parts[3])
    return {
        "time_unix_nano": annotation["timestamp"] * 1000,
        "name": name,
        "attributes": attributes,
        "dropped_attributes_count": dropped,
    }
