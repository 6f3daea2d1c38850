"""Reading a log back: records in order, and what was damaged or torn. Only reads; `wal` goes on from what it finds."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lymer.component.errors import StartError
from lymer.storage.embedded import wal_records
from lymer.storage.embedded.wal_records import RECORDS_BEGIN, Gap, Record

LOG_ENDING = ".log"


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes of a log that could not be read back."""

    file: Path
    offset: int
    length: int
    """0 when nobody knows where it ends."""

    def __str__(self) -> str:
        extent = f"{self.length} bytes" if self.length else "unknown length"
        return f"{self.file}: damaged at offset {self.offset}, {extent}"


@dataclass(slots=True)
class Recovery:
    """What reading a log found out; complete when its iteration has ended."""

    last_position: int
    """Before: records up to here are not wanted. After: position of the last record."""
    damages: list[Damage] = field(default_factory=list)
    """Of records that were acknowledged."""
    torn: list[Damage] = field(default_factory=list)
    """Of the last group, which may never have been."""
    last_positions: dict[Path, int] = field(default_factory=dict)
    """Position of the last record of each file."""


def log_files(folder: Path) -> list[Path]:
    """The files of a log that may hold records, oldest first."""
    return sorted(folder.glob(f"*{LOG_ENDING}"))


def read_log(paths: list[Path], *, log_id: bytes, recovery: Recovery) -> Iterator[Record]:
    """All records of these files behind `recovery.last_position`, in order.

    Raises StartError for files of a newer Lymer.
    """
    chain = _Chain(recovery, wanted_after=recovery.last_position)
    for path in paths:
        for item in _read_file(path, log_id=log_id, after=chain.last_position):
            if isinstance(item, Gap):
                chain.miss(Damage(path, item.offset, item.length))
                continue
            chain.follow(path, item)
            recovery.last_positions[path] = item.position
            if item.position > recovery.last_position:
                recovery.last_position = item.position
                yield item
    chain.end()


class _Chain:
    """Whether records follow one another, and if not, whether what is missing had been acknowledged.

    Groups are written one after the other, each after the sync of the one before. So bytes that are missing in front of
    a later group were durable once, and are damage; bytes missing in the last group may never have been.
    """

    def __init__(self, recovery: Recovery, *, wanted_after: int) -> None:
        self._recovery = recovery
        self._wanted_after = wanted_after
        self._suspects: list[Damage] = []
        self._suspect_group = 0
        self._missing: Damage | None = None
        self._end: tuple[Path, int] | None = None
        self.last_position = 0

    def miss(self, damage: Damage) -> None:
        self._missing = damage

    def follow(self, path: Path, record: Record) -> None:
        missing = self._missing or self._break_before(path, record)
        if self._suspects and record.group != self._suspect_group:
            self._confirm()
        if missing is not None:
            self._suspects.append(missing)
            self._suspect_group = record.group
            if record.group > self.last_position + 1:
                self._confirm()
        self._missing = None
        self._end = (path, record.end)
        self.last_position = record.position

    def end(self) -> None:
        self._recovery.torn += self._suspects

    def _break_before(self, path: Path, record: Record) -> Damage | None:
        if self._end is None:
            lost = record.previous > self._wanted_after
            return Damage(path, RECORDS_BEGIN, 0) if lost else None
        return Damage(*self._end, 0) if record.previous != self.last_position else None

    def _confirm(self) -> None:
        self._recovery.damages += self._suspects
        self._suspects = []


def _read_file(path: Path, *, log_id: bytes, after: int) -> Iterator[Record | Gap]:
    size = path.stat().st_size
    if size <= RECORDS_BEGIN:
        return
    with path.open("rb") as file:
        # Not closed by hand: whoever still holds a payload keeps the mapping.
        data = mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ)
    version = wal_records.read_file_version(data)
    if version is not None and version > wal_records.FILE_VERSION:
        raise StartError(f"{path} was written by a newer Lymer; start that one, or move the file away")
    yield from wal_records.scan(data, epoch=int(path.stem, 16), log_id=log_id, after=after)
