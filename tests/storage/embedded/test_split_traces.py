"""Traces that lie in several segments and buffers, many of them: exact like all others, and read only where needed."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lymer.component.clock import SystemClock
from lymer.conformance.spans import NOON, Row, batch, span, trace_id
from lymer.model.search import AnySpan, Compare, Op, Order, SpanField, TimeRange, TraceSearch
from lymer.storage.base import Budget
from lymer.storage.embedded import whole_traces
from lymer.storage.embedded.store import EmbeddedStore
from lymer.storage.memory import MemoryStore

TRACES = 60
PERIOD = 1_000
"""What one segment covers, in nanoseconds."""


@pytest.fixture
async def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EmbeddedStore]:
    monkeypatch.setattr(whole_traces, "CHUNK_TRACES", 4)
    settings = {"background": False, "retention": {"age": 0}, "disk_free_bytes_min": 0, "reserve_bytes": 0}
    store = EmbeddedStore.from_config(settings, data_dir=tmp_path, clock=SystemClock())
    await store.start()
    yield store
    await store.close()


def parts(chance: random.Random) -> list[list[Row]]:
    """What arrives before each seal: every third trace has spans in later periods than its own."""
    periods: list[list[Row]] = [[] for _ in range(6)]
    for trace in range(1, TRACES + 1):
        first = chance.randrange(5)
        for number in range(1, chance.randrange(2, 5)):
            late = chance.randrange(1, 6 - first) if number > 1 and trace % 3 == 0 else 0
            start = PERIOD * first + chance.randrange(PERIOD)
            service = chance.choice("abc")
            periods[first + late].append(
                span(trace, number, number - 1 or None, start=start, service=service, name=service)
            )
    return periods


QUESTIONS = [
    TraceSearch(limit=1000, with_total=True),
    *(TraceSearch(order=order, limit=7) for order in Order),
    TraceSearch(AnySpan(Compare(SpanField.SERVICE, Op.EQ, "b")), limit=9, with_total=True),
    TraceSearch(time=TimeRange(NOON + 2 * PERIOD, NOON + 3 * PERIOD), limit=9, with_total=True),
    TraceSearch(AnySpan(Compare(SpanField.SERVICE, Op.EQ, "c")), order=Order.OLDEST, limit=5),
]


async def same_answers(store: EmbeddedStore, oracle: MemoryStore) -> None:
    for search in QUESTIONS:
        found, expected = [await one.find_traces(search, Budget()) for one in (store, oracle)]
        assert found.summaries.to_pylist() == expected.summaries.to_pylist(), search
        assert found.total == expected.total
    for time in (TimeRange(), TimeRange(NOON + PERIOD, NOON + 2 * PERIOD)):
        graphs = [(await one.service_graph(Budget(), time=time)).to_pylist() for one in (store, oracle)]
        assert graphs[0] == graphs[1]


async def test_what_is_kept_for_the_next_question_is_counted_and_gives_way_to_writes(tmp_path: Path) -> None:
    settings = {
        "background": False,
        "retention": {"age": 0},
        "disk_free_bytes_min": 0,
        "reserve_bytes": 0,
        "memory_bytes_max": "1MiB",
    }
    store = EmbeddedStore.from_config(settings, data_dir=tmp_path, clock=SystemClock())
    await store.start()
    for period in parts(random.Random(5)):
        await store.write(batch(period))
        await store.seal()
    await store.find_traces(TraceSearch(with_total=True), Budget())
    assert 0 < store.health().figures["kept_bytes"] <= (1 << 20) // 5
    number = 1000
    while store.health().figures["kept_bytes"]:
        number += 1
        await store.write(batch([span(number, 1, attributes={"text": f"{number}" * 2000})]))
    assert store.health().figures["writes_waited"] == 0
    await store.find_traces(TraceSearch(with_total=True), Budget())
    assert store.health().figures["kept_bytes"], "the segments are the same, so it is kept again where there is room"
    await store.close()


@pytest.mark.parametrize("seed", range(3))
async def test_answers_are_those_of_the_oracle_while_late_spans_come(store: EmbeddedStore, seed: int) -> None:
    oracle = MemoryStore()
    await oracle.start()
    for period in parts(random.Random(seed)):
        half = len(period) // 2
        for rows in (period[:half], period[half:]):  # Twice within a period: some are open, others sealed.
            if rows:
                await store.write(batch(rows))
                await oracle.write(batch(rows))
            await same_answers(store, oracle)
        await store.seal()
    await same_answers(store, oracle)
    for gone in (3, 6, 1):
        assert await store.delete_trace(trace_id(gone))
        await oracle.delete_trace(trace_id(gone))
        await same_answers(store, oracle)
    await store.compact()
    await same_answers(store, oracle)


async def test_a_page_reads_no_split_traces_that_are_older_than_its_rows(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what was put together for one question is there for the next."""
    for period in parts(random.Random(5)):
        await store.write(batch(period))
        await store.seal()
    await store.write(batch([span(1000 + number, 1, start=9 * PERIOD + number) for number in range(30)]))
    made: list[int] = []
    put_together = whole_traces.merge_batches
    monkeypatch.setattr(whole_traces, "merge_batches", lambda batches: made.append(1) or put_together(batches))
    await store.find_traces(TraceSearch(limit=20), Budget())
    assert not made
    await store.find_traces(TraceSearch(limit=20, with_total=True), Budget())
    assert made
    made.clear()
    await store.find_traces(TraceSearch(limit=20, with_total=True), Budget())
    assert not made
