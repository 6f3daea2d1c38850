"""The other side of `jaeger.storage.v2`: questions out, answers in, for a store that speaks as Jaeger's."""

from __future__ import annotations

from typing import Final

from lymer.component.errors import DecodeError
from lymer.model.trace import Operation
from lymer.wire.jaeger_storage import StorageQuestion
from lymer.wire.protobuf import bytes_field, integer_field, read_fields, text_field

_NANO: Final = 1_000_000_000
_UINT64: Final = 1 << 64
_KIND_UNKNOWN: Final = "unspecified"


def encode_get_traces(trace_ids: list[bytes]) -> bytes:
    """A GetTracesRequest."""
    return b"".join(bytes_field(1, bytes_field(1, one)) for one in trace_ids)


def encode_get_operations(service: str, kind: str | None) -> bytes:
    """A GetOperationsRequest."""
    return text_field(1, service) + text_field(2, kind or "")


def encode_question(question: StorageQuestion) -> bytes:
    """A FindTracesRequest."""
    attributes = (
        bytes_field(3, text_field(1, key) + bytes_field(2, bytes_field(1, value.encode())))
        for key, value in question.attributes.items()
    )
    return bytes_field(
        1,
        b"".join(
            (
                text_field(1, question.service),
                text_field(2, question.operation),
                *attributes,
                _time(4, question.start_min_nano),
                _time(5, question.start_max_nano),
                _time(6, question.duration_min_nano),
                _time(7, question.duration_max_nano),
                integer_field(8, question.depth),
            )
        ),
    )


def decode_services(answer: bytes) -> list[str]:
    """The names of a GetServicesResponse. Raises DecodeError."""
    return [_text(value) for number, value in read_fields(answer) if number == 1]


def decode_operations(answer: bytes) -> list[Operation]:
    """The operations of a GetOperationsResponse. Raises DecodeError."""
    found = []
    for number, value in read_fields(answer):
        if number == 1 and isinstance(value, bytes):
            fields = dict(read_fields(value))
            found.append(Operation(_text(fields.get(1, b"")), _text(fields.get(2, b"")) or _KIND_UNKNOWN))
    return found


def _time(number: int, nano: int | None) -> bytes:
    """A Timestamp or a Duration, which look the same."""
    if nano is None:
        return b""
    seconds, nanos = divmod(nano, _NANO)
    return bytes_field(number, integer_field(1, seconds % _UINT64) + integer_field(2, nanos))


def _text(value: object) -> str:
    if not isinstance(value, bytes):
        raise DecodeError("a field has another type than it should have")
    return value.decode(errors="replace")
