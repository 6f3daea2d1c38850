"""Zipkin's complaint about its protobuf and its Thrift: the steps of its own readers over a direct buffer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from lymer.receivers.complaints.retelling import Complaint
from lymer.receivers.complaints.zipkin_span import Span, V1Ids

_SIZES: Final = {2: 1, 3: 1, 6: 2, 8: 4, 4: 8, 10: 8}
_SKIPPED: Final = {*_SIZES, 11, 12, 13, 14, 15}
"""Types of Thrift that Zipkin steps over."""
_CHARACTERS: Final = 256
"""Of the array in which Zipkin decodes short text; Java's complaints name it."""


class Buffer:
    """Zipkin's ReadBuffer over a ByteBuffer."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.at = 0

    @property
    def available(self) -> int:
        return len(self._body) - self.at

    def require(self, size: int) -> None:
        if self.available < size:
            raise Complaint(f"Truncated: length {size} > bytes available {self.available}")

    def number(self, size: int) -> int:
        """Signed, big end first."""
        self.require(size)
        self.at += size
        return int.from_bytes(self._body[self.at - size : self.at], "big", signed=True)

    def byte(self) -> int:
        self.require(1)
        self.at += 1
        return self._body[self.at - 1]

    def text(self, size: int) -> str:
        if size < 0:
            raise Complaint(f"offset 0, count {size}, length {_CHARACTERS}")
        return self.bytes(size).decode("utf-8", "replace")

    def bytes(self, size: int) -> bytes:
        self.require(size)
        if size < 0:
            raise Complaint(str(size))
        self.at += size
        return self._body[self.at - size : self.at]

    def hex(self, size: int) -> str:
        if size > 32:
            raise Complaint(f"hex field greater than 32 chars long: {size}")
        if size < 0:
            raise Complaint(f"offset 0, count {2 * size}, length {_CHARACTERS}")
        return self.bytes(size).hex()

    def skip(self, size: int) -> int:
        """As it is there: to the end, when less than that is to be skipped."""
        skipped = max(self.available, size)
        if skipped > self.available:
            raise Complaint(f"newPosition > limit: ({self.at + skipped} > {len(self._body)})")
        self.at += skipped
        return skipped

    def varint32(self) -> int:
        result = 0
        for shift in (0, 7, 14, 21, 28):
            byte = self.byte()
            if shift == 28 and byte & 0xF0:
                raise Complaint(f"Greater than 32-bit varint at position {self.at - 1}")
            result |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
        return result - (1 << 32) if result >= 1 << 31 else result

    def varint64(self) -> None:
        for place in range(10):
            byte = self.byte()
            if place == 9 and byte & 0xF0:
                raise Complaint(f"Greater than 64-bit varint at position {self.at - 1}")
            if byte < 0x80:
                return


def read_proto(body: bytes) -> None:
    """Zipkin's steps over a ListOfSpans. Raises Complaint."""
    buffer = Buffer(body)
    try:
        while buffer.available:
            buffer.varint32()
            length = buffer.varint32()
            if length == 0:
                return
            buffer.require(length)
            _proto_span(buffer, buffer.at + length)
    except Complaint as complaint:
        cause = "Malformed" if "Malformed" in str(complaint) else str(complaint)
        raise Complaint(f"{cause} reading List<Span> from proto3") from complaint


def _proto_span(buffer: Buffer, end: int) -> None:
    span = Span()
    fields: dict[int, Callable[[], object]] = {
        0x0A: lambda: span.trace_id(_delimited(buffer, buffer.hex)),
        0x12: lambda: span.parent_id(_delimited(buffer, buffer.hex)),
        0x1A: lambda: span.id(_delimited(buffer, buffer.hex)),
        0x20: lambda: span.kind_number(buffer.varint32()),
        0x2A: lambda: _delimited(buffer, buffer.text),
        0x31: lambda: buffer.number(8),
        0x38: buffer.varint64,
        0x42: lambda: _proto_inner(buffer, {0x0A: buffer.text, 0x12: buffer.bytes, 0x1A: buffer.bytes}, port=0x20),
        0x4A: lambda: _proto_inner(buffer, {0x0A: buffer.text, 0x12: buffer.bytes, 0x1A: buffer.bytes}, port=0x20),
        0x52: lambda: _proto_inner(buffer, {0x12: buffer.text}, fixed=0x09),
        0x5A: lambda: _proto_inner(buffer, {0x0A: buffer.text, 0x12: buffer.text}),
        0x60: lambda: _proto_bool(buffer),
        0x68: lambda: _proto_bool(buffer),
    }
    while buffer.at < end:
        key = buffer.varint32()
        if key in fields:
            fields[key]()
        else:
            _proto_skip(buffer, key)
    span.build()


