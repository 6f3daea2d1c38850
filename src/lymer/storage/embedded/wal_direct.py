"""Files that are written past the page cache, in whole blocks, where system and filesystem have that.

Why so, and what is written, say `LogStage` and `wal`.
"""

from __future__ import annotations

import os
from pathlib import Path

BLOCK_BYTES = 4096
"""What offset, length and memory are multiples of."""


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
