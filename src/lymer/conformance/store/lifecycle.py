"""Beginning and end, tenants, deletion, archive, budgets, many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from lymer.component.clock import ManualClock
from lymer.component.errors import BudgetError, RetryableError
from lymer.conformance.spans import batch, span, to_rows, trace_id
from lymer.conformance.store.harness import StoreHarness, find, numbers, read
from lymer.model.search import Order, TraceSearch
from lymer.storage.base import Budget, SpanStore

_QUESTIONS: dict[str, Callable[[SpanStore, Budget], Awaitable[object]]] = {
    "find_traces": lambda store, budget: store.find_traces(TraceSearch(), budget),
    "get_traces": lambda store, budget: store.get_traces([trace_id(1)], budget),
    "services": lambda store, budget: store.services(budget),
    "operations": lambda store, budget: store.operations("shop", budget),
    "attribute_keys": lambda store, budget: store.attribute_keys(budget),
    "attribute_values": lambda store, budget: store.attribute_values("k", budget),
    "service_graph": lambda store, budget: store.service_graph(budget),
}


class LifecycleContract(StoreHarness):
    """What holds around the reads and writes themselves."""

    async def test_close_may_be_called_twice_and_without_start(self, tmp_path: Path) -> None:
        await self.make_store(tmp_path / "never started").close()
        store = self.make_store(tmp_path / "started")
        await store.start()
        await store.close()
        await store.close()

    async def test_a_restart_keeps_what_was_written(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as store:
            await self.keep(store, span(1, 1), span(2, 1, start=1))
            await store.write(batch([span(1, 2, 1, start=5)]))
            await store.delete_trace(trace_id(2))
        async with self.opened(tmp_path) as store:
            assert await read(store, 1, 2) == ([span(1, 1), span(1, 2, 1, start=5)] if self.durable else [])
            await self.keep(store, span(3, 1))
            assert await read(store, 3) == [span(3, 1)]

    async def test_a_closed_store_refuses_writes_for_now(self, tmp_path: Path) -> None:
        store = self.make_store(tmp_path)
        await store.start()
        await store.close()
        with pytest.raises(RetryableError):
            await store.write(batch([span(1, 1)]))

    async def test_health_says_that_it_works(self, store: SpanStore) -> None:
        await self.keep(store, span(1, 1))
        health = store.health()
        assert (health.can_write, health.can_read) == (True, True)
        assert all(isinstance(value, float | int) for value in health.figures.values())

    async def test_tenants_never_see_each_other(self, store: SpanStore) -> None:
        await self.keep(store, span(1, 1, service="a", attributes={"k": 1}), tenant="one")
        await self.keep(store, span(1, 1, service="b", attributes={"l": 1}), span(1, 2, 1, service="c"), tenant="two")
        assert await read(store, 1) == []
        assert [row["service_name"] for row in await read(store, 1, tenant="one")] == ["a"]
        assert await store.services(Budget(), tenant="two") == ["b", "c"]
        assert await store.services(Budget()) == []
        assert await store.operations("b", Budget(), tenant="one") == []
        assert (await store.attribute_values("l", Budget(), tenant="one")).num_rows == 0
        assert (await store.service_graph(Budget(), tenant="one")).num_rows == 0
        assert (await store.service_graph(Budget(), tenant="two")).num_rows == 1
        page = await store.find_traces(TraceSearch(with_total=True), Budget(), tenant="one")
        assert (page.total, page.summaries.column("span_count").to_pylist()) == (1, [1])
        assert not await store.delete_trace(trace_id(1))
        assert await store.delete_trace(trace_id(1), tenant="one")
        assert len(await read(store, 1, tenant="two")) == 2

    async def test_a_deleted_trace_is_nowhere(self, store: SpanStore) -> None:
        await self.keep(store, span(1, 1, service="a", attributes={"k": 1}), span(2, 1, service="b"))
        await self.keep(store, span(1, 2, 1, service="c", start=10), span(3, 1, 2, service="b", start=20))
        assert await store.delete_trace(trace_id(1))
        assert await read(store, 1) == []
        assert await find(store) == [3, 2]
        assert await find(store, order=Order.MOST_SPANS) == [2, 3]
        page = await store.find_traces(TraceSearch(with_total=True), Budget())
        assert page.total == 2
        assert await store.services(Budget()) == ["b"]
        assert (await store.attribute_values("k", Budget())).num_rows == 0
        assert (await store.service_graph(Budget())).num_rows == 0
        assert len(await read(store, 2, 3)) == 2
        assert not await store.delete_trace(trace_id(1))
        assert not await store.delete_trace(trace_id(9))

    async def test_a_deleted_trace_may_come_again(self, store: SpanStore) -> None:
        await self.keep(store, span(1, 1), span(2, 1))
        await store.delete_trace(trace_id(1))
        await self.keep(store, span(1, 1))
        await self.keep(store, span(1, 2, 1, start=1))
        assert await read(store, 1) == [span(1, 1), span(1, 2, 1, start=1)]
        assert sorted(await find(store)) == [1, 2]

    async def test_an_archived_trace_outlives_its_deletion(self, store: SpanStore) -> None:
        archive = store.archive()
        if archive is None:
            return
        await self.keep(store, span(1, 1), span(2, 1))
        await archive.write(await store.get_traces([trace_id(1)], Budget()))
        await store.delete_trace(trace_id(1))
        assert to_rows(await archive.get_traces([trace_id(1), trace_id(2)], Budget())) == [span(1, 1)]
        assert await find(store) == [2]

    @pytest.mark.parametrize("cause", ["time", "cancelled"])
    @pytest.mark.parametrize("question", _QUESTIONS)
    async def test_a_read_without_budget_is_refused(self, store: SpanStore, question: str, cause: str) -> None:
        await self.keep(store, span(1, 1, attributes={"k": 1}))
        with pytest.raises(BudgetError):
            await _QUESTIONS[question](store, _spent(cause))

    async def test_an_answer_beyond_its_memory_is_refused(self, store: SpanStore) -> None:
        await self.keep(store, *(span(1, number) for number in range(1, 2_000)))
        with pytest.raises(BudgetError):
            await store.get_traces([trace_id(1)], Budget(memory_bytes_max=1_000))

    async def test_a_refused_read_changes_nothing(self, store: SpanStore) -> None:
        await self.keep(store, span(1, 1))
        with pytest.raises(BudgetError):
            await store.get_traces([trace_id(1)], _spent("cancelled"))
        assert await read(store, 1) == [span(1, 1)]

    async def test_many_writes_at_once_are_all_kept(self, store: SpanStore) -> None:
        async def write(number: int) -> None:
            await store.write(
                batch([span(number, 1, start=number), span(number, 2, 1, start=number), span(1000, number)])
            )

        await asyncio.gather(*(write(number) for number in range(1, 101)))
        await self.settle(store)
        assert await find(store, order=Order.OLDEST) == [1000, *range(1, 101)]
        assert len(await read(store, 1000)) == 100

    async def test_reads_see_what_was_acknowledged_and_whole_batches_only(self, store: SpanStore) -> None:
        acknowledged = 0
        done = asyncio.Event()

        async def write() -> None:
            nonlocal acknowledged
            for number in range(1, 61):
                spans = [
                    span(number, one, 1 if one > 1 else None, start=number, service="ab"[one % 2])
                    for one in range(1, 6)
                ]
                await store.write(batch(spans))
                acknowledged = number
                if number % 15 == 0:
                    await self.settle(store)
            done.set()

        async def ask() -> None:
            while not done.is_set():
                before = acknowledged
                page = await store.find_traces(TraceSearch(limit=1000, order=Order.OLDEST, with_total=True), Budget())
                found = numbers(page.summaries.column("trace_id").to_pylist())
                assert found == list(range(1, len(found) + 1))
                assert page.total == len(found) >= before
                assert set(page.summaries.column("span_count").to_pylist()) <= {5}
                graph = await store.service_graph(Budget())
                assert sum(graph.column("call_count").to_pylist()) >= 2 * before
                assert sum(graph.column("call_count").to_pylist()) % 2 == 0

        await asyncio.gather(write(), ask(), ask())
        assert len(await find(store)) == 60


def _spent(cause: str) -> Budget:
    clock = ManualClock()
    budget = Budget(time_s=5, clock=clock)
    if cause == "time":
        clock.advance(6)
    else:
        budget.cancelled = True
    return budget
