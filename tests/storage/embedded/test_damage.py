"""Bytes flipped and files cut at random: never a crash, never a wrong span, the damage named, the rest found."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from lymer.component.clock import SystemClock
from lymer.component.errors import LymerError
from lymer.conformance.spans import Row, batch, span, to_rows, trace_id
from lymer.model.search import TraceSearch
from lymer.storage.base import Budget
from lymer.storage.embedded import admin
from lymer.storage.embedded.store import EmbeddedStore

SETTINGS = {
    "background": False,
    "retention": {"age": 0},
    "disk_free_bytes_min": 0,
    "reserve_bytes": 0,
}
TRACES = range(1, 41)


def make_store(folder: Path) -> EmbeddedStore:
    return EmbeddedStore.from_config(SETTINGS, data_dir=folder, clock=SystemClock())


def spans_of(number: int) -> list[Row]:
    return [span(number, one, start=one, name=f"name {number}", attributes={"k": number}) for one in (1, 2, 3)]


async def fill(folder: Path, *, sealed: bool) -> None:
    store = make_store(folder)
    await store.start()
    for number in TRACES:
        await store.write(batch(spans_of(number)))
        if sealed and number % 10 == 0:
            await store.seal()
    await store.close()


async def what_is_left(folder: Path) -> tuple[set[int], list[str]]:
    """The traces that come back, each exactly as it was written, and the damages told."""
    store = make_store(folder)
    await store.start()
    whole = set()
    for number in TRACES:
        try:
            rows = to_rows(await store.get_traces([trace_id(number)], Budget()))
        except LymerError:
            continue
        if rows:
            assert rows == to_rows(batch(spans_of(number)))
            whole.add(number)
    damages = store.damages
    await store.close()
    return whole, damages


@pytest.mark.parametrize("seed", range(25))
async def test_a_damaged_log_loses_only_what_is_damaged(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    await fill(tmp_path, sealed=False)
    (log,) = (tmp_path / "default" / "wal").glob("*.log")
    used = log.read_bytes().rstrip(b"\0")
    data = bytearray(log.read_bytes())
    flips = sorted(chance.randrange(len(used)) for _ in range(chance.randint(1, 3)))
    for offset in flips:
        data[offset] ^= 1 << chance.randrange(8)
    log.write_bytes(data)

    left, damages = await what_is_left(tmp_path)

    assert len(left) >= len(TRACES) - len(flips)
    assert damages or len(left) == len(TRACES) or set(TRACES) - left == {max(TRACES)}


@pytest.mark.parametrize("seed", range(15))
async def test_a_cut_log_keeps_what_is_before_the_cut(tmp_path: Path, seed: int) -> None:
    await fill(tmp_path, sealed=False)
    (log,) = (tmp_path / "default" / "wal").glob("*.log")
    used = len(log.read_bytes().rstrip(b"\0"))
    os.truncate(log, random.Random(seed).randrange(used))
    left, damages = await what_is_left(tmp_path)
    assert left == set(range(1, len(left) + 1))
    assert damages == []


@pytest.mark.parametrize("ending", ["idx", "parquet"])
@pytest.mark.parametrize("seed", range(15))
async def test_a_damaged_segment_never_gives_wrong_spans_unnoticed(tmp_path: Path, seed: int, ending: str) -> None:
    chance = random.Random(seed)
    await fill(tmp_path, sealed=True)
    victim = chance.choice(sorted((tmp_path / "default" / "segments").glob(f"*.{ending}")))
    data = bytearray(victim.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    victim.write_bytes(data)

    assert any(victim.stem in line for line in admin.verify(tmp_path))
    store = make_store(tmp_path)
    await store.start()
    try:
        page = await store.find_traces(TraceSearch(limit=1000), Budget())
    except LymerError as error:
        assert "damaged" in str(error) or "cannot be read" in str(error)
    else:
        assert page.summaries.num_rows in (30, 40)
    await store.close()
    if ending == "idx":
        left, damages = await what_is_left(tmp_path)
        assert len(left) == 30
        assert len(damages) == 1


@pytest.mark.parametrize("ending", ["idx", "parquet"])
async def test_a_cut_segment_is_named(tmp_path: Path, ending: str) -> None:
    await fill(tmp_path, sealed=True)
    victim = min((tmp_path / "default" / "segments").glob(f"*.{ending}"))
    os.truncate(victim, victim.stat().st_size // 2)
    left, damages = await what_is_left(tmp_path)
    assert left == set(TRACES) - set(range(1, 11))
    assert len(damages) == 1
    assert victim.stem in damages[0]
