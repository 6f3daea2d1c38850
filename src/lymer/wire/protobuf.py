"""Protobuf's wire format for tiny messages that are written and read by hand, where generated code would cost more.

Not here: spans. Those are decoded natively.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from lymer.component.errors import DecodeError

Value = int | float | bytes
"""A varint or fixed32 as int, a fixed64 as double, a length-delimited field as bytes."""

VARINT_BYTES_MAX = 10


def bytes_field(number: int, data: bytes) -> bytes:
    """A length-delimited field: text, bytes or a message. Written even when it is empty."""
    return bytes_head(number, len(data)) + data


def bytes_head(number: int, length: int) -> bytes:
    """What stands before the data of such a field."""
    return _tag(number, 2) + _varint(length)


def text_field(number: int, text: str) -> bytes:
    """Text; nothing when it is empty, as proto3 does."""
    return bytes_field(number, text.encode()) if text else b""


def integer_field(number: int, value: int) -> bytes:
    """A whole number that is not negative; nothing when it is 0."""
    return _tag(number, 0) + _varint(value) if value else b""


def double_field(number: int, value: float) -> bytes:
    """A double; nothing when it is 0."""
    return _tag(number, 1) + struct.pack("<d", value) if value else b""


def fixed64_field(number: int, value: int) -> bytes:
    """A whole number of eight bytes that is not negative; nothing when it is 0."""
    return _tag(number, 1) + struct.pack("<Q", value) if value else b""


def read_fields(message: bytes) -> Iterator[tuple[int, Value]]:
    """Number and value of every field in order. Raises DecodeError when the message is cut off or not protobuf."""
    at = 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise DecodeError("a field has the number 0")
        value, at = _read_value(message, at, kind)
        yield number, value


def _read_value(message: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind == 0:
        return _read_varint(message, at)
    if kind == 2:
        length, at = _read_varint(message, at)
        return _slice(message, at, length), at + length
    if kind == 1:
        return struct.unpack("<d", _slice(message, at, 8))[0], at + 8
    if kind == 5:
        return struct.unpack("<I", _slice(message, at, 4))[0], at + 4
    raise DecodeError(f"wire type {kind} is not known here")


def _slice(message: bytes, at: int, length: int) -> bytes:
    if length > len(message) - at:
        raise DecodeError("the message is cut off")
    return message[at : at + length]


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for position in range(VARINT_BYTES_MAX):
        if at + position >= len(message):
            raise DecodeError("the message is cut off")
        byte = message[at + position]
        value |= (byte & 0x7F) << 7 * position
        if byte < 0x80:
            return value & (1 << 64) - 1, at + position + 1
    raise DecodeError("a number is too long")


def _tag(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
