"""The write-ahead log of one tenant: files of records, written by one thread, group after group.

A group is durable whole or refused whole. Files are preallocated and recycled: `<epoch>.log` are in use, `spare-<n>`
wait to be used again under a new epoch. Positions grow by one a record and are never used twice, even when a group
fails.
Not here: what the bytes mean (`wal_records`), who waits for a group (`commit`), what can be dropped (`tenant`).
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from lymer._native import LogStage
from lymer.component.errors import UnavailableError
from lymer.storage.embedded import wal_records
from lymer.storage.embedded.config import LogConfig
from lymer.storage.embedded.durable import remove, sync_folder
from lymer.storage.embedded.wal_direct import open_direct, whole_blocks
from lymer.storage.embedded.wal_records import HEADER_BYTES, RECORDS_BEGIN, Record
from lymer.storage.embedded.wal_recovery import LOG_ENDING, Recovery, log_files, read_log

SMALLEST_FILE_BYTES = 4 << 20
SPARES_MAX = 3
"""What a full buffer leaves behind by default: a file that is used again costs less to write than a new one."""


class Entry(NamedTuple):
    """What one write leaves in the log."""

    format: str
    data: bytes


class Disk:
    """The system calls that can fail; tests hand in one that does."""

    def allocate(self, descriptor: int, size: int, *, keep_free_bytes: int) -> None:
        figures = os.fstatvfs(descriptor)
        if figures.f_bavail * figures.f_frsize < size + keep_free_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.posix_fallocate(descriptor, 0, size)

    def write(self, descriptor: int, buffers: Sequence[bytes | memoryview], offset: int) -> int:
        return os.pwritev(descriptor, buffers, offset)

    def sync(self, descriptor: int) -> None:
        os.fdatasync(descriptor)


@dataclass(slots=True)
class _File:
    path: Path
    epoch: int
    size: int
    last_position: int = 0
    """Of its last record; 0 without one."""
    descriptor: int = -1
    direct_descriptor: int = -1
    """Past the page cache; -1 where that cannot be had."""


class Log:
    """Open a folder, `recover` once, then `append` from one thread. `release` and `purge` may come from another."""

    def __init__(
        self, folder: Path, *, log_id: bytes, config: LogConfig, keep_free_bytes: int = 0, disk: Disk | None = None
    ) -> None:
        self._folder = folder
        self._log_id = log_id
        self._config = config
        self._disk = disk or Disk()
        self._stage = LogStage(log_id, disk)
        self._keep_free_bytes = keep_free_bytes
        self._files = [_File(path, int(path.stem, 16), path.stat().st_size) for path in log_files(folder)]
        self._spares = sorted(folder.glob("spare-*"))
        self._epoch = max((file.epoch for file in self._files), default=0)
        self._current: _File | None = None
        self._end = 0
        self._position = 0
        self._previous = 0
        self._unerased: list[int] = []
        self._needed_from = 0
        """Records before this position have been released."""
        self._lock = threading.Lock()
        """Guards the lists of files."""

    @property
    def position(self) -> int:
        """Of the last record that is durable."""
        return self._previous

    @property
    def bytes_on_disk(self) -> int:
        """Size of the files that hold records which are still needed, and of the spares."""
        return sum(file.size for file in list(self._files)) + sum(_size(path) for path in list(self._spares))

    @property
    def bytes_needed(self) -> int:
        """Size of the files that hold records which are still needed."""
        return sum(file.size for file in list(self._files))

    @property
    def file_count(self) -> int:
        return len(self._files)

    def recover(self, recovery: Recovery) -> Iterator[Record]:
        """All records behind `recovery.last_position`, in order. Afterwards the log goes on behind the last one.

        Payloads are valid until the next record is asked for.
        """
        yield from read_log([file.path for file in self._files], log_id=self._log_id, recovery=recovery)
        for file in self._files:
            file.last_position = recovery.last_positions.get(file.path, 0)
        self._position = self._previous = recovery.last_position

    def append(self, entries: Sequence[Entry]) -> range:
        """Make the entries durable as one group; their positions. Raises UnavailableError: then none is kept."""
        try:
            self._erase_failed()
            size = sum(HEADER_BYTES + len(entry.data) for entry in entries)
            file = self._room_for(size)
            try:
                self._write(file, entries)
            except OSError:
                self._unerased = self._starts(entries)
                self._position += len(entries)
                self._try_to_erase()
                raise
        except OSError as error:
            raise UnavailableError(_refusal(error), retry_after_s=5.0) from error
        first = self._position + 1
        self._position += len(entries)
        self._previous = file.last_position = self._position
        self._end += size
        return range(first, self._position + 1)

    def release(self, before: int, *, keep_spares: bool = True) -> None:
        """Records with smaller positions are no longer needed: recycle the files that have no others."""
        with self._lock:
            self._needed_from = max(self._needed_from, before)
            self._release_files(keep_spares=keep_spares)

    def leave_file(self) -> None:
        """The next group begins a new file. Only from the thread that appends."""
        self._current = None

    def purge(self, before: int) -> None:
        """As `release`, but nothing of the released files stays on the disk, nor of those released earlier."""
        self.release(before, keep_spares=False)
        self.drop_spares()
        sync_folder(self._folder)

    def drop_spares(self) -> None:
        """Give the room of spare files back."""
        with self._lock:
            while self._spares:
                remove(self._spares.pop())

    def close(self) -> None:
        """Let go of the files."""
        for file in self._files:
            _close(file)
        self._current = None

    def _release_files(self, *, keep_spares: bool) -> None:
        unneeded = [file for file in self._files if file.last_position < self._needed_from]
        for file in [file for file in unneeded if file is not self._current]:
            self._files.remove(file)
            _close(file)
            is_full_grown = file.size == whole_blocks(self._config.file_bytes)
            if keep_spares and len(self._spares) < SPARES_MAX and is_full_grown:
                spare = self._folder / f"spare-{file.epoch:016x}"
                file.path.rename(spare)
                self._spares.append(spare)
            else:
                remove(file.path)

    def _room_for(self, size: int) -> _File:
        file = self._current
        if file is None or self._end + size > file.size:
            with self._lock:
                self._current = None
                self._release_files(keep_spares=True)
                file = self._current = self._next_file(RECORDS_BEGIN + size)
            self._end = RECORDS_BEGIN
        return file

    def _next_file(self, size_min: int) -> _File:
        """A durable, empty file under a new epoch."""
        self._epoch += 1
        file = _File(self._folder / f"{self._epoch:016x}{LOG_ENDING}", self._epoch, 0)
        spare = next((path for path in self._spares if _size(path) >= size_min), None)
        source = spare or self._folder / "spare-new"
        file.descriptor = os.open(source, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            file.size = _size(source) if spare else self._allocate(file.descriptor, size_min)
            header = wal_records.encode_file_header(self._epoch, self._log_id)
            self._disk.write(file.descriptor, [header], 0)
            os.fsync(file.descriptor)
            source.rename(file.path)
            sync_folder(self._folder)
        except OSError:
            os.close(file.descriptor)
            if not spare:
                remove(source)
            raise
        if spare:
            self._spares.remove(spare)
        self._stage.begin(header)
        file.direct_descriptor = open_direct(file.path)
        self._files.append(file)
        return file

    def _allocate(self, descriptor: int, size_min: int) -> int:
        """Preallocate: twice the last file, or what the disk has room for."""
        last = self._files[-1].size if self._files else SMALLEST_FILE_BYTES // 2
        size_min = whole_blocks(size_min)
        size = max(size_min, whole_blocks(min(self._config.file_bytes, max(SMALLEST_FILE_BYTES, 2 * last))))
        while True:
            try:
                self._disk.allocate(descriptor, size, keep_free_bytes=self._keep_free_bytes)
            except OSError as error:
                os.ftruncate(descriptor, 0)
                if error.errno != errno.ENOSPC or size == size_min:
                    raise
                size = max(size_min, whole_blocks(size // 4))
            else:
                return size

    def _write(self, file: _File, entries: Sequence[Entry]) -> None:
        if file.direct_descriptor >= 0:
            try:
                self._write_to(file.direct_descriptor, file, entries)
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
                _close_direct(file)  # A disk with larger blocks: its files are written as any other.
            else:
                return
        self._write_to(file.descriptor, file, entries)

    def _write_to(self, descriptor: int, file: _File, entries: Sequence[Entry]) -> None:
        self._stage.append(
            entries,
            written=descriptor,
            synced=file.descriptor,
            end=self._end,
            epoch=file.epoch,
            position=self._position + 1,
            previous=self._previous,
        )

    def _starts(self, entries: Sequence[Entry]) -> list[int]:
        sizes = [HEADER_BYTES + len(entry.data) for entry in entries[:-1]]
        return list(accumulate(sizes, initial=self._end))

    def _erase_failed(self) -> None:
        """Make sure that no record of a group that failed is ever replayed. Raises OSError when it cannot."""
        if self._unerased and self._current is not None:
            for offset in self._unerased:
                self._disk.write(self._current.descriptor, [bytes(HEADER_BYTES)], offset)
            self._disk.sync(self._current.descriptor)
        self._unerased = []

    def _try_to_erase(self) -> None:
        try:
            self._erase_failed()
        except OSError:
            return  # `append` tries again before it writes anything.


def _refusal(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full: nothing can be stored until there is room"
    return f"the log cannot be written: {error}"


def _close(file: _File) -> None:
    if file.descriptor >= 0:
        os.close(file.descriptor)
        file.descriptor = -1
    _close_direct(file)


def _close_direct(file: _File) -> None:
    if file.direct_descriptor >= 0:
        os.close(file.direct_descriptor)
        file.direct_descriptor = -1


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
