"""Random Jaeger batches as plain dicts, in the words of Jaeger's Thrift. Times are microseconds; a tag is
(key, type, value), types by name."""

from __future__ import annotations

import random
from typing import Any

Tag = tuple[str, str, Any]
Batch = dict[str, Any]

_KEYS = ["http.method", "db", "", "é", "span.kindness", "event", "x" * 200, "hostname", "jaeger.version", "host.name"]
_SPECIAL: list[Tag] = [
    ("span.kind", "STRING", "server"),
    ("span.kind", "STRING", "client"),
    ("span.kind", "STRING", "producer"),
    ("span.kind", "STRING", "consumer"),
    ("span.kind", "STRING", "internal"),
    ("span.kind", "STRING", "sideways"),
    ("span.kind", "LONG", 3),
    ("error", "BOOL", True),
    ("error", "BOOL", False),
    ("error", "STRING", "true"),
    ("otel.status_code", "STRING", "OK"),
    ("otel.status_code", "STRING", "error"),
    ("otel.status_code", "STRING", "UNSET"),
    ("otel.status_description", "STRING", "it broke"),
    ("otel.status_description", "STRING", ""),
    ("w3c.tracestate", "STRING", "a=b"),
    ("otel.scope.name", "STRING", "lib"),
    ("otel.scope.version", "STRING", "1.2"),
    ("otel.library.name", "STRING", "old"),
    ("http.status_code", "LONG", 404),
    ("http.status_code", "STRING", "503"),
    ("http.status_code", "LONG", 200),
    ("http.status_code", "STRING", "ok"),
    ("http.status_message", "STRING", "Not there"),
]


def tag(rnd: random.Random) -> Tag:
    if rnd.random() < 0.3:
        return rnd.choice(_SPECIAL)
    key = rnd.choice(_KEYS)
    kind = rnd.choice(["STRING", "BOOL", "LONG", "DOUBLE", "BINARY"])
    return key, kind, value(rnd, kind)


def value(rnd: random.Random, kind: str) -> Any:
    match kind:
        case "STRING":
            return rnd.choice(["", "GET", 'ü\n"', "v" * 300])
        case "BOOL":
            return rnd.random() < 0.5
        case "LONG":
            return rnd.choice([0, -1, 42, 2**63 - 1, -(2**63)])
        case "DOUBLE":
            return rnd.choice([0.0, -0.0, 1.5, 1e300, float("inf")])
    return rnd.randbytes(rnd.randrange(20))


def tags(rnd: random.Random, count: int) -> list[Tag]:
    return [tag(rnd) for _ in range(rnd.randrange(count + 1))]


def span(rnd: random.Random, trace_id: int) -> dict[str, Any]:
    parent = rnd.choice([0, 0, rnd.getrandbits(64), 7])
    return {
        "trace_id": 0 if rnd.random() < 0.05 else trace_id,
        "span_id": rnd.choice([rnd.getrandbits(64), rnd.getrandbits(64), 1, 2**64 - 1, 0]),
        "parent_span_id": parent,
        "name": rnd.choice(["GET /", "", "Ω"]),
        "references": [
            {
                "type": rnd.choice(["CHILD_OF", "FOLLOWS_FROM"]),
                "trace_id": rnd.choice([trace_id, trace_id, rnd.getrandbits(128)]),
                "span_id": rnd.choice([parent, 7, rnd.getrandbits(64)]),
            }
            for _ in range(rnd.choice([0, 0, 1, 2, 3]))
        ],
        "flags": rnd.choice([0, 1, 3, 11, 1]),
        "start": rnd.choice([1_763_000_000_000_000, 0, 5, 2**63 - 1]) if rnd.random() < 0.2 else rnd.randrange(2**50),
        "duration": rnd.choice([0, 1, 10**9, -5]),
        "tags": tags(rnd, 8),
        "logs": [
            {
                "timestamp": rnd.choice([rnd.randrange(2**50), 2**62]) if rnd.random() < 0.1 else rnd.randrange(2**50),
                "fields": log_fields(rnd),
            }
            for _ in range(rnd.choice([0, 0, 1, 3]))
        ],
    }


def log_fields(rnd: random.Random) -> list[Tag]:
    fields = tags(rnd, 3)
    if rnd.random() < 0.6:
        fields.insert(rnd.randrange(len(fields) + 1), ("event", "STRING", rnd.choice(["retry", ""])))
    return fields


def batch(rnd: random.Random, spans: int = 10) -> Batch:
    trace_id = rnd.choice([rnd.getrandbits(128), rnd.getrandbits(64)])
    return {
        "process": {"service_name": rnd.choice(["frontend", "frontend", ""]), "tags": tags(rnd, 6)},
        "spans": [span(rnd, trace_id) for _ in range(rnd.randrange(spans + 1))],
    }
