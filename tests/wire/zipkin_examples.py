"""Random Zipkin spans as plain dicts, in the words of version 2's JSON; and the same as version 2's protobuf."""

from __future__ import annotations

import ipaddress
import random
from typing import Any

from tests.wire.descriptors import ZIPKIN

Span = dict[str, Any]

KINDS = ["", "CLIENT", "SERVER", "PRODUCER", "CONSUMER"]
_TAGS = [
    ("http.method", "GET"),
    ("sql.query", 'select "ü"\n' * 20),
    ("error", "true"),
    ("error", "false"),
    ("error", ""),
    ("error", "500"),
    ("otel.status_code", "OK"),
    ("otel.status_code", "ERROR"),
    ("otel.status_code", "STATUS_CODE_ERROR"),
    ("otel.status_code", "perhaps"),
    ("otel.status_description", "it broke"),
    ("span.kind", "internal"),
    ("span.kind", "server"),
    ("w3c.tracestate", "a=b"),
    ("otel.scope.name", "lib"),
    ("otel.library.version", "1"),
    ("service.version", "7"),
    ("k8s.pod.name", "pod-1"),
    ("process.pid", "12"),
    ("peer.service", "tagged"),
    ("", "empty key"),
]


def span(rnd: random.Random) -> Span:
    found: Span = {
        "traceId": rnd.choice([f"{rnd.getrandbits(64) | 1:016x}", f"{rnd.getrandbits(128) | 1:032x}"]),
        "id": f"{rnd.getrandbits(64) | 1:016x}",
        "tags": dict(rnd.sample(_TAGS, rnd.randrange(6))),
    }
    optional: Span = {
        "parentId": rnd.choice([found["id"], f"{rnd.getrandbits(64):016x}"]),
        "name": rnd.choice(["get /", "Ω"]),
        "kind": rnd.choice(KINDS[1:]),
        "timestamp": rnd.randrange(1, 2**50),
        "duration": rnd.randrange(1, 2**40),
        "localEndpoint": endpoint(rnd),
        "remoteEndpoint": endpoint(rnd),
        "annotations": [annotation(rnd) for _ in range(rnd.randrange(4))],
        "debug": True,
        "shared": True,
    }
    return found | {key: value for key, value in optional.items() if rnd.random() < 0.6}


def endpoint(rnd: random.Random) -> Span:
    whole = {
        "serviceName": rnd.choice(["frontend", "db"]),
        "ipv4": "10.0.0.1",
        "ipv6": "2001:db8::1",
        "port": rnd.choice([1, 80, 65535]),
    }
    return {key: value for key, value in whole.items() if rnd.random() < 0.6}


def annotation(rnd: random.Random) -> Span:
    values = ["cs", "retry", "a|b", 'event|{"k":"v","n":[1,2.5]}|3', "x|{broken|1", "y|{}|0", "z|{}|2", "", "|||"]
    return {"timestamp": rnd.randrange(2**50), "value": rnd.choice(values)}


def as_proto(spans: list[Span]) -> bytes:
    """A ListOfSpans, written by upb."""
    return bytes(ZIPKIN["ListOfSpans"](spans=[_span(span) for span in spans]).SerializeToString())


def _span(span: Span) -> Span:
    return {
        "trace_id": bytes.fromhex(span["traceId"]),
        "parent_id": bytes.fromhex(span.get("parentId", "")),
        "id": bytes.fromhex(span["id"]),
        "kind": KINDS.index(span.get("kind", "")),
        "name": span.get("name", "").encode(),
        "timestamp": span.get("timestamp", 0),
        "duration": span.get("duration", 0),
        "local_endpoint": _endpoint(span.get("localEndpoint", {})),
        "remote_endpoint": _endpoint(span.get("remoteEndpoint", {})),
        "annotations": [
            {"timestamp": one["timestamp"], "value": one["value"].encode()} for one in span.get("annotations", [])
        ],
        "tags": [{"key": key.encode(), "value": value.encode()} for key, value in span["tags"].items()],
        "debug": span.get("debug", False),
        "shared": span.get("shared", False),
    }


def _endpoint(endpoint: Span) -> Span:
    return {
        "service_name": endpoint.get("serviceName", "").encode(),
        "ipv4": ipaddress.ip_address(endpoint["ipv4"]).packed if "ipv4" in endpoint else b"",
        "ipv6": ipaddress.ip_address(endpoint["ipv6"]).packed if "ipv6" in endpoint else b"",
        "port": endpoint.get("port", 0),
    }
