"""So many read at once, in their order; who dawdles is sent away when others wait, and only then."""

from __future__ import annotations

import asyncio

import pytest

from lymer.component.errors import DecodeError, OverloadedError
from lymer.receivers import reading_turns
from lymer.receivers.reading_turns import ReadingTurns

QUICKLY_S = 0.02
NEVER_S = 60.0


class Reader:
    """Reads until it is let go."""

    def __init__(self, turns: ReadingTurns) -> None:
        self.arrived = asyncio.Event()
        self.begun = asyncio.Event()
        self.task = asyncio.create_task(self._read(turns))

    async def _read(self, turns: ReadingTurns) -> None:
        async with turns.turn():
            self.begun.set()
            await self.arrived.wait()

    async def refusal(self) -> BaseException | None:
        """What it was told, at its end."""
        await asyncio.wait([self.task], timeout=5)
        return self.task.exception()


async def test_others_wait_and_follow_in_their_order() -> None:
    turns = ReadingTurns(1, timeout_s=NEVER_S, patience_s=NEVER_S)
    first, second, third = Reader(turns), Reader(turns), Reader(turns)
    await first.begun.wait()
    await asyncio.sleep(0)
    assert not second.begun.is_set()
    first.arrived.set()
    await second.begun.wait()
    assert not third.begun.is_set()
    second.arrived.set()
    third.arrived.set()
    assert [await reader.refusal() for reader in (first, second, third)] == [None] * 3


async def test_who_is_slow_goes_on_while_nobody_waits() -> None:
    turns = ReadingTurns(1, timeout_s=NEVER_S, patience_s=0)
    slow = Reader(turns)
    await slow.begun.wait()
    for _ in range(100):
        await asyncio.sleep(0)
    slow.arrived.set()
    assert await slow.refusal() is None


async def test_who_is_slow_is_sent_away_for_a_while_when_others_wait() -> None:
    turns = ReadingTurns(2, timeout_s=NEVER_S, patience_s=QUICKLY_S)
    slow, slower = Reader(turns), Reader(turns)
    await slower.begun.wait()
    other = Reader(turns)
    other.arrived.set()
    assert await other.refusal() is None
    assert isinstance(await slow.refusal(), OverloadedError), "the oldest makes room"
    assert not slower.task.done(), "one waited, one made room"
    slower.arrived.set()
    assert await slower.refusal() is None


async def test_slow_readers_one_behind_the_other_do_not_keep_the_last_out() -> None:
    turns = ReadingTurns(1, timeout_s=NEVER_S, patience_s=QUICKLY_S)
    slow = [Reader(turns) for _ in range(3)]
    last = Reader(turns)
    last.arrived.set()
    assert await last.refusal() is None
    assert all([isinstance(await reader.refusal(), OverloadedError) for reader in slow])


async def test_what_never_arrives_is_given_up_for_good() -> None:
    slow = Reader(ReadingTurns(1, timeout_s=QUICKLY_S, patience_s=NEVER_S))
    assert isinstance(await slow.refusal(), DecodeError)


async def test_only_so_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_turns, "WAITING_MAX", 1)
    turns = ReadingTurns(1, timeout_s=NEVER_S, patience_s=NEVER_S)
    first, second, third = Reader(turns), Reader(turns), Reader(turns)
    assert isinstance(await third.refusal(), OverloadedError)
    first.arrived.set()
    second.arrived.set()
    assert [await first.refusal(), await second.refusal()] == [None, None]


async def test_who_goes_away_leaves_its_turn_to_others() -> None:
    turns = ReadingTurns(1, timeout_s=NEVER_S, patience_s=NEVER_S)
    reading, waiting, last = Reader(turns), Reader(turns), Reader(turns)
    await reading.begun.wait()
    waiting.task.cancel()
    reading.task.cancel()
    last.arrived.set()
    assert await last.refusal() is None
