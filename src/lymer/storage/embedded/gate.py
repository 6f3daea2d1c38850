"""Whether one tenant may write now: its rates, its own memory, its share of what all have. `engine` knows the sizes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from lymer.component.clock import Clock
from lymer.component.errors import OverloadedError
from lymer.model.batch import SpanBatch
from lymer.storage.embedded.commit import payload_bytes
from lymer.storage.embedded.config import LimitsConfig

BURST_S = 5.0
"""A tenant that was quiet may send so many seconds' worth at once."""
_FAIR_PART = 8
"""The last 1/n of the memory is for tenants that hold less than their share, once there is more than one tenant."""
_POLL_S = 0.005


@dataclass(frozen=True, slots=True)
class Shortage:
    """What a write has to wait for."""

    cause: str
    """Its name in figures."""
    what: str
    cure: str


RATE: Final = "rate"
FULL: Final = Shortage("memory", "the store's memory", "send more slowly, or raise memory_bytes_max")
CAUSES: Final = (RATE, "own_memory", "share_of_memory", FULL.cause)


@dataclass(frozen=True, slots=True)
class Holding:
    """How much of something bounded tenants hold."""

    own: int
    others: Collection[int]
    bytes_max: int

    @property
    def left(self) -> int:
        """Negative when nobody may have more."""
        return self.bytes_max - self.own - sum(self.others)

    @property
    def is_unfair(self) -> bool:
        """This tenant may not have more: little is left, it holds more than its share, and there are others.

        A share is an equal part for each tenant that holds something: this one, and at least one that may come.
        """
        if not self.others:
            return False
        share = self.bytes_max // (1 + max(1, sum(other > 0 for other in self.others)))
        return self.own > share and self.left < self.bytes_max // _FAIR_PART


def ample_bytes(bytes_max: int) -> int:
    """While all together hold no more than this, anybody may have more."""
    return bytes_max - bytes_max // _FAIR_PART


class Rate:
    """A token bucket. What is larger than its burst passes, too, and is made up for afterwards."""

    def __init__(self, setting: str, per_s: int, *, size_of: Callable[[SpanBatch], int]) -> None:
        self.setting = setting
        self.per_s = per_s
        self.size_of = size_of
        self._left = per_s * BURST_S
        self._at_s: float | None = None

    def wait_s(self, now_s: float) -> float:
        """How long until something may pass; 0 when it may now."""
        if self._at_s is not None:
            self._left = min(self._left + (now_s - self._at_s) * self.per_s, self.per_s * BURST_S)
        self._at_s = now_s
        return max(-self._left / self.per_s, 0.0)

    def take(self, size: int) -> None:
        """So much has passed."""
        self._left -= size


class Gate:
    """What the writes of one tenant pass. Those that must wait do so in a line of their own. For one event loop."""

    def __init__(
        self,
        name: str,
        limits: LimitsConfig,
        *,
        shortage: Callable[[], Shortage | None],
        wait_s: float,
        waiting_bytes_max: int,
        wanted: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._name = name
        self._rates = _rates(limits)
        self._shortage = shortage
        self._wait_s = wait_s
        self._waiting_bytes_max = waiting_bytes_max
        self._waiting_bytes = 0
        self._wanted = wanted
        self._clock = clock
        self._turn = asyncio.Lock()
        self._awaited = FULL
        """What the first in the line waits for, or has waited for last."""
        self.waited = 0
        """How many writes had to wait."""
        self.refused: Counter[str] = Counter()
        """How many were refused, by cause."""

    def is_open_for(self, batch: SpanBatch) -> bool:
        """Whether the batch may be written at once, else it must `wait`. Ask once for each: rates count the answer.

        Raises OverloadedError when it came too early for a rate.
        """
        if self._rates:
            self._pass_rates(batch)
        return not self._turn.locked() and self._shortage() is None

    async def wait(self, batch: SpanBatch) -> None:
        """Return when the batch may be written. Raises OverloadedError: at once when too many wait already for room
        that is short for this tenant alone; and when there was no room for too long.
        """
        shortage = self._shortage() or (self._awaited if self._turn.locked() else None)
        if shortage is None:
            return
        size = payload_bytes(batch)
        too_many = self._waiting_bytes > 0 and self._waiting_bytes + size > self._waiting_bytes_max
        if too_many and shortage is not FULL:
            raise self._refusal(shortage, f"{shortage.what} is full, and too many writes wait already")
        self.waited += 1
        self._waiting_bytes += size
        try:
            await self._wait_for_room()
        finally:
            self._waiting_bytes -= size

    def _pass_rates(self, batch: SpanBatch) -> None:
        now_s = self._clock.monotonic_s()
        wait_s, slowest = max(((rate.wait_s(now_s), rate) for rate in self._rates), key=lambda pair: pair[0])
        if wait_s:
            self.refused[RATE] += 1
            raise OverloadedError(
                f"tenant {self._name} has passed {slowest.setting} ({slowest.per_s:,}); send more slowly, or raise it",
                retry_after_s=wait_s,
            )
        for rate in self._rates:
            rate.take(rate.size_of(batch))

    async def _wait_for_room(self) -> None:
        try:
            async with asyncio.timeout(self._wait_s), self._turn:
                while shortage := self._shortage():
                    self._awaited = shortage
                    self._wanted()
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            shortage = self._awaited
            raise self._refusal(shortage, f"{shortage.what} was full for {self._wait_s:g} s") from None

    def _refusal(self, shortage: Shortage, why: str) -> OverloadedError:
        self.refused[shortage.cause] += 1
        return OverloadedError(f"{why}; {shortage.cure}", retry_after_s=2.0)


def share_taken(tenant: str) -> Shortage:
    """The store's memory is nearly full, and this tenant holds more than its share."""
    what = f"the part of the store's memory that tenant {tenant} may use beside others"
    return Shortage("share_of_memory", what, FULL.cure)


def own_memory_taken(tenant: str) -> Shortage:
    """The tenant's own limit is reached."""
    cure = "send more slowly, or raise the tenant's memory_bytes_max"
    return Shortage("own_memory", f"the memory of tenant {tenant}", cure)


def _rates(limits: LimitsConfig) -> tuple[Rate, ...]:
    rates = (
        Rate("spans_per_s_max", limits.spans_per_s_max, size_of=len),
        Rate("bytes_per_s_max", limits.bytes_per_s_max, size_of=payload_bytes),
    )
    return tuple(rate for rate in rates if rate.per_s)
