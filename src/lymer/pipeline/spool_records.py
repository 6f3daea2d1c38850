"""What the bytes of a spool file mean: records one behind the other, and how to go on behind damage. Pure.

A record is a header of 32 bytes and the payload; all numbers are little endian:

    magic 4 | format 12 | length 4 | span count 4 | payload sum 4 | header sum 4

The sums are CRC-32. A file that ends inside a record was being written when its process was killed; that record was
never acknowledged.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from isal.isal_zlib import crc32  # The standard library's takes nine times as long.

MAGIC: Final = b"LySp"
_HEADER: Final = struct.Struct("<4s12sIIII")
HEADER_BYTES: Final = _HEADER.size
_UNSUMMED_BYTES: Final = HEADER_BYTES - 4


@dataclass(frozen=True, slots=True)
class Record:
    """A payload that waits to be sent."""

    format: str
    """Name of its format, 12 characters at most."""
    payload: bytes
    span_count: int
    offset: int
    """Where its header begins in the file."""
    end: int


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A payload that is to be written."""

    format: str
    header: bytes
    payload: bytes
    span_count: int


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are no record, or a record whose payload is not what was written."""

    byte_count: int
    span_count: int
    """How many spans the header spoke of; 0 where it cannot be read."""
    end: int


def encode_header(format_name: str, payload: bytes, span_count: int) -> bytes:
    """What stands before the payload of a record."""
    fields = _HEADER.pack(MAGIC, format_name.encode(), len(payload), span_count, crc32(payload), 0)
    head = fields[:_UNSUMMED_BYTES]
    return head + struct.pack("<I", crc32(head))


def scan(data: bytes, *, offset: int = 0) -> Iterator[Record | Damage]:
    """Everything from the offset on, in order; an unfinished record at the end is left out."""
    while offset + HEADER_BYTES <= len(data):
        header = _header_at(data, offset)
        if header is None:
            end = _next_header(data, offset + 1)
            if end is None:
                return
            yield Damage(end - offset, 0, end)
            offset = end
            continue
        name, length, span_count, total = header
        end = offset + HEADER_BYTES + length
        if end > len(data):
            return
        payload = data[offset + HEADER_BYTES : end]
        if crc32(payload) == total:
            yield Record(name, payload, span_count, offset, end)
        else:
            yield Damage(end - offset, span_count, end)
        offset = end


def whole_bytes(data: bytes) -> int:
    """Where the last whole record ends: what is behind it may be cut off."""
    end = 0
    for found in scan(data):
        end = found.end
    return end


def _header_at(data: bytes, offset: int) -> tuple[str, int, int, int] | None:
    if data[offset : offset + 4] != MAGIC or offset + HEADER_BYTES > len(data):
        return None
    _, name, length, span_count, payload_sum, header_sum = _HEADER.unpack_from(data, offset)
    if header_sum != crc32(data[offset : offset + _UNSUMMED_BYTES]):
        return None
    return name.rstrip(b"\0").decode("ascii", "replace"), length, span_count, payload_sum


def _next_header(data: bytes, offset: int) -> int | None:
    while (offset := data.find(MAGIC, offset)) >= 0:
        if _header_at(data, offset) is not None:
            return offset
        offset += 1
    return None
