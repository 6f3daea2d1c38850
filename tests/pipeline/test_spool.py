"""What is appended survives the process, comes out in order, and is bounded; every loss is counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lymer.component.config import ByteSize
from lymer.component.errors import StartError, UnavailableError
from lymer.component.events import Events
from lymer.pipeline.spool import Spool, SpoolConfig
from lymer.pipeline.spool_records import Damage, Record, encode_header, scan

Opened = Callable[..., object]


@pytest.fixture
def events() -> Events:
    return Events()


@asynccontextmanager
async def opened(folder: Path, events: Events, **settings: object) -> AsyncIterator[Spool]:
    spool = Spool(SpoolConfig(**{"sync": False, **settings}), folder, events=events)
    await spool.start()
    try:
        yield spool
    finally:
        await spool.close()


def dropped(events: Events, cause: str) -> float:
    return events.registry.get_sample_value("lymer_spans_dropped_total", {"cause": cause}) or 0.0


async def drain(spool: Spool, bytes_max: int = 1) -> list[bytes]:
    """Everything that waits."""
    taken = []
    while spool.span_count:
        portion = await asyncio.wait_for(spool.take(bytes_max), 5)
        taken += portion.payloads
        await spool.done(portion)
    return taken


async def test_payloads_come_out_in_order(tmp_path: Path, events: Events) -> None:
    async with opened(tmp_path, events) as spool:
        for number in range(10):
            await spool.append("f", b"%d" % number, 1)
        assert await drain(spool) == [b"%d" % number for number in range(10)]
        assert spool.span_count == 0


async def test_small_payloads_are_taken_together_up_to_a_size(tmp_path: Path, events: Events) -> None:
    async with opened(tmp_path, events) as spool:
        for _ in range(10):
            await spool.append("f", b"x" * 100, 2)
        portion = await spool.take(700)
        assert 3 <= len(portion.payloads) <= 7
        assert portion.span_count == 2 * len(portion.payloads)


async def test_payloads_of_two_formats_are_never_mixed(tmp_path: Path, events: Events) -> None:
    async with opened(tmp_path, events) as spool:
        for name in ("a", "a", "b", "a"):
            await spool.append(name, name.encode(), 1)
        portions = [await spool.take(1 << 20) for _ in range(3)]
        assert [(one.format, len(one.payloads)) for one in portions] == [("a", 2), ("b", 1), ("a", 1)]


async def test_who_takes_waits_for_the_next_payload(tmp_path: Path, events: Events) -> None:
    async with opened(tmp_path, events) as spool:
        taking = asyncio.create_task(spool.take(1))
        await asyncio.sleep(0)
        assert not taking.done()
        await spool.append("f", b"late", 1)
        assert (await asyncio.wait_for(taking, 5)).payloads == [b"late"]


async def test_what_is_not_done_waits_for_the_next_process(tmp_path: Path, events: Events) -> None:
    async with opened(tmp_path, events, file_bytes=ByteSize(100)) as spool:
        for number in range(20):
            await spool.append("f", b"%03d" % number, 1)
        for _ in range(5):
            await spool.done(await spool.take(1))
        await spool.take(1)  # On its way when the process ended.
    async with opened(tmp_path, events, file_bytes=ByteSize(100)) as spool:
        assert spool.span_count == 15
        assert await drain(spool) == [b"%03d" % number for number in range(5, 20)]
    assert len(list(tmp_path.glob("*.spool"))) == 1


async def test_portions_may_be_done_in_any_order(tmp_path: Path, events: Events) -> None:
    async with opened(tmp_path, events) as spool:
        for number in range(4):
            await spool.append("f", b"%d" % number, 1)
        first, second, third = [await spool.take(1) for _ in range(3)]
        await spool.done(third)
        await spool.done(second)
    async with opened(tmp_path, events) as spool:
        assert (await spool.take(1)).payloads == first.payloads


async def test_the_oldest_go_when_it_is_full_and_are_counted(tmp_path: Path, events: Events) -> None:
    async with opened(tmp_path, events, bytes_max=ByteSize(4000), file_bytes=ByteSize(1000)) as spool:
        for number in range(40):
            await spool.append("f", b"%04d" % number + bytes(200), 3)
        kept = [int(payload[:4]) for payload in await drain(spool)]
        assert kept == list(range(40 - len(kept), 40))
        assert 8 <= len(kept) <= 17
        assert dropped(events, "spool_full") == 3 * (40 - len(kept))
        assert spool.figures()["spool_bytes"] <= 4000


async def test_what_is_on_its_way_is_not_lost_with_its_file(tmp_path: Path, events: Events) -> None:
    async with opened(tmp_path, events, bytes_max=ByteSize(2000), file_bytes=ByteSize(500)) as spool:
        await spool.append("f", b"first", 1)
        portion = await spool.take(1)
        for _ in range(40):
            await spool.append("f", bytes(200), 1)
        sent = len(portion.payloads)
        await spool.done(portion)
        sent += len(await drain(spool))
        assert sent + dropped(events, "spool_full") == 41


async def test_a_torn_end_is_cut_off_and_the_rest_is_there(tmp_path: Path, events: Events) -> None:
    async with opened(tmp_path, events) as spool:
        await spool.append("f", b"whole", 1)
    (file,) = [path for path in tmp_path.glob("*.spool") if path.stat().st_size]
    file.write_bytes(file.read_bytes() + (encode_header("f", b"torn", 1) + b"torn")[:-2])
    async with opened(tmp_path, events) as spool:
        assert await drain(spool) == [b"whole"]


async def test_damage_is_counted_and_its_neighbours_are_there(tmp_path: Path, events: Events) -> None:
    async with opened(tmp_path, events) as spool:
        for payload in (b"aaaa", b"bbbb", b"cccc"):
            await spool.append("f", payload, 7)
    (file,) = [path for path in tmp_path.glob("*.spool") if path.stat().st_size]
    file.write_bytes(file.read_bytes().replace(b"bbbb", b"bbXb"))
    async with opened(tmp_path, events) as spool:
        assert await drain(spool) == [b"aaaa", b"cccc"]
    assert dropped(events, "damaged") == 7


async def test_two_processes_do_not_share_a_folder(tmp_path: Path, events: Events) -> None:
    async with opened(tmp_path, events):
        with pytest.raises(StartError, match="another process uses"):
            await Spool(SpoolConfig(), tmp_path, events=events).start()


async def test_a_closed_spool_refuses_for_now(tmp_path: Path, events: Events) -> None:
    async with opened(tmp_path, events) as spool:
        pass
    with pytest.raises(UnavailableError):
        await spool.append("f", b"x", 1)


async def test_a_disk_that_fails_is_told_and_leaves_nothing_behind(tmp_path: Path, events: Events) -> None:
    failing = True

    def sync(_: int) -> None:
        if failing:
            raise OSError(28, "No space left on device")

    spool = Spool(SpoolConfig(), tmp_path, events=events, sync=sync)
    await spool.start()
    with pytest.raises(UnavailableError, match="No space left"):
        await spool.append("f", b"lost", 1)
    failing = False
    await spool.append("f", b"kept", 1)
    assert await drain(spool) == [b"kept"]
    await spool.close()


@given(
    st.lists(st.tuples(st.binary(max_size=50), st.integers(0, 1000)), max_size=8),
    st.binary(max_size=60),
    st.data(),
)
def test_records_behind_rubbish_are_found(
    records: list[tuple[bytes, int]], rubbish: bytes, data: st.DataObject
) -> None:
    encoded = [encode_header("otlp_proto", payload, count) + payload for payload, count in records]
    at = data.draw(st.integers(0, len(encoded)))
    found = list(scan(b"".join([*encoded[:at], rubbish, *encoded[at:]])))
    kept = [(one.payload, one.span_count) for one in found if isinstance(one, Record)]
    assert kept == records
    assert sum(isinstance(one, Damage) for one in found) == (1 if rubbish and at < len(encoded) else 0)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    for one in scan(data):
        assert one.end <= len(data)
