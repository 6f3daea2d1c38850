"""The process stays within its memory limit."""

from __future__ import annotations

import pytest

from lymer.app.allocator import give_back_free_memory, keep_large_blocks
from lymer.app.memory_guard import GIVE_BACK_S, MemoryGuard, anonymous_memory_bytes
from lymer.component.clock import ManualClock
from lymer.component.errors import OverloadedError
from lymer.component.events import Events
from lymer.pipeline.in_flight import InFlight

LIMIT = 1000


class Guarded:
    def __init__(self, limit: int | None = LIMIT) -> None:
        self.used, self.free, self.given_back = 0, 0, 0
        self.clock, self.in_flight = ManualClock(), InFlight(100)
        self.guard = MemoryGuard(
            limit,
            self.in_flight,
            events=Events(clock=self.clock),
            clock=self.clock,
            anonymous_bytes=lambda: self.used,
            give_back=self._give_back,
        )

    def _give_back(self) -> None:
        self.used, self.free = self.used - self.free, 0
        self.given_back += 1

    async def look(self, used: int, *, free: int = 0) -> None:
        self.used, self.free = used, free
        await self.guard.look()
        self.clock.advance(GIVE_BACK_S)


async def test_with_room_nothing_is_done() -> None:
    guarded = Guarded()
    await guarded.look(800)
    assert (guarded.given_back, guarded.in_flight.refusing) == (0, False)


async def test_free_memory_is_given_back_before_anybody_is_refused() -> None:
    guarded = Guarded()
    await guarded.look(990, free=500)
    assert (guarded.given_back, guarded.in_flight.refusing) == (1, False)


async def test_at_the_limit_senders_are_told_to_wait_until_there_is_room() -> None:
    guarded = Guarded()
    await guarded.look(990)
    with pytest.raises(OverloadedError, match="memory limit"), guarded.in_flight.request() as request:
        request.grow(1)
    await guarded.look(900)
    with guarded.in_flight.request() as request:
        request.grow(1)


async def test_giving_back_is_not_repeated_where_it_cannot_help() -> None:
    guarded = Guarded()
    await guarded.look(850)
    await guarded.look(860)
    assert guarded.given_back == 1
    await guarded.look(940)
    assert guarded.given_back == 2


async def test_while_senders_wait_memory_that_comes_free_is_found() -> None:
    guarded = Guarded()
    await guarded.look(990)
    await guarded.look(990, free=300)
    assert not guarded.in_flight.refusing


async def test_without_a_limit_nobody_is_refused() -> None:
    guarded = Guarded(limit=None)
    await guarded.look(10 << 30)
    assert (guarded.given_back, guarded.in_flight.refusing) == (1, False)


def test_the_machine_says_how_much_is_used() -> None:
    keep_large_blocks()
    before = anonymous_memory_bytes()
    block = bytearray(b"x" * (50 << 20))
    assert anonymous_memory_bytes() - before > 40 << 20
    del block
    give_back_free_memory()
    assert anonymous_memory_bytes() - before < 40 << 20
