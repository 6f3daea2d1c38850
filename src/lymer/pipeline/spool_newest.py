"""The newest records of a spool, still in memory: who takes in step with who appends need not read the files.

Bounded in bytes. Not the truth: what is not here is in the files, and so is what is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from lymer.pipeline.spool_records import Record

BYTES_MAX: Final = 16 << 20


class Newest:
    """Records with the numbers of their files, in the order of the files."""

    def __init__(self, bytes_max: int = BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._records: deque[tuple[int, Record]] = deque()
        self._byte_count = 0

    def add(self, records: Iterable[tuple[int, Record]]) -> None:
        """Records that are in the files now, behind all others. The oldest are forgotten when these are too many."""
        for file, record in records:
            self._records.append((file, record))
            self._byte_count += len(record.payload)
        while self._byte_count > self._bytes_max:
            self._forget_first()

    def at(self, file: int, offset: int, bytes_max: int) -> list[Record]:
        """The records of this file from this position on, about so many bytes; none when the first is not here. What is
        before the position is forgotten: nobody asks for it any more.
        """
        while self._records and (self._records[0][0], self._records[0][1].offset) < (file, offset):
            self._forget_first()
        found: list[Record] = []
        for number, record in self._records:
            expected = found[-1].end if found else offset
            if (number, record.offset) != (file, expected) or (found and record.end > offset + bytes_max):
                break
            found.append(record)
        return found

    def _forget_first(self) -> None:
        _, record = self._records.popleft()
        self._byte_count -= len(record.payload)
