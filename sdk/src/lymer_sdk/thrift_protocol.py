"""Thrift's compact and binary protocols, as far as Jaeger's batches need them: fixed structs, first field to last.

Integers are given as unsigned bits. https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from typing import Protocol

STOP = b"\0"
BOOL, DOUBLE, I32, I64, TEXT, STRUCT, LIST = "bool", "double", "i32", "i64", "text", "struct", "list"
_VARINTS = tuple(bytes([n]) for n in range(128))


class ThriftProtocol(Protocol):
    """How values, and headers of fields and lists, are written."""

    def headers(self, *fields: tuple[int, str]) -> tuple[bytes, ...]:
        """The headers of a struct's fields when they are written in this order, none left out."""

    def bool_field(self, previous: int, number: int, value: bool) -> bytes:
        """A whole field: the compact protocol has its value in its header."""

    def i32(self, value: int) -> bytes:
        """A small number that is not negative."""

    def i64(self, bits: int) -> bytes:
        """64 bits of either sign."""

    def double(self, value: float) -> bytes:
        """A double."""

    def text(self, data: bytes) -> bytes:
        """A string or binary."""

    def structs(self, items: Iterable[bytes]) -> bytes:
        """A list of structs, each already written."""

    def oneway(self, name: bytes) -> bytes:
        """The header of a message that is not answered."""


class Compact:
    """What agents take on port 6831."""

    _types = {BOOL: 1, I32: 5, I64: 6, DOUBLE: 7, TEXT: 8, LIST: 9, STRUCT: 12}  # noqa: RUF012 (never changed)
    _double = Struct("<d").pack

    def headers(self, *fields: tuple[int, str]) -> tuple[bytes, ...]:
        made, previous = [], 0
        for number, kind in fields:
            made.append(bytes([(number - previous) << 4 | self._types[kind]]))
            previous = number
        return tuple(made)

    def bool_field(self, previous: int, number: int, value: bool) -> bytes:
        return bytes([(number - previous) << 4 | (1 if value else 2)])

    def i32(self, value: int) -> bytes:
        return varint(value << 1)

    def i64(self, bits: int) -> bytes:
        return varint((bits << 1 & 0xFFFF_FFFF_FFFF_FFFF) ^ (0xFFFF_FFFF_FFFF_FFFF if bits >> 63 else 0))

    def double(self, value: float) -> bytes:
        return self._double(value)

    def text(self, data: bytes) -> bytes:
        return varint(len(data)) + data

    def structs(self, items: Iterable[bytes]) -> bytes:
        written = list(items)
        count = len(written)
        head = bytes([count << 4 | 12]) if count < 15 else b"\xfc" + varint(count)
        return head + b"".join(written)

    def oneway(self, name: bytes) -> bytes:
        return b"\x82\x81\x00" + self.text(name)


class Binary:
    """What agents take on port 6832, and collectors on 14268."""

    _types = {BOOL: 2, DOUBLE: 4, I32: 8, I64: 10, TEXT: 11, STRUCT: 12, LIST: 15}  # noqa: RUF012
    _double = Struct(">d").pack
    _i32 = Struct(">i").pack
    _i64 = Struct(">Q").pack
    _header = Struct(">BH").pack

    def headers(self, *fields: tuple[int, str]) -> tuple[bytes, ...]:
        return tuple(self._header(self._types[kind], number) for number, kind in fields)

    def bool_field(self, previous: int, number: int, value: bool) -> bytes:
        return self._header(2, number) + (b"\1" if value else b"\0")

    def i32(self, value: int) -> bytes:
        return self._i32(value)

    def i64(self, bits: int) -> bytes:
        return self._i64(bits)

    def double(self, value: float) -> bytes:
        return self._double(value)

    def text(self, data: bytes) -> bytes:
        return self._i32(len(data)) + data

    def structs(self, items: Iterable[bytes]) -> bytes:
        written = list(items)
        return b"\x0c" + self._i32(len(written)) + b"".join(written)

    def oneway(self, name: bytes) -> bytes:
        return b"\x80\x01\x00\x04" + self.text(name) + b"\0\0\0\0"


def varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    if number < 128:
        return _VARINTS[number]
    groups = bytearray()
    while number > 127:
        groups.append(number & 127 | 128)
        number >>= 7
    groups.append(number)
    return bytes(groups)
