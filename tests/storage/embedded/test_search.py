"""Searches of native views, each compared with the memory store's evaluation of the same spans."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lymer._native import Batch, OpenBuffer, View
from lymer.conformance.spans import Row, batch, span, trace_id
from lymer.conformance.strategies import batches, searches
from lymer.model.search import And, AnySpan, Compare, Op, Or, Order, SpanField, TimeRange, TraceSearch
from tests.storage.embedded.views import EXAMPLES, FIGURES, matching, plain, plan, summary_rows, views

EVERYTHING = TraceSearch(limit=10_000)
QUICK = settings(
    deadline=None,
    max_examples=min(40, EXAMPLES),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
MANY = settings(QUICK, max_examples=EXAMPLES * 3 // 2)


def pages(view: View, search: TraceSearch, **more: Any) -> list[list[dict[str, Any]]]:
    """All pages of a search, each begun behind the last row of the one before."""
    found: list[list[dict[str, Any]]] = []
    after = None
    while True:
        rows = summary_rows(view.search(plan(search, after=after, **more)))
        if not rows:
            return found
        found.append(rows)
        after = [rows[-1][FIGURES[search.order]], rows[-1]["trace_id"].hex()]


def total(view: View, search: TraceSearch, **more: Any) -> int:
    answer = pa.record_batch(view.search(plan(replace(search, with_total=True), **more)))
    return int(answer.schema.metadata[b"total"])


def check(written: list[list[Row]], asked: list[TraceSearch]) -> None:
    with views(written) as kinds:
        for search in asked:
            expected = [plain(summary) for summary in matching(written, search)]
            cut = [expected[at : at + search.limit] for at in range(0, len(expected), search.limit)]
            for view in kinds:
                assert pages(view, search) == cut, (type(view), search)
                assert total(view, search) == len(expected), (type(view), search)


@QUICK
@given(batches(), st.lists(searches(), min_size=1, max_size=4))
def test_any_search_finds_what_the_oracle_finds(written: list[list[Row]], asked: list[TraceSearch]) -> None:
    check(written, asked)


@pytest.mark.slow
@MANY
@given(batches(), st.lists(searches(), min_size=1, max_size=6))
def test_many_searches_find_what_the_oracle_finds(written: list[list[Row]], asked: list[TraceSearch]) -> None:
    check(written, asked)


@QUICK
@given(batches(), st.sampled_from(Order), st.integers(1, 6), st.integers(0, 6))
def test_skipped_traces_are_neither_found_nor_counted(
    written: list[list[Row]], order: Order, limit: int, skipped: int
) -> None:
    search = TraceSearch(order=order, limit=limit)
    expected = [row["trace_id"] for row in matching(written, search) if row["trace_id"] != trace_id(skipped)]
    with views(written) as kinds:
        for view in kinds:
            skip = {"skip_trace_ids": trace_id(skipped).hex()}
            assert [row["trace_id"] for page in pages(view, search, **skip) for row in page] == expected
            assert total(view, search, **skip) == len(expected)


def test_traces_of_one_start_are_ordered_by_id_across_pages() -> None:
    written = [[span(trace, start=trace % 3) for trace in range(1, 400)]]
    for order in Order:
        check(
            written,
            [
                TraceSearch(order=order, limit=limit, with_total=with_total)
                for limit in (1, 7, 128, 400)
                for with_total in (False, True)
            ],
        )


def test_traces_that_came_later_can_be_left_out() -> None:
    buffer = OpenBuffer()
    buffer.append(Batch.from_arrow(batch([span(1), span(2)]).record_batch), 0)
    traces_max = buffer.trace_count
    buffer.append(Batch.from_arrow(batch([span(3)]).record_batch), 1)
    found = [row["trace_id"] for page in pages(buffer, EVERYTHING, traces_max=traces_max) for row in page]
    assert found == [trace_id(1), trace_id(2)]


def test_a_trace_matches_by_spans_in_the_window_alone() -> None:
    slow = Compare(SpanField.NAME, Op.EQ, "slow")
    written = [[span(1, 1, start=0, name="slow"), span(1, 2, 1, start=100, name="fast")]]
    check(
        written,
        [
            TraceSearch(AnySpan(slow), time=TimeRange(start=1_700_000_000_000_000_050)),
            TraceSearch(AnySpan(slow), time=TimeRange(end=1_700_000_000_000_000_050)),
            TraceSearch(And((AnySpan(slow), AnySpan(Compare(SpanField.NAME, Op.EQ, "fast"))))),
            TraceSearch(Or(())),
        ],
    )


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ("{", "JSON"),
        ('{"where": {"op": "compare", "field": "name", "cmp": "=", "value": "x"}}', "any_span"),
        (
            '{"where": {"op": "any_span", "where": {"op": "compare", "field": "name", "cmp": "regex", "value": "("}}}',
            "regex",
        ),
        ('{"where": {"op": "compare_trace", "field": "colour", "cmp": "=", "value": 1}}', "colour"),
        ('{"order": "best"}', "order"),
        ('{"after": [1, "zz"]}', "hex"),
    ],
)
def test_a_search_that_makes_no_sense_says_why(asked: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        OpenBuffer().search(asked)


def test_a_search_stops_when_its_time_is_over() -> None:
    name = Compare(SpanField.STATUS_MESSAGE, Op.EXISTS)
    with views([[span(1)]]) as kinds:
        for view in kinds:
            with pytest.raises(TimeoutError):
                view.search(plan(TraceSearch(AnySpan(name)), time_limit_s=0))


def test_an_empty_view_has_nothing() -> None:
    buffer = OpenBuffer()
    assert pages(buffer, EVERYTHING) == []
    assert total(buffer, EVERYTHING) == 0
