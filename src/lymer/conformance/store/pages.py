"""Answers in order, in pages, with totals; the same answer every time; searches over traces that came in pieces."""

from __future__ import annotations

import pytest

from lymer.component.errors import BadQueryError
from lymer.conformance.spans import NOON, span, trace_id
from lymer.conformance.store.harness import StoreHarness, find, numbers
from lymer.model.search import (
    And,
    AnySpan,
    Compare,
    CompareTrace,
    Not,
    Op,
    Order,
    Predicate,
    SpanField,
    TimeRange,
    TraceField,
    TraceSearch,
)
from lymer.model.trace import SUMMARY_SCHEMA
from lymer.storage.base import Budget, SpanStore

_EXPECTED_ORDER = {
    Order.NEWEST: [3, 4, 2, 1],
    Order.OLDEST: [1, 2, 3, 4],
    Order.LONGEST: [2, 1, 3, 4],
    Order.SHORTEST: [3, 4, 1, 2],
    Order.MOST_SPANS: [4, 1, 2, 3],
    Order.MOST_ERRORS: [3, 4, 1, 2],
}


def _name(name: str) -> Predicate:
    return Compare(SpanField.NAME, Op.EQ, name)


class PagesContract(StoreHarness):
    """Order, paging, totals, limits, summaries."""

    @pytest.mark.parametrize("order", Order)
    async def test_order(self, store: SpanStore, order: Order) -> None:
        await self._keep_four(store)
        assert await find(store, order=order) == _EXPECTED_ORDER[order]

    @pytest.mark.parametrize("limit", [1, 2, 3, 50])
    @pytest.mark.parametrize("order", Order)
    async def test_pages_follow_each_other(self, store: SpanStore, order: Order, limit: int) -> None:
        await self._keep_four(store)
        search = TraceSearch(order=order, limit=limit, with_total=True)
        found: list[int] = []
        while True:
            page = await store.find_traces(search, Budget())
            ids = numbers(page.summaries.column("trace_id").to_pylist())
            assert len(ids) <= limit
            assert page.total == 4
            found += ids
            if page.cursor is None:
                break
            assert len(ids) == limit
            search = TraceSearch(order=order, limit=limit, with_total=True, cursor=page.cursor)
        assert found == _EXPECTED_ORDER[order]

    async def test_traces_that_start_together_are_paged_by_id(self, store: SpanStore) -> None:
        for trace in (7, 3, 9, 1, 5):
            await self.keep(store, span(trace, 1), span(trace + 1, 1))
        first = await store.find_traces(TraceSearch(limit=4), Budget())
        rest = await store.find_traces(TraceSearch(limit=10, cursor=first.cursor), Budget())
        assert numbers(first.summaries.column("trace_id").to_pylist()) == [1, 2, 3, 4]
        assert numbers(rest.summaries.column("trace_id").to_pylist()) == [5, 6, 7, 8, 9, 10]

    async def test_a_total_counts_what_matches(self, store: SpanStore) -> None:
        await self.keep(store, *(span(trace, 1, start=trace, name="ab"[trace % 2]) for trace in range(1, 31)))
        search = TraceSearch(AnySpan(_name("a")), limit=4, with_total=True)
        page = await store.find_traces(search, Budget())
        assert (page.summaries.num_rows, page.total) == (4, 15)
        assert (await store.find_traces(TraceSearch(AnySpan(_name("c")), with_total=True), Budget())).total == 0
        assert (await store.find_traces(TraceSearch(limit=4), Budget())).total is None

    async def test_nothing_found_is_an_empty_page(self, store: SpanStore) -> None:
        for _ in range(2):
            page = await store.find_traces(TraceSearch(AnySpan(_name("x"))), Budget())
            assert page.summaries.schema.equals(SUMMARY_SCHEMA)
            assert (page.summaries.num_rows, page.cursor) == (0, None)
            await self.keep(store, span(1, 1))

    async def test_the_same_question_has_the_same_answer(self, store: SpanStore) -> None:
        await self.keep(store, *(span(trace, 1, start=trace % 3) for trace in range(1, 40)))
        answers = [await find(store, order=Order.LONGEST, limit=20) for _ in range(5)]
        assert answers == [list(range(1, 21))] * 5

    async def test_pages_visit_each_trace_once_while_others_come_in(self, store: SpanStore) -> None:
        await self.keep(store, *(span(trace, 1, start=trace) for trace in range(1, 21)))
        cursor, found, newer = None, [], 100
        while True:
            page = await store.find_traces(TraceSearch(limit=3, cursor=cursor), Budget())
            found += numbers(page.summaries.column("trace_id").to_pylist())
            cursor, newer = page.cursor, newer + 1
            if cursor is None:
                break
            await self.keep(store, span(newer, 1, start=newer), span(newer + 100, 1, start=-newer))
        assert [trace for trace in found if trace <= 20] == list(range(20, 0, -1))
        assert len(set(found)) == len(found)

    async def test_a_summary_says_what_the_trace_is(self, store: SpanStore) -> None:
        await self.keep(
            store,
            span(1, 2, 1, start=10, duration=5_000, service="cart", name="pay", status="error"),
            span(1, 3, 9, start=-20, duration=-7, service="db", name="query"),
            span(2, 1, start=1_000_000),
        )
        await self.keep(store, span(1, 1, start=0, duration=100, name="root"), span(1, 4, 1, service="db"))
        page = await store.find_traces(TraceSearch(order=Order.OLDEST, limit=1), Budget())
        assert page.summaries.schema.equals(SUMMARY_SCHEMA)
        assert page.summaries.to_pylist() == [
            {
                "trace_id": trace_id(1),
                "start_time_unix_nano": NOON - 20,
                "duration_nano": 5_030,
                "span_count": 4,
                "error_count": 1,
                "orphan_count": 1,
                "root_service": "shop",
                "root_name": "root",
                "services": [
                    {"name": "cart", "span_count": 1, "error_count": 1},
                    {"name": "db", "span_count": 2, "error_count": 0},
                    {"name": "shop", "span_count": 1, "error_count": 0},
                ],
            }
        ]

    async def test_a_summary_has_no_negative_duration(self, store: SpanStore) -> None:
        await self.keep(store, span(1, 1, start=0, duration=-50), span(1, 2, 1, start=10, duration=-50))
        page = await store.find_traces(TraceSearch(), Budget())
        assert page.summaries.column("duration_nano").to_pylist() == [10]

    async def test_a_trace_in_pieces_is_found_as_a_whole(self, store: SpanStore) -> None:
        await self.keep(store, span(1, 1, name="a", duration=10), span(2, 1, name="a", start=5))
        await self.keep(store, span(3, 1, start=50), span(4, 1, start=60))
        await self.keep(store, span(1, 2, 1, name="b", start=100, status="error", service="late"))
        both = And((AnySpan(_name("a")), AnySpan(_name("b"))))
        assert await find(store, both) == [1]
        assert await find(store, And((AnySpan(_name("a")), Not(AnySpan(_name("b")))))) == [2]
        assert await find(store, CompareTrace(TraceField.SPAN_COUNT, Op.EQ, 2)) == [1]
        assert await find(store, CompareTrace(TraceField.DURATION, Op.GE, 1_100)) == [1]
        assert await find(store, CompareTrace(TraceField.ERROR_COUNT, Op.EQ, 0)) == [4, 3, 2]
        assert await find(store, CompareTrace(TraceField.ROOT_NAME, Op.EQ, "b")) == []
        assert await find(store, order=Order.LONGEST) == [1, 2, 3, 4]
        assert await find(store) == [4, 3, 2, 1]
        page = await store.find_traces(TraceSearch(limit=2, with_total=True), Budget())
        assert page.total == 4

    async def test_an_earlier_span_that_comes_late_moves_the_trace(self, store: SpanStore) -> None:
        await self.keep(store, span(1, 2, 1, start=100), span(2, 1, start=50), span(3, 1, start=10))
        assert await find(store) == [1, 2, 3]
        await self.keep(store, span(1, 1, start=20))
        assert await find(store) == [2, 1, 3]
        assert await find(store, time=TimeRange(NOON + 90, NOON + 200)) == [1]

    @pytest.mark.parametrize(
        "search",
        [
            TraceSearch(limit=0),
            TraceSearch(limit=10**9),
            TraceSearch(_name("outside any span")),
            TraceSearch(AnySpan(AnySpan(_name("a")))),
            TraceSearch(AnySpan(CompareTrace(TraceField.SPAN_COUNT, Op.EQ, 1))),
            TraceSearch(AnySpan(Compare(SpanField.NAME, Op.REGEX, "(unclosed"))),
            TraceSearch(AnySpan(Compare(SpanField.NAME, Op.IN, "text"))),
            TraceSearch(AnySpan(Compare(SpanField.NAME, Op.CONTAINS, 5))),
            TraceSearch(cursor="nonsense"),
            TraceSearch(cursor=""),
            TraceSearch(cursor="é"),
        ],
        ids=str,
    )
    async def test_a_senseless_search_is_refused(self, store: SpanStore, search: TraceSearch) -> None:
        await self.keep(store, span(1, 1))
        with pytest.raises(BadQueryError):
            await store.find_traces(search, Budget())

    async def test_a_cursor_of_another_order_is_refused(self, store: SpanStore) -> None:
        await self._keep_four(store)
        page = await store.find_traces(TraceSearch(limit=1), Budget())
        with pytest.raises(BadQueryError):
            await store.find_traces(TraceSearch(limit=1, order=Order.LONGEST, cursor=page.cursor), Budget())

    async def _keep_four(self, store: SpanStore) -> None:
        await self.keep(store, span(1, 1, start=0, duration=50), span(1, 2, 1, start=1, duration=1))
        await self.keep(store, span(2, 1, start=10, duration=60), span(3, 1, start=20, duration=9, status="error"))
        await self.keep(store, *(span(4, number, start=20, duration=9) for number in (1, 2, 3)))
        await self.keep(store, span(2, 2, start=30, duration=1), span(4, 3, start=20, duration=9, status="error"))
