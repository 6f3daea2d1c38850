"""OTLP requests for tests, made with the official classes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from bench.otlp_bytes import tagged

SECOND = 10**9


def now_nano() -> int:
    return time.time_ns()


def span(trace: int | bytes, number: int, *, parent: int | None = None, **fields: Any) -> Span:
    """A span that began ten seconds ago and took a millisecond, unless told otherwise; ids are small numbers."""
    start = fields.pop("start", now_nano() - 10 * SECOND)
    attributes = fields.pop("attributes", {})
    return Span(
        trace_id=trace if isinstance(trace, bytes) else trace.to_bytes(16, "big"),
        span_id=number.to_bytes(8, "big"),
        parent_span_id=b"" if parent is None else parent.to_bytes(8, "big"),
        name=fields.pop("name", "work"),
        start_time_unix_nano=start,
        end_time_unix_nano=fields.pop("end", start + 10**6),
        attributes=key_values(attributes),
        **fields,
    )


def request(service: str, spans: Iterable[Span], resource: Mapping[str, Any] | None = None) -> bytes:
    """A request of one resource and one scope."""
    message = ExportTraceServiceRequest()
    group = message.resource_spans.add()
    group.resource.attributes.extend(key_values({"service.name": service, **(resource or {})}))
    group.scope_spans.add().spans.extend(spans)
    return message.SerializeToString()


def wide_request(service: str, trace: int, numbers: range, *, start: int) -> bytes:
    """Spans `number + 1` of a trace in which every span has ten children; quick to make, so written by hand."""
    head = b"\x0a\x10" + trace.to_bytes(16, "big") + b"\x12\x08"
    tail = b"\x2a\x04work\x39" + start.to_bytes(8, "little") + b"\x41" + (start + SECOND).to_bytes(8, "little")
    spans = bytearray()
    for number in numbers:
        parent = b"\x22\x08" + (number // 10).to_bytes(8, "big") if number >= 10 else b""
        body = head + (number + 1).to_bytes(8, "big") + parent + tail
        spans += b"\x12" + bytes((len(body),)) + body
    message = ExportTraceServiceRequest.FromString(request(service, []))
    resource = message.resource_spans[0].resource.SerializeToString()
    return tagged(1, tagged(1, resource) + tagged(2, bytes(spans)))


def key_values(attributes: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_any_value(value)) for key, value in attributes.items()]


def refused(answer: bytes) -> tuple[int, str]:
    """How many spans were refused, and why."""
    partial = ExportTraceServiceResponse.FromString(answer).partial_success
    return partial.rejected_spans, partial.error_message


def _any_value(value: Any) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    return AnyValue(string_value=value)