def _delimited(buffer: Buffer, read: Callable[[int], str]) -> str | None:
    length = buffer.varint32()
    return read(length) if length else None


def _proto_inner(buffer: Buffer, fields: dict[int, Callable[[int], object]], *, port: int = 0, fixed: int = 0) -> None:
    """An endpoint, an annotation or a tag."""
    length = buffer.varint32()
    end = buffer.at + length
    while length and buffer.at < end:
        key = buffer.varint32()
        if key in fields:
            inner = buffer.varint32()
            if inner:
                fields[key](inner)
        elif key == port:
            check_port(buffer.varint32())
        elif key == fixed:
            buffer.number(8)
        else:
            _proto_skip(buffer, key)


def _proto_bool(buffer: Buffer) -> None:
    if buffer.byte() > 1:
        raise Complaint("Malformed")


def _proto_skip(buffer: Buffer, key: int) -> None:
    match key & 7:
        case 0:
            for _ in range(buffer.available):
                if buffer.byte() < 0x80:
                    break
        case 1:
            buffer.skip(8)
        case 2:
            buffer.skip(buffer.varint32())
        case 5:
            buffer.skip(4)
        case _:
            raise Complaint("Malformed")


def check_port(port: int) -> None:
    """As Zipkin's Endpoint does. Raises Complaint."""
    if port > 0xFFFF:
        raise Complaint(f"invalid port {port}")


def read_thrift(body: bytes) -> None:
    """Zipkin's steps over a list of spans of version 1. Raises Complaint."""
    buffer = Buffer(body)
    try:
        for _ in range(_list_length(buffer)):
            _thrift_span(buffer)
    except Complaint as complaint:
        raise Complaint(f"{complaint} reading List<Span> from TBinary") from complaint


def _list_length(buffer: Buffer) -> int:
    buffer.byte()
    return buffer.number(4)


def _thrift_span(buffer: Buffer) -> None:
    ids = V1Ids()
    long = {(10, 5): None, (10, 10): None, (10, 11): None, (10, 12): None}
    for field in _fields(buffer):
        if field == (10, 1):
            ids.trace = buffer.number(8)
        elif field == (10, 4):
            ids.span = buffer.number(8)
        elif field in long:
            buffer.number(8)
        elif field == (11, 3):
            buffer.text(buffer.number(4))
        elif field == (15, 6):
            for _ in range(_list_length(buffer)):
                _thrift_inner(buffer, texts={2}, longs=frozenset({1}), endpoint=3)
        elif field == (15, 8):
            for _ in range(_list_length(buffer)):
                _thrift_inner(buffer, texts={1, 2}, kind=3, endpoint=4)
        elif field == (2, 9):
            buffer.byte()
        else:
            _thrift_skip(buffer, field[0])
    ids.build()


def _fields(buffer: Buffer) -> Iterator[tuple[int, int]]:
    while kind := buffer.byte():
        yield kind, buffer.number(2)


def _thrift_inner(
    buffer: Buffer, *, texts: set[int], longs: frozenset[int] = frozenset(), kind: int = 0, endpoint: int = 0
) -> None:
    """An annotation of either sort."""
    for type_, number in _fields(buffer):
        if type_ == 11 and number in texts:
            buffer.text(buffer.number(4))
        elif type_ == 10 and number in longs:
            buffer.number(8)
        elif type_ == 8 and number == kind:
            buffer.number(4)
        elif type_ == 12 and number == endpoint:
            _thrift_endpoint(buffer)
        else:
            _thrift_skip(buffer, type_)


def _thrift_endpoint(buffer: Buffer) -> None:
    for field in _fields(buffer):
        match field:
            case (8, 1):
                buffer.number(4)
            case (6, 2):
                buffer.number(2)
            case (11, 3):
                buffer.text(buffer.number(4))
            case (11, 4):
                buffer.bytes(buffer.number(4))
            case _:
                _thrift_skip(buffer, field[0])


def _thrift_skip(buffer: Buffer, kind: int) -> None:
    """Values of unknown types take no bytes there; however many they are, nothing is done for them."""
    if kind in _SIZES:
        buffer.skip(_SIZES[kind])
    elif kind == 11:
        buffer.skip(buffer.number(4))
    elif kind == 12:
        for inner, _ in _fields(buffer):
            _thrift_skip(buffer, inner)
    elif kind == 13:
        key, value, count = buffer.byte(), buffer.byte(), buffer.number(4)
        for _ in range(count if key in _SKIPPED or value in _SKIPPED else 0):
            _thrift_skip(buffer, key)
            _thrift_skip(buffer, value)
    elif kind in (14, 15):
        element, count = buffer.byte(), buffer.number(4)
        for _ in range(count if element in _SKIPPED else 0):
            _thrift_skip(buffer, element)
