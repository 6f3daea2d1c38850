"""OTLP protobuf written by hand, with the places of what changes from span to span. It is not a codec: it only writes.

A `Piece` is bytes and the place in them that `bench.data` overwrites later. All places are of fixed length.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

Slot = Literal["hex32", "user7", "serial10", "size3", "double8"]
"""What is written into a place: 32 hex digits; the 7 digits of a user; 10 digits that never repeat; a varint of 3
bytes; the 8 bytes of a double."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes with at most one place that changes."""

    data: bytes
    slot: Slot | None = None
    offset: int = 0


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def tagged(field: int, data: bytes) -> bytes:
    """A length-delimited field."""
    return varint(field << 3 | 2) + varint(len(data)) + data


def any_value(value: str | bool | float) -> bytes:
    if isinstance(value, bool):
        return b"\x10" + (b"\x01" if value else b"\x00")
    if isinstance(value, int):
        return b"\x18" + varint(value)
    if isinstance(value, float):
        return b"\x21" + struct.pack("<d", value)
    return tagged(1, value.encode())


def key_value(key: str, value: str | bool | float) -> bytes:
    return tagged(1, key.encode()) + tagged(2, any_value(value))


def attribute(field: int, key: str, value: str | bool | float) -> Piece:
    """An attribute that stays as it is."""
    return Piece(tagged(field, key_value(key, value)))


def changing_attribute(field: int, key: str, slot: Slot, before: str = "", after: str = "") -> Piece:
    """An attribute with a place that changes; text may stand before and after it."""
    if slot == "size3":
        return _at_end(tagged(field, key_value(key, 1 << 15)), slot, 3)
    if slot == "double8":
        return _at_end(tagged(field, key_value(key, 0.0)), slot, 8)
    width = {"hex32": 32, "user7": 7, "serial10": 10}[slot]
    whole = tagged(field, key_value(key, before + "0" * width + after))
    return _at_end(whole, slot, width + len(after.encode()))


def _at_end(data: bytes, slot: Slot, distance: int) -> Piece:
    return Piece(data, slot, len(data) - distance)
