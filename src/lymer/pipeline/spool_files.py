"""The files of a spool: numbered, appended to, read from the front, removed when they are done. Blocking; one thread.

What is done is remembered in `cursor`, a small file that is overwritten in place: it survives the process, and when the
machine went down at a bad moment some payloads are sent again. Not here: waiting, sending, and who decides to drop.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lymer.component.errors import StartError
from lymer.pipeline.spool_records import Damage, NewRecord, Record, scan, whole_bytes

_SUFFIX: Final = ".spool"
_CURSOR: Final = struct.Struct("<QQI")
_VECTORS_MAX: Final = 512

Sync = Callable[[int], None]


@dataclass(slots=True)
class SpoolFile:
    """One file."""

    number: int
    path: Path
    size: int
    span_count: int
    """Of records that are not done."""


class SpoolFiles:
    """A folder of files, held by one process. Figures may be read while the thread is at work."""

    def __init__(self, folder: Path, *, file_bytes_max: int, sync: Sync = os.fdatasync) -> None:
        self._folder = folder
        self._file_bytes_max = file_bytes_max
        self._sync = sync
        self._lock = -1
        self._cursor = -1
        self._writing = -1
        self.files: deque[SpoolFile] = deque()

    @property
    def byte_count(self) -> int:
        """Of all files."""
        return sum(file.size for file in tuple(self.files))

    @property
    def span_count(self) -> int:
        """How many spans wait."""
        return sum(file.span_count for file in tuple(self.files))

    def open(self) -> tuple[int, int]:
        """Take the folder and what an earlier process left; gives the position to go on from. Raises StartError."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            self._cursor = os.open(self._folder / "cursor", os.O_RDWR | os.O_CREAT, 0o644)
            position = self._read_cursor()
            for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
                self._adopt(path, position)
            self._begin_file()
        except OSError as error:
            raise StartError(f"spool: {self._folder} cannot be used: {error.strerror}; make it writable") from error
        first = self.files[0].number
        return position if position[0] == first else (first, 0)

    def close(self) -> None:
        """Let go of the folder. May be called twice."""
        for descriptor in (self._writing, self._cursor, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._writing = self._cursor = self._lock = -1

    def append(self, records: Sequence[NewRecord]) -> list[tuple[int, Record]]:
        """Make records durable; each with the number of its file. On an error nothing of them is there."""
        file = self.files[-1]
        try:
            _write_all(self._writing, [part for one in records for part in (one.header, one.payload)])
            self._sync(self._writing)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._writing, file.size)
            raise
        written = [(file.number, record) for record in _placed(records, file.size)]
        file.size = written[-1][1].end
        file.span_count += sum(one.span_count for one in records)
        if file.size >= self._file_bytes_max:
            self._begin_file()
        return written

    def read(self, number: int, offset: int, bytes_max: int) -> tuple[list[Record | Damage], int, int]:
        """Records from a position on, about so many bytes of one file, and the position behind them."""
        file = next((one for one in self.files if one.number >= number), None)
        if file is None:
            return [], number, offset
        if file.number != number:
            number, offset = file.number, 0
        with file.path.open("rb") as source:
            found = _read_some(source.fileno(), offset, min(file.size, offset + bytes_max))
            if not found and offset < file.size:  # One record is larger than that.
                found = _read_some(source.fileno(), offset, file.size)[:1]
        if found:
            return found, number, found[-1].end
        return ([], number + 1, 0) if file is not self.files[-1] else ([], number, offset)

    def done(self, number: int, offset: int) -> None:
        """Everything before this position is done: it is remembered, and files before it go."""
        os.pwrite(self._cursor, _encode_cursor(number, offset), 0)
        while len(self.files) > 1 and (self.files[0].number, self.files[0].size) <= (number, offset):
            self.drop_first()

    def drop_first(self) -> SpoolFile:
        """Remove the oldest file, whatever is in it."""
        if len(self.files) == 1:
            self._begin_file()
        file = self.files.popleft()
        file.path.unlink(missing_ok=True)
        return file

    def _take_lock(self) -> None:
        self._lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StartError(f"spool: another process uses {self._folder}; give each its own --data-dir") from error

    def _read_cursor(self) -> tuple[int, int]:
        data = os.pread(self._cursor, _CURSOR.size, 0)
        if len(data) < _CURSOR.size:
            return 0, 0
        number, offset, total = _CURSOR.unpack(data)
        return (number, offset) if data == _encode_cursor(number, offset) and total else (0, 0)

    def _adopt(self, path: Path, position: tuple[int, int]) -> None:
        """Take an earlier process's file over, without what was cut off at its end; done ones are removed."""
        if not path.stem.isdigit():
            return
        number = int(path.stem)
        data = path.read_bytes()
        end = whole_bytes(data)
        offset = position[1] if number == position[0] else 0
        if number < position[0] or not end or offset >= end:
            path.unlink()
            return
        if end < len(data):
            os.truncate(path, end)
        waiting = [found for found in scan(data[:end], offset=offset) if isinstance(found, Record)]
        self.files.append(SpoolFile(number, path, end, sum(record.span_count for record in waiting)))

    def _begin_file(self) -> None:
        number = max(self.files[-1].number if self.files else 0, self._read_cursor()[0]) + 1
        path = self._folder / f"{number:020}{_SUFFIX}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        if self._writing >= 0:
            os.close(self._writing)
        self._writing = descriptor
        self.files.append(SpoolFile(number, path, 0, 0))


def _encode_cursor(number: int, offset: int) -> bytes:
    return _CURSOR.pack(number, offset, zlib.crc32(struct.pack("<QQ", number, offset)))


def _read_some(descriptor: int, offset: int, end: int) -> list[Record | Damage]:
    """Records between two offsets of a file, with offsets of the file."""
    found: list[Record | Damage] = []
    for one in scan(os.pread(descriptor, end - offset, offset)):
        if isinstance(one, Record):
            found.append(Record(one.format, one.payload, one.span_count, offset + one.offset, offset + one.end))
        else:
            found.append(Damage(one.byte_count, one.span_count, offset + one.end))
    return found


def _placed(records: Sequence[NewRecord], offset: int) -> Iterator[Record]:
    for one in records:
        end = offset + len(one.header) + len(one.payload)
        yield Record(one.format, one.payload, one.span_count, offset, end)
        offset = end


def _write_all(descriptor: int, parts: Sequence[bytes]) -> None:
    rest = [memoryview(part) for part in parts]
    while rest:
        written = os.writev(descriptor, rest[:_VECTORS_MAX])
        while rest and written >= len(rest[0]):
            written -= len(rest.pop(0))
        if written:
            rest[0] = rest[0][written:]
