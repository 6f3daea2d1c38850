"""Whether there is room on the disk. `gate` asks whether there is room in memory."""

from __future__ import annotations

import os
from pathlib import Path

from lymer.component.clock import Clock
from lymer.component.errors import UnavailableError
from lymer.storage.embedded.durable import remove

RESERVE_NAME = "reserve"
_CHECK_S = 0.5


class DiskRoom:
    """Looks at the free space now and then; keeps a reserve that can be given up."""

    def __init__(self, folder: Path, *, free_bytes_min: int, reserve_bytes: int, clock: Clock) -> None:
        self._folder = folder
        self._free_bytes_min = free_bytes_min
        self._reserve_bytes = reserve_bytes
        self._clock = clock
        self._checked_s = float("-inf")
        self.free_bytes = 0

    @property
    def is_short(self) -> bool:
        """Whether too little is free."""
        now_s = self._clock.monotonic_s()
        if now_s - self._checked_s >= _CHECK_S:
            self._checked_s = now_s
            figures = os.statvfs(self._folder)
            self.free_bytes = figures.f_bavail * figures.f_frsize
        return self.free_bytes < self._free_bytes_min

    def check(self) -> None:
        """Raises UnavailableError when nothing more may be stored."""
        if self.is_short:
            raise UnavailableError(
                f"the disk of {self._folder} has {self.free_bytes >> 20} MiB left, less than the"
                f" {self._free_bytes_min >> 20} MiB that must stay free; make room or shorten the retention",
                retry_after_s=5.0,
            )

    def tend_reserve(self) -> None:
        """Give the reserve up when the disk is short, take it back when there is room again."""
        reserve = self._folder / RESERVE_NAME
        if self.is_short:
            remove(reserve)
        elif (
            self._reserve_bytes
            and not reserve.exists()
            and self.free_bytes > self._free_bytes_min + (2 * self._reserve_bytes)
        ):
            _allocate(reserve, self._reserve_bytes)


def _allocate(path: Path, size: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError:
        remove(path)
    finally:
        os.close(descriptor)
