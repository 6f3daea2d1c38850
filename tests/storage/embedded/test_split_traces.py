"""Traces that lie in several segments and buffers, many of them: exact like all others, and read only where needed."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lymer.component.clock import SystemClock
from lymer.conformance.spans import NOON, Row, batch, span, trace_id
from lymer.model.search import (
    And,
    AnySpan,
    Compare,
    CompareTrace,
    Not,
    Op,
    Or,
    Order,
    Predicate,
    SpanField,
    TimeRange,
    TraceField,
    TraceSearch,
)
from lymer.storage.base import Budget
from lymer.storage.embedded import candidates, whole_traces
from lymer.storage.embedded.kept_wholes import FEW_QUESTIONS, KeptRoom
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


def some_span(chance: random.Random, depth: int = 2) -> Predicate:
    """A random predicate over one span; `d` occurs nowhere."""
    match chance.randrange(6 if depth else 2):
        case 2:
            return Not(some_span(chance, depth - 1))
        case 3:
            return Or((some_span(chance, depth - 1), some_span(chance, depth - 1)))
        case 4:
            return And(tuple(some_span(chance, depth - 1) for _ in range(chance.randrange(3))))
    subject = chance.choice((SpanField.SERVICE, SpanField.NAME))
    return Compare(subject, chance.choice((Op.EQ, Op.EQ, Op.NE)), chance.choice("abcd"))


def some_trace(chance: random.Random, depth: int = 2) -> Predicate:
    """A random predicate over a trace."""
    match chance.randrange(8 if depth else 4):
        case 4:
            return Not(some_trace(chance, depth - 1))
        case 5:
            return Or(tuple(some_trace(chance, depth - 1) for _ in range(chance.randrange(3))))
        case 6:
            return And(tuple(some_trace(chance, depth - 1) for _ in range(chance.randrange(3))))
        case 7:
            return CompareTrace(TraceField.SPAN_COUNT, Op.GE, chance.randrange(4))
    return AnySpan(some_span(chance))


def some_search(chance: random.Random) -> TraceSearch:
    time = TimeRange(*sorted(NOON + chance.randrange(6 * PERIOD) for _ in range(2)))
    return TraceSearch(
        some_trace(chance),
        time=chance.choice((TimeRange(), time)),
        order=chance.choice(list(Order)),
        limit=chance.choice((3, 100)),
        with_total=chance.random() < 0.5,
    )


@pytest.mark.parametrize("few_part", [1, 4])
@pytest.mark.parametrize("hits_max", [2, candidates.HITS_MAX])
async def test_what_is_left_out_for_its_parts_would_not_have_matched(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch, few_part: int, hits_max: int
) -> None:
    monkeypatch.setattr(whole_traces, "_FEW_PART", few_part)
    monkeypatch.setattr(candidates, "HITS_MAX", hits_max)
    monkeypatch.setattr(KeptRoom, "take", lambda *_: False)  # What is kept is not left out.
    chance = random.Random(few_part + hits_max)
    oracle = MemoryStore()
    await oracle.start()
    for period in parts(chance):
        await store.seal()  # The last period stays open.
        await store.write(batch(period))
        await oracle.write(batch(period))
    for _ in range(80):
        search = some_search(chance)
        found, expected = [await one.find_traces(search, Budget()) for one in (store, oracle)]
        assert found.summaries.to_pylist() == expected.summaries.to_pylist(), search
        assert found.total == expected.total, search


@pytest.mark.parametrize(("service", "put_together"), [("nowhere", 0), ("rare", 1), ("a", 20)])
async def test_traces_whose_parts_tell_that_they_do_not_match_are_not_put_together(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch, service: str, put_together: int
) -> None:
    monkeypatch.setattr(whole_traces, "CHUNK_TRACES", 100)
    for part in (1, 2):
        rows = [span(trace, part, part - 1 or None, service="a") for trace in range(1, 21)]
        await store.write(batch([*rows, span(7, 10 + part, 1, service="rare")]))
        await store.seal()
    made: list[int] = []
    whole = whole_traces.whole_traces
    monkeypatch.setattr(
        whole_traces, "whole_traces", lambda sources, ids, budget: made.append(len(ids)) or whole(sources, ids, budget)
    )
    search = TraceSearch(AnySpan(Compare(SpanField.SERVICE, Op.EQ, service)), with_total=True)
    assert (await store.find_traces(search, Budget())).total == put_together
    assert sum(made) == put_together
    for _ in range(2 * FEW_QUESTIONS):
        assert (await store.find_traces(search, Budget())).total == put_together
    made.clear()
    await store.find_traces(search, Budget())
    assert not sum(made), "what is asked for again and again is kept"


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
