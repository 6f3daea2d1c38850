"""Writing a log file past the page cache: whole blocks from memory of our own, aligned as the disk wants them.

A log is written once and read only after a crash, so its pages need not be kept; and a page that is copied, marked
dirty and looked for again by the sync costs more than one that goes to the disk at once. Not here: what is written
(`wal`), and files on systems that cannot do this, which are written as any other file.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Sequence
from pathlib import Path

BLOCK_BYTES = 4096
"""What offset, length and memory are multiples of."""

STAGE_BYTES = 1 << 20
"""A group of the usual size is one write."""

Write = Callable[[int, Sequence[bytes | memoryview], int], int]


def whole_blocks(size: int) -> int:
    """The size, made so large that it ends with a block."""
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES


def open_direct(path: Path) -> int:
    """A descriptor whose writes go past the page cache; -1 where system or filesystem has none."""
    flag = getattr(os, "O_DIRECT", 0)
    if not flag:
        return -1
    try:
        return os.open(path, os.O_WRONLY | os.O_CLOEXEC | flag)
    except OSError:
        return -1


class Stage:
    """Memory through which one file after another is written. For one thread.

    Holds what the file has in the block that is not full yet, because that block is written again with what follows.
    """

    def __init__(self, write: Write) -> None:
        self._write = write
        self._memory = memoryview(mmap.mmap(-1, STAGE_BYTES))
        self._head = b""
        """What the file had in its last block before the last append."""

    def begin(self, head: bytes) -> None:
        """The next write follows these first bytes of another file, fewer than a block."""
        self._memory[: len(head)] = head

    def append(self, descriptor: int, buffers: Sequence[bytes | memoryview], end: int) -> None:
        """Write these behind the file's first `end` bytes, and zeros up to the end of the block.

        Raises OSError; then the bytes before `end` are what they were, and the same place may be written again.
        """
        held = end % BLOCK_BYTES
        start, fill = end - held, held
        self._head = bytes(self._memory[:held])
        try:
            for buffer in buffers:
                rest = memoryview(buffer).cast("B") if len(buffer) else memoryview(b"")
                while rest:
                    part = rest[: STAGE_BYTES - fill]
                    self._memory[fill : fill + len(part)] = part
                    fill, rest = fill + len(part), rest[len(part) :]
                    if fill == STAGE_BYTES:
                        self._put(descriptor, fill, start)
                        start, fill = start + fill, 0
            self._finish(descriptor, fill, start)
        except OSError:
            self.take_back()
            raise

    def take_back(self) -> None:
        """Forget what was appended last: the next append begins where that one began."""
        self._memory[: len(self._head)] = self._head

    def _finish(self, descriptor: int, fill: int, start: int) -> None:
        """Write the last blocks, and keep the one that is not full where the next write begins."""
        padded = whole_blocks(fill)
        self._memory[fill:padded] = bytes(padded - fill)
        if padded:
            self._put(descriptor, padded, start)
        kept = fill % BLOCK_BYTES
        self._memory[:kept] = bytes(self._memory[fill - kept : fill])

    def _put(self, descriptor: int, size: int, offset: int) -> None:
        written = 0
        while written < size:
            written += self._write(descriptor, [self._memory[written:size]], offset + written)
