"""What is in memory is what the files say, and what is not is left to them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lymer.component.events import Events
from lymer.pipeline.spool_newest import Newest
from lymer.pipeline.spool_records import Record
from tests.pipeline.test_spool import drain, opened


def record(offset: int, size: int = 10) -> Record:
    return Record("f", bytes(size), 1, offset, offset + size)


def test_records_come_from_a_position_on_up_to_a_size() -> None:
    newest = Newest()
    newest.add((1, record(offset)) for offset in range(0, 100, 10))
    assert [one.offset for one in newest.at(1, 0, 30)] == [0, 10, 20]
    assert [one.offset for one in newest.at(1, 30, 1)] == [30]
    assert [one.offset for one in newest.at(1, 30, 1)] == [30]
    assert newest.at(1, 35, 1) == []


def test_records_of_two_files_are_not_given_together() -> None:
    newest = Newest()
    newest.add([(1, record(0)), (1, record(10)), (2, record(0))])
    assert len(newest.at(1, 0, 1000)) == 2
    assert newest.at(1, 20, 1000) == []
    assert len(newest.at(2, 0, 1000)) == 1


def test_the_oldest_are_forgotten_when_they_are_too_many() -> None:
    newest = Newest(bytes_max=25)
    newest.add((1, record(offset)) for offset in range(0, 50, 10))
    assert newest.at(1, 0, 1000) == []
    assert [one.offset for one in newest.at(1, 30, 1000)] == [30, 40]


async def test_who_takes_in_step_with_who_appends_reads_no_file(tmp_path: Path) -> None:
    async with opened(tmp_path, Events()) as spool:
        for number in range(3):
            await spool.append("f", b"%d" % number, 1)
        for path in tmp_path.glob("*.spool"):
            path.write_bytes(b"")
        assert await drain(spool) == [b"0", b"1", b"2"]


async def test_payloads_gather_while_somebody_waits_for_them(tmp_path: Path) -> None:
    async with opened(tmp_path, Events()) as spool:
        taking = asyncio.create_task(spool.take(1000, gather_s=0.2))
        await asyncio.sleep(0)  # It has looked before anything is there.
        await asyncio.gather(*(spool.append("f", b"%d" % number, 1) for number in range(5)))
        assert (await asyncio.wait_for(taking, 5)).payloads == [b"0", b"1", b"2", b"3", b"4"]
