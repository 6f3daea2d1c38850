"""Messages of Jaeger's `jaeger.storage.v2`: questions in, answers out. Traces themselves are OTLP (`otlp_proto`).

Foreign words end here. Not here: what a question means (`query.jaeger_search`), and who answers it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from lymer.component.errors import BadQueryError, DecodeError
from lymer.model.attributes import Pairs, Value, as_text
from lymer.model.ids import TRACE_ID_BYTES
from lymer.model.trace import Operation
from lymer.wire.protobuf import bytes_field, fixed64_field, integer_field, read_fields, text_field

_NANO: Final = 1_000_000_000
_INT64: Final = 1 << 63
_ARRAY, _MAP = 5, 6
_NESTED_MAX: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageQuestion:
    """TraceQueryParameters. None and empty texts ask for nothing."""

    service: str = ""
    operation: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    """By key, the value as text."""
    start_min_nano: int | None = None
    start_max_nano: int | None = None
    duration_min_nano: int | None = None
    duration_max_nano: int | None = None
    depth: int = 0
    """How many traces; 0 leaves it to the store."""


def read_trace_ids(request: bytes) -> list[bytes]:
    """The ids of a GetTracesRequest, each once; its time ranges are hints that we do not need. Raises DecodeError."""
    ids = [_last_bytes(query, 1) for query in _messages(request, 1)]
    return list(dict.fromkeys(one[:TRACE_ID_BYTES].ljust(TRACE_ID_BYTES, b"\0") for one in ids))


def read_operations_request(request: bytes) -> tuple[str, str]:
    """Service and span kind of a GetOperationsRequest. Raises DecodeError."""
    return _text(_last_bytes(request, 1)), _text(_last_bytes(request, 2))


def read_question(request: bytes) -> StorageQuestion:
    """The query of a FindTraces-, FindTraceIDs- or FindTraceSummariesRequest.

    Raises DecodeError; BadQueryError for a structured filter, which must not be taken for no filter.
    """
    query = _last_bytes(request, 1)
    found = dict(read_fields(query))
    if found.get(9):
        raise BadQueryError("structured filters are not enabled")
    return StorageQuestion(
        service=_text(_last_bytes(query, 1)),
        operation=_text(_last_bytes(query, 2)),
        attributes=dict(_attribute(pair) for pair in _messages(query, 3)),
        start_min_nano=_nano(found.get(4)),
        start_max_nano=_nano(found.get(5)),
        duration_min_nano=_nano(found.get(6)),
        duration_max_nano=_nano(found.get(7)),
        depth=_signed(found.get(8, 0)),
    )


def read_time_range(request: bytes) -> tuple[int | None, int | None]:
    """Start and end of a GetDependenciesRequest in nanoseconds. Raises DecodeError."""
    found = dict(read_fields(request))
    return _nano(found.get(1)), _nano(found.get(2))


def encode_services(services: Iterable[str]) -> bytes:
    """A GetServicesResponse."""
    return b"".join(bytes_field(1, name.encode()) for name in services)


def encode_operations(operations: Iterable[Operation]) -> bytes:
    """A GetOperationsResponse; a span without a kind is `internal`, as Jaeger's own stores say it."""
    return b"".join(
        bytes_field(1, text_field(1, one.name) + text_field(2, "internal" if one.kind == "unspecified" else one.kind))
        for one in operations
    )


def encode_trace_ids(summaries: pa.Table) -> bytes:
    """A FindTraceIDsResponse of these summaries, with the time that each trace takes."""
    columns = (summaries.column(name).to_pylist() for name in ("trace_id", "start_time_unix_nano", "duration_nano"))
    return b"".join(
        bytes_field(1, bytes_field(1, trace_id) + _timestamp(2, start) + _timestamp(3, start + duration))
        for trace_id, start, duration in zip(*columns, strict=True)
    )


def encode_summaries(summaries: pa.Table) -> bytes:
    """A FindTraceSummariesResponse."""
    return b"".join(bytes_field(1, _summary(row)) for row in summaries.to_pylist())


def encode_dependencies(graph: pa.Table) -> bytes:
    """A GetDependenciesResponse of the service graph."""
    columns = (graph.column(name).to_pylist() for name in ("parent", "child", "call_count"))
    return b"".join(
        bytes_field(1, text_field(1, parent) + text_field(2, child) + integer_field(3, calls))
        for parent, child, calls in zip(*columns, strict=True)
    )


def encode_capabilities() -> bytes:
    """A GetCapabilitiesResponse: any service at once, all conditions of one span, no structured filters."""
    return bytes_field(1, integer_field(1, 1) + integer_field(2, 1))


def _summary(row: dict[str, Any]) -> bytes:
    start = row["start_time_unix_nano"]
    services = (
        text_field(1, item["name"]) + integer_field(2, item["span_count"]) + integer_field(3, item["error_count"])
        for item in row["services"]
    )
    return b"".join(
        (
            bytes_field(1, row["trace_id"]),
            text_field(2, row["root_service"]),
            text_field(3, row["root_name"]),
            fixed64_field(4, max(start, 0)),
            fixed64_field(5, max(start + row["duration_nano"], 0)),
            integer_field(6, row["span_count"]),
            integer_field(7, row["error_count"]),
            integer_field(8, row["orphan_count"]),
            *(bytes_field(9, service) for service in services),
        )
    )


def _timestamp(number: int, unix_nano: int) -> bytes:
    seconds, nanos = divmod(unix_nano, _NANO)
    return bytes_field(number, integer_field(1, seconds % (1 << 64)) + integer_field(2, nanos))


def _messages(message: bytes, number: int) -> Iterator[bytes]:
    for found, value in read_fields(message):
        if found == number:
            yield _as_bytes(value)


def _last_bytes(message: bytes, number: int) -> bytes:
    """Of a field that should occur once the last one counts, as protobuf says."""
    return next(reversed(list(_messages(message, number))), b"")


def _as_bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise DecodeError("a field has another type than it should have")
    return value


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise DecodeError(f"a text is not UTF-8: {error}") from error


def _signed(value: object) -> int:
    if not isinstance(value, int):
        raise DecodeError("a field has another type than it should have")
    return value - 2 * _INT64 if value >= _INT64 else value


def _nano(value: object) -> int | None:
    """Nanoseconds of a Timestamp or a Duration; the year 1, which is Go's time of zero, is no time."""
    if value is None:
        return None
    found = dict(read_fields(_as_bytes(value)))
    total = _signed(found.get(1, 0)) * _NANO + _signed(found.get(2, 0))
    return total if -_INT64 <= total < _INT64 else None


def _attribute(pair: bytes) -> tuple[str, str]:
    return _text(_last_bytes(pair, 1)), as_text(_any_value(_last_bytes(pair, 2), depth=0))


def _any_value(message: bytes, *, depth: int) -> Value:
    if depth > _NESTED_MAX:
        raise DecodeError(f"a value is nested deeper than {_NESTED_MAX}")
    value: Value = None
    for number, found in read_fields(message):
        if number == 1:
            value = _text(_as_bytes(found))
        elif number == 2:
            value = bool(found)
        elif number == 3:
            value = _signed(found)
        elif number == 4 and isinstance(found, float):
            value = found
        elif number == _ARRAY:
            value = [_any_value(item, depth=depth + 1) for item in _messages(_as_bytes(found), 1)]
        elif number == _MAP:
            pairs = _messages(_as_bytes(found), 1)
            value = Pairs(
                (_text(_last_bytes(pair, 1)), _any_value(_last_bytes(pair, 2), depth=depth + 1)) for pair in pairs
            )
        elif number == 7:
            value = _as_bytes(found)
    return value
