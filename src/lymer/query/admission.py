"""Who may ask, for how long, and who is told to come back later.

Every question gets a budget of time; all together get one of memory. So many run at once, so many more wait for so
long; all others are refused at once with OverloadedError. Who goes away is no longer worked for. Ingestion never waits
for any of this.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from lymer.component.clock import Clock
from lymer.component.config import ByteSize
from lymer.component.errors import BadQueryError, BudgetError, NotFoundError, OverloadedError
from lymer.component.events import Events
from lymer.storage.base import Budget

T = TypeVar("T")

_MEMORY_BYTES = ByteSize(1 << 30)

Gone = Callable[[], Awaitable[object]]
"""Returns when the asker no longer waits for the answer, e.g. `disconnected.wait` of an asyncio.Event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryConfig:
    """How much questions may cost."""

    time_s: float = 30.0
    """How long one question may take."""
    memory_bytes_max: ByteSize = _MEMORY_BYTES
    """How much memory all questions together may need; one may take it all. (A trace of a million spans takes half.)"""
    concurrent_max: int = 8
    """How many questions are worked on at once."""
    waiting_max: int = 64
    """How many more may wait for their turn."""
    wait_s: float = 5.0
    """How long they wait."""


class Admission:
    """Lets questions through. One for each process."""

    def __init__(self, config: QueryConfig, events: Events, clock: Clock) -> None:
        self._config = config
        self._events = events
        self._clock = clock
        self._turns = asyncio.Semaphore(config.concurrent_max)
        self._memory = SharedMemory(config.memory_bytes_max)
        self._waiting = 0

    async def ask(self, kind: str, work: Callable[[Budget], Awaitable[T]], gone: Gone | None = None) -> T:
        """Do the work within a budget when its turn comes; observe how long it took and how it ended.

        Raises what the work raises, OverloadedError when its turn does not come, BudgetError when it ran out of its
        budget or its asker went away. When the calling task is cancelled, the work stops too.
        """
        begin_s = self._clock.monotonic_s()
        result = "failed"
        try:
            async with self._turn():
                answer = await self._within_budget(work, gone)
            result = "ok"
            return answer
        except BaseException as error:
            result = _result(error)
            raise
        finally:
            self._events.query_answered(kind, self._clock.monotonic_s() - begin_s, result=result)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        await self._wait_for_turn()
        try:
            yield
        finally:
            self._turns.release()

    async def _wait_for_turn(self) -> None:
        if self._turns.locked() and self._waiting >= self._config.waiting_max:
            raise OverloadedError(f"{self._waiting} queries are already waiting; come back later")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._config.wait_s):
                await self._turns.acquire()
        except TimeoutError as error:
            raise OverloadedError(
                f"no turn for this query within {self._config.wait_s:g} s; come back later"
            ) from error
        finally:
            self._waiting -= 1

    async def _within_budget(self, work: Callable[[Budget], Awaitable[T]], gone: Gone | None) -> T:
        config = self._config
        budget = SharedBudget(self._memory, time_s=config.time_s, clock=self._clock)
        try:
            async with asyncio.timeout(config.time_s):
                return await (work(budget) if gone is None else _unless_gone(work(budget), gone))
        except TimeoutError as error:
            raise BudgetError(f"the query took longer than its budget of {config.time_s:g} s; narrow it") from error
        finally:
            budget.cancelled = True  # Work that still runs in a thread stops at its next check.
            budget.give_back()


class SharedMemory:
    """What all questions hold together. Asked from several threads."""

    def __init__(self, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        self._lock = threading.Lock()
        self._held_bytes = 0

    def take(self, more_bytes: int) -> bool:
        """False, and nothing taken, when there is not so much."""
        with self._lock:
            fits = self._held_bytes + more_bytes <= self.bytes_max
            self._held_bytes += more_bytes if fits else 0
            return fits

    def give_back(self, held_bytes: int) -> None:
        """Take away what was taken."""
        with self._lock:
            self._held_bytes -= held_bytes


class SharedBudget(Budget):
    """A budget whose memory is shared with all other questions: what it has needed at most is its own until it ends."""

    def __init__(self, memory: SharedMemory, *, time_s: float, clock: Clock) -> None:
        super().__init__(time_s=time_s, memory_bytes_max=memory.bytes_max, clock=clock)
        self._memory = memory
        self._held_bytes = 0

    def check(self, memory_bytes: int = 0) -> None:
        """Also raises OverloadedError when so many bytes are too many only because of other questions."""
        super().check(memory_bytes)
        more_bytes = memory_bytes - self._held_bytes
        if more_bytes > 0:
            if not self._memory.take(more_bytes):
                raise OverloadedError("other queries hold the memory that this one needs; come back later")
            self._held_bytes = memory_bytes

    def give_back(self) -> None:
        """The question has ended; nothing is taken any more."""
        self._memory.give_back(self._held_bytes)
        self._held_bytes = 0


class GoneError(BudgetError):
    """The asker went away; nobody reads this."""


async def _unless_gone(work: Awaitable[T], gone: Gone) -> T:
    asking = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(gone())
    try:
        await asyncio.wait({asking, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if asking.done():
            return asking.result()
        raise GoneError("cancelled: the asker went away")
    finally:
        asking.cancel()
        leaving.cancel()
        await asyncio.gather(asking, leaving, return_exceptions=True)


def _result(error: BaseException) -> str:
    match error:
        case asyncio.CancelledError() | GoneError():
            return "cancelled"
        case BudgetError():
            return "budget"
        case BadQueryError():
            return "bad"
        case NotFoundError():
            return "not_found"
        case OverloadedError():
            return "overloaded"
    return "failed"
