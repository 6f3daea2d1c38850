"""Keeps the process within its memory limit, whatever the budgets of its parts have missed.

Looks at the anonymous memory twice a second. Past four fifths of the limit, freed memory that glibc keeps in its heaps
is given back to the system (after a storm of refused 4 MB requests 600 MB were kept, 400 of them free). In the limit's
last twentieth, senders are told to come again until there is room.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from lymer.app.allocator import give_back_free_memory
from lymer.component.clock import Clock
from lymer.component.events import Events
from lymer.pipeline.in_flight import InFlight

LOOK_S = 0.5
GIVE_BACK_S = 2.0
"""Giving back walks through all heaps; not more often than this."""

UNLIMITED_BYTES = 512 << 20
"""Without a limit, free memory is given back past four fifths of this, and nobody is sent away."""

_GIVE_BACK_PART = 0.8
_REFUSE_PART = 0.95
_GROWTH_MIN = 1.1
"""Giving back again is worth it only when so much more is used than after the last time."""


class MemoryGuard:
    """Watches one process."""

    def __init__(
        self,
        limit_bytes: int | None,
        in_flight: InFlight,
        *,
        events: Events,
        clock: Clock,
        anonymous_bytes: Callable[[], int] | None = None,
        give_back: Callable[[], None] = give_back_free_memory,
    ) -> None:
        self._limit_bytes = limit_bytes
        self._in_flight = in_flight
        self._events = events
        self._clock = clock
        self._anonymous_bytes = anonymous_bytes or anonymous_memory_bytes
        self._give_back = give_back
        self._given_back_s = float("-inf")
        self._left_bytes = 0
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """As `component.base`."""
        self._watching = asyncio.create_task(self._watch(), name="memory guard")

    async def close(self) -> None:
        """As `component.base`."""
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
            self._watching = None

    async def look(self) -> None:
        """Look once and do what is needed."""
        used = self._anonymous_bytes()
        if self._should_give_back(used):
            self._given_back_s = self._clock.monotonic_s()
            await asyncio.get_running_loop().run_in_executor(None, self._give_back)
            used = self._left_bytes = self._anonymous_bytes()
        if self._limit_bytes is not None:
            self._refuse(used > _REFUSE_PART * self._limit_bytes)

    def _should_give_back(self, used: int) -> bool:
        return (
            used > _GIVE_BACK_PART * (self._limit_bytes or UNLIMITED_BYTES)
            and (used > _GROWTH_MIN * self._left_bytes or self._in_flight.refusing)
            and self._clock.monotonic_s() - self._given_back_s >= GIVE_BACK_S
        )

    def _refuse(self, refuse: bool) -> None:
        if refuse and not self._in_flight.refusing:
            self._events.warned("memory limit reached; senders are told to wait", limit_bytes=self._limit_bytes)
        self._in_flight.refusing = refuse

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await self.look()


def anonymous_memory_bytes() -> int:
    """Resident memory that is not a mapped file's; 0 where the system does not say."""
    try:
        _, resident, shared, *_ = Path("/proc/self/statm").read_text().split()
    except OSError:
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
