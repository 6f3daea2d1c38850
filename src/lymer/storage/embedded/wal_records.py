"""What the bytes of a log file mean: a file header, records, and how to go on behind damage.

A record is a header of 72 bytes and the payload. All numbers are little endian. Every header carries the file's epoch,
so that what an earlier life of a recycled file left behind is never taken for a record; and its checksum is over the
log's secret id too, so that a sender cannot write bytes that look like a record. Records are written by `LogStage`.
Opening files: `wal`.

    magic 4 | format 12 | epoch 8 | position 8 | previous 8 | group 8 | length 8 | payload sum 8 | header sum 8
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from lymer._native import checksum

FILE_MAGIC = b"LYMERLOG"
FILE_VERSION = 1
FILE_HEADER = struct.Struct("<8sIIQ8sQ")
RECORDS_BEGIN = 64
"""Offset of a file's first record."""

MAGIC = b"\x8aLyR"
RECORD_HEADER = struct.Struct("<4s12sQQQQQQQ")
HEADER_BYTES = RECORD_HEADER.size
_UNSUMMED_BYTES = HEADER_BYTES - 8


@dataclass(frozen=True, slots=True)
class Record:
    """One write, as found in a file."""

    position: int
    """Grows from record to record through all files."""
    previous: int
    """Position of the record before it; 0 for the first of all."""
    group: int
    """Position of the first record that was made durable together with this one."""
    format: str
    """A codec of `wire.codecs`, or `arrow`."""
    payload: memoryview
    offset: int
    """Of its header, in the file."""
    end: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes between records that are no record."""

    offset: int
    length: int


def encode_file_header(epoch: int, log_id: bytes) -> bytes:
    """The first bytes of a log file."""
    fields = FILE_HEADER.pack(FILE_MAGIC, FILE_VERSION, 0, epoch, log_id, 0)[:-8]
    return (fields + struct.pack("<Q", checksum(fields))).ljust(RECORDS_BEGIN, b"\0")


def read_file_version(data: mmap.mmap) -> int | None:
    """The version that the file's header names; None when the header is damaged or missing."""
    if len(data) < RECORDS_BEGIN:
        return None
    magic, version, _, _, _, total = FILE_HEADER.unpack_from(data)
    if magic != FILE_MAGIC or total != checksum(bytes(data[: FILE_HEADER.size - 8])):
        return None
    return int(version)


def scan(data: mmap.mmap, *, epoch: int, log_id: bytes, after: int) -> Iterator[Record | Gap]:
    """All whole records of a file with positions beyond `after`, and a gap wherever records follow bytes that are none.

    What comes behind the last record is not reported: it was never written, or not to its end.
    """
    view = memoryview(data)
    offset = RECORDS_BEGIN
    while offset < len(data):
        record = _record_at(view, offset, epoch, log_id, after)
        if record is None:
            found = _next_record(data, offset, epoch, log_id, after)
            if found is None:
                return
            yield Gap(offset, found.offset - offset)
            record = found
        yield record
        offset, after = record.end, record.position


def _next_record(data: mmap.mmap, offset: int, epoch: int, log_id: bytes, after: int) -> Record | None:
    view = memoryview(data)
    while (offset := data.find(MAGIC, offset + 1)) >= 0:
        record = _record_at(view, offset, epoch, log_id, after)
        if record is not None:
            return record
    return None


def _record_at(data: memoryview, offset: int, epoch: int, log_id: bytes, after: int) -> Record | None:
    if offset + HEADER_BYTES > len(data) or data[offset : offset + 4] != MAGIC:
        return None
    header = bytes(data[offset : offset + HEADER_BYTES])
    _, name, its_epoch, position, previous, group, length, payload_sum, header_sum = RECORD_HEADER.unpack(header)
    if its_epoch != epoch or position <= after or header_sum != checksum(header[:_UNSUMMED_BYTES] + log_id):
        return None
    end = offset + HEADER_BYTES + length
    if end > len(data):
        return None
    payload = data[offset + HEADER_BYTES : end]
    if payload_sum != checksum(payload):
        return None
    return Record(position, previous, group, name.rstrip(b"\0").decode(), payload, offset, end)
