"""How long to wait before trying again: doubled each time, never the same for two who failed together. Pure."""

from __future__ import annotations

import random


class Backoff:
    """Delays of one thing that fails again and again."""

    def __init__(self, *, first_s: float, max_s: float, chance: random.Random) -> None:
        self._first_s = first_s
        self._max_s = max_s
        self._chance = chance
        self._failures = 0

    @property
    def failures(self) -> int:
        """How often it has failed since it last worked."""
        return self._failures

    def fail(self, *, at_least_s: float = 0.0) -> float:
        """It has failed once more: the seconds to wait, from half to all of what is due."""
        due_s = min(self._max_s, self._first_s * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return max(at_least_s, due_s * (0.5 + 0.5 * self._chance.random()))

    def work(self) -> None:
        """It works again."""
        self._failures = 0
