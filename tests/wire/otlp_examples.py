"""Requests drawn quickly with `random`, where hypothesis would take too long. All fields, all types of values."""

from __future__ import annotations

import random
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

NOW_NANO = 1_763_000_000_000_000_000


def example(rnd: random.Random, *, spans: int) -> ExportTraceServiceRequest:
    """A request with so many spans in two resources."""
    request = ExportTraceServiceRequest()
    for number in range(2):
        resource_spans = request.resource_spans.add(schema_url=_text(rnd))
        resource_spans.resource.attributes.add(key="service.name").value.string_value = f"service-{number}"
        _bag(rnd, resource_spans.resource.attributes)
        resource_spans.resource.dropped_attributes_count = rnd.randrange(2)
        resource_spans.resource.entity_refs.add(type="service", id_keys=["service.name"])
        scope_spans = resource_spans.scope_spans.add(schema_url=_text(rnd))
        scope_spans.scope.name = _text(rnd)
        scope_spans.scope.version = "1.2"
        _bag(rnd, scope_spans.scope.attributes)
        for _ in range((spans + number) // 2):
            _span(rnd, scope_spans.spans.add())
    return request


def _span(rnd: random.Random, span: Any) -> None:
    span.trace_id = rnd.randbytes(16)
    span.span_id = rnd.randbytes(8)
    span.parent_span_id = rnd.choice([b"", rnd.randbytes(8)])
    span.trace_state = rnd.choice(["", "a=b"])
    span.flags = rnd.choice([0, 1, 0x301])
    span.name = _text(rnd)
    span.kind = rnd.randrange(6)
    span.start_time_unix_nano = NOW_NANO + rnd.randrange(10**9)
    span.end_time_unix_nano = span.start_time_unix_nano + rnd.randrange(-5, 10**9)
    _bag(rnd, span.attributes)
    span.dropped_attributes_count = rnd.randrange(3)
    for _ in range(rnd.randrange(3)):
        event = span.events.add(time_unix_nano=NOW_NANO, name=_text(rnd), dropped_attributes_count=rnd.randrange(2))
        _bag(rnd, event.attributes)
    for _ in range(rnd.randrange(2)):
        link = span.links.add(trace_id=rnd.randbytes(16), span_id=rnd.randbytes(8), trace_state="l=m", flags=1)
        _bag(rnd, link.attributes)
    if rnd.randrange(2):
        span.status.code = rnd.randrange(3)
        span.status.message = _text(rnd)


def _bag(rnd: random.Random, bag: Any) -> None:
    for _ in range(rnd.randrange(4)):
        pair = bag.add(key=rnd.choice(["http.route", "n", "list", "$bytes", _text(rnd)]))
        _value(rnd, pair.value, 3)


def _value(rnd: random.Random, value: Any, depth: int) -> None:
    match rnd.randrange(8 if depth else 6):
        case 0:
            value.string_value = _text(rnd)
        case 1:
            value.bool_value = bool(rnd.randrange(2))
        case 2:
            value.int_value = rnd.choice([0, -1, 2**53, -(2**63), rnd.getrandbits(62)])
        case 3:
            value.double_value = rnd.choice([0.0, -0.0, 1e300, float("nan"), float("-inf"), rnd.random()])
        case 4:
            value.bytes_value = rnd.randbytes(rnd.randrange(5))
        case 5:
            return
        case 6:
            value.array_value.SetInParent()
            for _ in range(rnd.randrange(3)):
                _value(rnd, value.array_value.values.add(), depth - 1)
        case _:
            value.kvlist_value.SetInParent()
            for _ in range(rnd.randrange(3)):
                pair = value.kvlist_value.values.add(key=rnd.choice(["a", "$bytes", "$double", "$$bytes"]))
                _value(rnd, pair.value, depth - 1)


def _text(rnd: random.Random) -> str:
    return rnd.choice(["", "GET /cart", "日本語 🐕", 'a "b" \\ c\n\x01', "x" * rnd.randrange(40)])
