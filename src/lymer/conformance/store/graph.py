"""Who calls whom, exactly: counts, errors, percentiles, for any window and any filter."""

from __future__ import annotations

import pytest

from lymer.component.errors import BadQueryError
from lymer.conformance.spans import NOON, span
from lymer.conformance.store.harness import StoreHarness
from lymer.model.search import AnySpan, Attribute, Compare, CompareTrace, Op, SpanField, TimeRange, TraceField
from lymer.model.trace import GRAPH_SCHEMA
from lymer.storage.base import Budget, SpanStore


class GraphContract(StoreHarness):
    """The service graph."""

    async def test_an_edge_has_calls_errors_and_percentiles(self, store: SpanStore) -> None:
        durations = [(number * 37) % 200 + 1 for number in range(200)]
        await self.keep(store, span(1, 1, service="a"))
        for begin in (0, 100):
            children = [
                span(
                    1,
                    10 + number,
                    1,
                    service="b",
                    duration=durations[number],
                    status="error" if number % 10 == 0 else "ok",
                )
                for number in range(begin, begin + 100)
            ]
            await self.keep(store, *children)
        graph = await store.service_graph(Budget())
        assert graph.schema.equals(GRAPH_SCHEMA)
        assert graph.to_pylist() == [
            {
                "parent": "a",
                "child": "b",
                "call_count": 200,
                "error_count": 20,
                "p50_nano": 100,
                "p95_nano": 190,
                "p99_nano": 198,
            }
        ]

    @pytest.mark.parametrize(
        ("calls", "percentiles"), [(1, (1, 1, 1)), (2, (1, 2, 2)), (3, (2, 3, 3)), (21, (11, 20, 21))]
    )
    async def test_a_percentile_is_a_duration_that_occurred(
        self, store: SpanStore, calls: int, percentiles: tuple[int, int, int]
    ) -> None:
        children = [span(1, 1 + number, 1, service="b", duration=number) for number in range(1, calls + 1)]
        await self.keep(store, span(1, 1, service="a"), *children)
        (edge,) = (await store.service_graph(Budget())).to_pylist()
        assert (edge["p50_nano"], edge["p95_nano"], edge["p99_nano"]) == percentiles

    async def test_edges_are_sorted_and_calls_within_a_service_are_none(self, store: SpanStore) -> None:
        await self.keep(
            store,
            span(1, 1, service="b"),
            span(1, 2, 1, service="b"),
            span(1, 3, 2, service="c"),
            span(1, 4, 3, service="a"),
            span(1, 5, 2, service="a"),
            span(1, 6, 99, service="d"),
            span(2, 7, 1, service="e"),
        )
        graph = (await store.service_graph(Budget())).to_pylist()
        assert [(edge["parent"], edge["child"]) for edge in graph] == [("b", "a"), ("b", "c"), ("c", "a")]

    async def test_a_call_counts_when_its_span_is_in_the_window(self, store: SpanStore) -> None:
        await self.keep(store, span(1, 1, service="a", start=0))
        await self.keep(store, *(span(1, 2 + number, 1, service="b", start=10 * number) for number in range(1, 6)))

        async def calls(start: int, end: int) -> list[int]:
            time = TimeRange(NOON + start, NOON + end)
            counts: list[int] = (await store.service_graph(Budget(), time=time)).column("call_count").to_pylist()
            return counts

        assert await calls(10, 50) == [5]
        assert await calls(20, 40) == [3]
        assert await calls(30, 30) == [1]
        assert await calls(31, 39) == []

    async def test_a_filter_is_of_the_called_span(self, store: SpanStore) -> None:
        await self.keep(
            store,
            span(1, 1, service="a", attributes={"tier": "gold"}),
            span(1, 2, 1, service="b", attributes={"tier": "gold"}),
            span(1, 3, 1, service="b", status="error"),
            span(1, 4, 2, service="c", attributes={"tier": "gold"}),
        )
        gold = Compare(Attribute("tier"), Op.EQ, "gold")
        graph = (await store.service_graph(Budget(), where=gold)).to_pylist()
        assert [(edge["child"], edge["call_count"]) for edge in graph] == [("b", 1), ("c", 1)]
        failed = Compare(SpanField.STATUS, Op.EQ, "error")
        graph = (await store.service_graph(Budget(), where=failed)).to_pylist()
        assert [(edge["child"], edge["error_count"]) for edge in graph] == [("b", 1)]

    async def test_a_caller_that_comes_late_is_found(self, store: SpanStore) -> None:
        await self.keep(store, span(1, 2, 1, service="b"))
        assert (await store.service_graph(Budget())).num_rows == 0
        await self.keep(store, span(2, 1, service="x"))
        await self.keep(store, span(1, 1, service="a"))
        graph = (await store.service_graph(Budget())).to_pylist()
        assert [(edge["parent"], edge["child"], edge["call_count"]) for edge in graph] == [("a", "b", 1)]

    async def test_a_filter_over_traces_is_refused(self, store: SpanStore) -> None:
        for where in (CompareTrace(TraceField.SPAN_COUNT, Op.EQ, 1), AnySpan(Compare(SpanField.NAME, Op.EQ, "a"))):
            with pytest.raises(BadQueryError):
                await store.service_graph(Budget(), where=where)
