"""Time and chance, handed in. Nothing else calls `time` or `random`."""

from __future__ import annotations

import os
import random
import time
from typing import Protocol


class Clock(Protocol):
    """Wall time and monotonic time."""

    def now_unix_nano(self) -> int:
        """Nanoseconds since 1970."""

    def monotonic_s(self) -> float:
        """Seconds that never run back; only differences mean something."""


class SystemClock:
    """The machine's clock."""

    def now_unix_nano(self) -> int:
        return time.time_ns()

    def monotonic_s(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that tests move."""

    def __init__(self, unix_nano: int = 1_700_000_000_000_000_000) -> None:
        self._unix_nano = unix_nano

    def now_unix_nano(self) -> int:
        return self._unix_nano

    def monotonic_s(self) -> float:
        return self._unix_nano / 1e9

    def advance(self, seconds: float) -> None:
        """Move on."""
        self._unix_nano += round(seconds * 1e9)


def new_random(seed: int | None = None) -> random.Random:
    """Chance: from the seed, or from the system when there is none."""
    return random.Random(os.urandom(16) if seed is None else seed)  # noqa: S311  Nothing secret is drawn from it.
