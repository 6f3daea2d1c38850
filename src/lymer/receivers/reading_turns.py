"""Whose message is read: so many at once, in the order of their coming, and none for long while others wait.

A message that is being read takes memory before anybody has counted it, so few are; and a few senders that dawdle must
not keep all others out. Not here: how a message is read, and what a refused sender is told.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final

from lymer.component.errors import DecodeError, OverloadedError

WAITING_MAX: Final = 1024
"""How many may wait for their turn; each costs a few kilobytes."""


class ReadingTurns:
    """Turns of one receiver. For one event loop."""

    def __init__(self, count_max: int, *, timeout_s: float, patience_s: float) -> None:
        """A turn ends after `timeout_s`; after `patience_s` when somebody waits for one."""
        self._free = asyncio.Semaphore(count_max)
        self._timeout_s = timeout_s
        self._patience_s = min(patience_s, timeout_s)
        self._waiting_count = 0
        self._unhurried: dict[asyncio.Timeout, float] = {}
        """Turns for which nobody waited so far, the oldest first, and when each began."""

    def turn(self) -> Turn:
        """One turn, as an asynchronous context manager that begins when there is room.

        Raises OverloadedError when too many wait, or when the turn took long while others waited; DecodeError when it
        took too long.
        """
        return Turn(self)

    async def begin(self) -> asyncio.Timeout:
        """Wait, and begin a turn; its end is the timer's. For Turn."""
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        now_s = asyncio.get_running_loop().time()
        if self._waiting_count:
            return asyncio.timeout_at(now_s + self._patience_s)
        timer = asyncio.timeout_at(now_s + self._timeout_s)
        self._unhurried[timer] = now_s
        return timer

    def end(self, timer: asyncio.Timeout) -> None:
        """The turn of this timer is over. For Turn."""
        self._unhurried.pop(timer, None)
        self._free.release()

    def refusal(self, timer: asyncio.Timeout) -> DecodeError | OverloadedError:
        """Why the sender of a turn that took too long is sent away. For Turn."""
        if timer in self._unhurried:
            return DecodeError(f"the message did not arrive within {self._timeout_s:g} s")
        message = f"the message did not arrive within {self._patience_s:g} s, and others waited for their turn"
        return OverloadedError(message, retry_after_s=self._patience_s)

    async def _wait(self) -> None:
        if self._waiting_count >= WAITING_MAX:
            raise OverloadedError("too many requests wait already")
        self._hurry_oldest()
        self._waiting_count += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting_count -= 1

    def _hurry_oldest(self) -> None:
        """Who waits hurries one turn; those that begin while somebody waits are hurried from their beginning."""
        timer = next((timer for timer in self._unhurried if not timer.expired()), None)
        if timer is not None:
            timer.reschedule(self._unhurried.pop(timer) + self._patience_s)


class Turn:
    """One reader's turn."""

    __slots__ = ("_timer", "_turns")

    def __init__(self, turns: ReadingTurns) -> None:
        self._turns = turns
        self._timer: asyncio.Timeout

    async def __aenter__(self) -> None:
        self._timer = await self._turns.begin()
        await self._timer.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._timer.__aexit__(kind, error, trace)
        except TimeoutError as timeout:
            raise self._turns.refusal(self._timer) from timeout
        finally:
            self._turns.end(self._timer)
