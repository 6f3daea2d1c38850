"""Jaeger's v1 UI JSON on the way in: files that somebody downloaded from a Jaeger page.

It is rewritten as Jaeger's protobuf and decoded as that, so that one decoder says what tags mean. A Python object a
span: for files that people look at, not for traffic. Not here: the way out (`wire.jaeger_json`).
"""

from __future__ import annotations

import base64
from typing import Any, Final

import msgspec

from lymer.component.errors import DecodeError
from lymer.model.batch import SpanBatch
from lymer.model.ids import parse_span_id, parse_trace_id
from lymer.wire.jaeger_proto import decode_jaeger_proto
from lymer.wire.protobuf import bytes_field, double_field, integer_field, text_field

_UNSIGNED: Final = 2**64 - 1
_REFERENCE_TYPES: Final = {"CHILD_OF": 0, "FOLLOWS_FROM": 1}
_STRING, _BOOL, _INT, _DOUBLE, _BINARY = range(5)


class _Tag(msgspec.Struct):
    key: str = ""
    type: str = "string"
    value: Any = None


class _Reference(msgspec.Struct):
    traceID: str  # noqa: N815  Jaeger's word, as all in capitals here.
    spanID: str  # noqa: N815
    refType: str = "CHILD_OF"  # noqa: N815


class _Log(msgspec.Struct):
    timestamp: int | float = 0
    fields: list[_Tag] | None = None


class _Process(msgspec.Struct):
    serviceName: str = ""  # noqa: N815
    tags: list[_Tag] | None = None


class _Span(msgspec.Struct):
    traceID: str  # noqa: N815
    spanID: str  # noqa: N815
    operationName: str = ""  # noqa: N815
    parentSpanID: str | None = None  # noqa: N815
    references: list[_Reference] | None = None
    flags: int | None = None
    startTime: int | float = 0  # noqa: N815
    duration: int | float = 0
    tags: list[_Tag] | None = None
    logs: list[_Log] | None = None
    processID: str = ""  # noqa: N815
    process: _Process | None = None
    warnings: list[str] | None = None


class _Trace(msgspec.Struct):
    spans: list[_Span]
    processes: dict[str, _Process] | None = None


def decode_jaeger_ui_json(traces: list[Any]) -> SpanBatch:
    """The spans of traces of Jaeger's UI JSON, decoded from JSON. Raises DecodeError."""
    try:
        spans = b"".join(_spans(trace) for trace in msgspec.convert(traces, list[_Trace], strict=False))
    except (msgspec.ValidationError, ValueError) as error:
        raise DecodeError(f"not traces as Jaeger's page writes them: {error}") from error
    decoded = decode_jaeger_proto(bytes_field(1, spans))
    if decoded.refused:
        raise DecodeError("; ".join(f"{refusal.reason} ({refusal.count} spans)" for refusal in decoded.refused))
    return decoded.batch


def _spans(trace: _Trace) -> bytes:
    processes = {name: _process(process) for name, process in (trace.processes or {}).items()}
    return b"".join(bytes_field(1, _span(span, processes)) for span in trace.spans)


def _span(span: _Span, processes: dict[str, bytes]) -> bytes:
    process = processes.get(span.processID, b"") if span.process is None else _process(span.process)
    references = list(span.references or ())
    if span.parentSpanID and not references:
        references.append(_Reference(traceID=span.traceID, spanID=span.parentSpanID))
    return b"".join(
        (
            bytes_field(1, parse_trace_id(span.traceID)),
            bytes_field(2, parse_span_id(span.spanID)),
            text_field(3, span.operationName),
            *(bytes_field(4, _reference(reference)) for reference in references),
            integer_field(5, (span.flags or 0) & 0xFFFFFFFF),
            bytes_field(6, _seconds(span.startTime)),
            bytes_field(7, _seconds(span.duration)),
            *(bytes_field(8, _tag(tag)) for tag in span.tags or ()),
            *(bytes_field(9, _log(log)) for log in span.logs or ()),
            bytes_field(10, process),
            *(bytes_field(12, warning.encode()) for warning in span.warnings or ()),
        )
    )


def _process(process: _Process) -> bytes:
    tags = (bytes_field(2, _tag(tag)) for tag in process.tags or ())
    return text_field(1, process.serviceName) + b"".join(tags)


def _reference(reference: _Reference) -> bytes:
    return (
        bytes_field(1, parse_trace_id(reference.traceID))
        + bytes_field(2, parse_span_id(reference.spanID))
        + integer_field(3, _REFERENCE_TYPES.get(reference.refType, 0))
    )


def _log(log: _Log) -> bytes:
    fields = (bytes_field(2, _tag(field)) for field in log.fields or ())
    return bytes_field(1, _seconds(log.timestamp)) + b"".join(fields)


def _tag(tag: _Tag) -> bytes:
    value = tag.value
    key = text_field(1, tag.key)
    match tag.type.lower():
        case "bool":
            is_true = value is True or str(value).lower() == "true"
            return key + integer_field(2, _BOOL) + integer_field(4, int(is_true))
        case "int64" | "long" | "int":
            return key + integer_field(2, _INT) + integer_field(5, int(value) & _UNSIGNED)
        case "float64" | "double":
            return key + integer_field(2, _DOUBLE) + double_field(6, float(value))
        case "binary":
            return key + integer_field(2, _BINARY) + bytes_field(7, base64.b64decode(value or "", validate=True))
    text = value if isinstance(value, str) else "" if value is None else msgspec.json.encode(value).decode()
    return key + text_field(3, text)


def _seconds(microseconds: float) -> bytes:
    """A Timestamp or a Duration. Whole microseconds stay exact."""
    whole = int(microseconds)
    seconds, rest = divmod(whole * 1000 + round((microseconds - whole) * 1000), 1_000_000_000)
    return integer_field(1, seconds & _UNSIGNED) + integer_field(2, rest)
