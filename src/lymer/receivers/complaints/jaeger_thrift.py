"""Jaeger's complaint about a Batch in Thrift: the words of its generated Go code and of Apache Thrift for Go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from lymer.receivers.complaints.retelling import Complaint

_BOOL, _BYTE, _DOUBLE, _I16, _I32, _I64 = 2, 3, 4, 6, 8, 10
_STRING, _STRUCT, _MAP, _SET, _LIST, _UUID = 11, 12, 13, 14, 15, 16
_SIZES: Final = {_DOUBLE: 8, _I16: 2, _I32: 4, _I64: 8, _UUID: 16}
_MESSAGE_BYTES_MAX: Final = 100 << 20
_BUFFER_BYTES: Final = 64
_DEPTH_MAX: Final = 64
_BINARY: Final = ("Tag", 7)
"""The one field of bytes, which Go reads in another way than text."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Struct:
    """The fields that the Go code knows, by id: a type, or the struct of a field or of a list's elements."""

    name: str
    plain: dict[int, int]
    structs: dict[int, str]
    lists: dict[int, str]
    required: dict[int, str]


_STRUCTS: Final = {
    struct.name: struct
    for struct in (
        _Struct("Batch", {3: _I64}, {1: "Process", 4: "ClientStats"}, {2: "Span"}, {1: "Process", 2: "Spans"}),
        _Struct("Process", {1: _STRING}, {}, {2: "Tag"}, {1: "ServiceName"}),
        _Struct(
            "ClientStats",
            {1: _I64, 2: _I64, 3: _I64},
            {},
            {},
            {1: "FullQueueDroppedSpans", 2: "TooLargeDroppedSpans", 3: "FailedToEmitSpans"},
        ),
        _Struct(
            "Span",
            {1: _I64, 2: _I64, 3: _I64, 4: _I64, 5: _STRING, 7: _I32, 8: _I64, 9: _I64},
            {},
            {6: "SpanRef", 10: "Tag", 11: "Log"},
            {
                1: "TraceIdLow",
                2: "TraceIdHigh",
                3: "SpanId",
                4: "ParentSpanId",
                5: "OperationName",
                7: "Flags",
                8: "StartTime",
                9: "Duration",
            },
        ),
        _Struct(
            "SpanRef",
            {1: _I32, 2: _I64, 3: _I64, 4: _I64},
            {},
            {},
            {1: "RefType", 2: "TraceIdLow", 3: "TraceIdHigh", 4: "SpanId"},
        ),
        _Struct("Log", {1: _I64}, {}, {2: "Tag"}, {1: "Timestamp", 2: "Fields"}),
        _Struct(
            "Tag",
            {1: _STRING, 2: _I32, 3: _STRING, 4: _DOUBLE, 5: _BOOL, 6: _I64, 7: _STRING},
            {},
            {},
            {1: "Key", 2: "VType"},
        ),
    )
}


def read_batch(body: bytes) -> None:
    """Jaeger's steps over a body of `POST /api/traces`. Raises Complaint."""
    _Reader(body).struct(_STRUCTS["Batch"])


class _Reader:
    """Thrift's binary protocol as Go reads it. Small numbers go through one buffer, whose old bytes can be seen."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0
        self._buffer = bytearray(_BUFFER_BYTES)

    def struct(self, struct: _Struct) -> None:
        seen: set[int] = set()
        while (field := self._field_begin(struct))[0]:
            if self._known(struct, *field):
                seen.add(field[1])
        for number, name in struct.required.items():
            if number not in seen:
                raise Complaint(f"Required field {name} is not set")

    def _field_begin(self, struct: _Struct) -> tuple[int, int]:
        number = 0
        try:
            kind = self._byte()
            if kind:
                number, complaint = self._small(2)
                if complaint:
                    raise complaint
        except Complaint as complaint:
            raise Complaint(f"*jaeger.{struct.name} field {number} read error: {complaint}") from complaint
        return kind, number

    def _known(self, struct: _Struct, kind: int, number: int) -> bool:
        """Read one field; whether it was one that Jaeger knows, of its type."""
        if kind == struct.plain.get(number):
            read = self._binary if (struct.name, number) == _BINARY else lambda: self._skip(kind, _DEPTH_MAX)
            _within(f"error reading field {number}: ", read)
        elif kind == _STRUCT and number in struct.structs:
            self._nested(struct.structs[number])
        elif kind == _LIST and number in struct.lists:
            size = _within("error reading list begin: ", self._list_begin)[1]
            for _ in range(size):
                self._nested(struct.lists[number])
        else:
            self._skip(kind, _DEPTH_MAX)
            return False
        return True

    def _nested(self, name: str) -> None:
        _within(f"*jaeger.{name} error reading struct: ", lambda: self.struct(_STRUCTS[name]))

    def _skip(self, kind: int, depth: int) -> None:
        if depth <= 0:
            raise Complaint("Depth limit exceeded")
        if kind in (_BOOL, _BYTE):
            self._byte()
        elif kind in _SIZES:
            self._number(_SIZES[kind])
        elif kind == _STRING:
            self._text()
        elif kind == _STRUCT:
            while inner := self._byte():
                self._number(2)
                self._skip(inner, depth - 1)
        elif kind == _MAP:
            key, value, size = self._byte(), self._byte(), self._size()
            for _ in range(size):
                self._skip(key, depth - 1)
                self._skip(value, depth - 1)
        elif kind in (_SET, _LIST):
            element, size = self._list_begin()
            for _ in range(size):
                self._skip(element, depth - 1)
        else:
            raise Complaint(f"Unknown data type {kind}")

    def _list_begin(self) -> tuple[int, int]:
        return self._byte(), self._size()

    def _text(self) -> None:
        size = self._size()
        if 0 < size < _BUFFER_BYTES:
            self._number(size)
        else:
            self._step_over(size)

    def _binary(self) -> None:
        self._step_over(self._size())

    def _step_over(self, size: int) -> None:
        if self._at + size > len(self._body):
            raise Complaint("EOF")
        self._at += size

    def _size(self) -> int:
        size = self._number(4)
        if size < 0:
            raise Complaint(f"negative size: {size}")
        if size > _MESSAGE_BYTES_MAX:
            raise Complaint(f"size exceeded max allowed: {size}")
        return size

    def _byte(self) -> int:
        if self._at >= len(self._body):
            raise Complaint("EOF")
        self._at += 1
        return self._body[self._at - 1]

    def _number(self, size: int) -> int:
        number, complaint = self._small(size)
        if complaint:
            raise complaint
        return number

    def _small(self, size: int) -> tuple[int, Complaint | None]:
        """What the buffer says afterwards, also where the body ended before it was full."""
        chunk = self._body[self._at : self._at + size]
        self._buffer[: len(chunk)] = chunk
        self._at += len(chunk)
        number = int.from_bytes(self._buffer[:size], "big", signed=True)
        if len(chunk) == size:
            return number, None
        return number, Complaint("unexpected EOF" if chunk else "EOF")


def _within(words: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except Complaint as complaint:
        raise Complaint(f"{words}{complaint}") from complaint
