"""Predicates and cursors as text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lymer.component.clock import ManualClock
from lymer.component.errors import BadQueryError
from lymer.model.search import (
    And,
    AnySpan,
    Attribute,
    Compare,
    CompareTrace,
    Not,
    Op,
    Or,
    Order,
    Scope,
    SpanField,
    TimeRange,
    TraceField,
    TraceSearch,
)
from lymer.storage.base import Budget
from lymer.storage.embedded.plan import Cursor, decode_cursor, encode_cursor, graph_plan, search_plan

BUDGET = Budget(clock=ManualClock())


def test_a_search_is_written_as_its_page_says() -> None:
    where = And(
        (
            AnySpan(Or((Compare(SpanField.SERVICE, Op.EQ, "cart"), Not(Compare(SpanField.KIND, Op.EXISTS))))),
            AnySpan(Compare(Attribute("a", Scope.RESOURCE), Op.IN, (1, 1.0, True, "x"))),
            CompareTrace(TraceField.DURATION, Op.GT, 5),
        )
    )
    search = TraceSearch(where, TimeRange(1, 2), Order.LONGEST, with_total=True)
    plan = search_plan(search, Cursor(Order.LONGEST, 9, bytes(range(16))), 21)
    assert json.loads(plan.for_view(BUDGET, "00ff", 3)) == {
        "where": {
            "op": "and",
            "terms": [
                {
                    "op": "any_span",
                    "where": {
                        "op": "or",
                        "terms": [
                            {"op": "compare", "field": "service", "cmp": "=", "value": "cart"},
                            {
                                "op": "not",
                                "term": {"op": "compare", "field": "kind", "cmp": "exists", "value": None},
                            },
                        ],
                    },
                },
                {
                    "op": "any_span",
                    "where": {
                        "op": "compare",
                        "attribute": "a",
                        "scope": "resource",
                        "cmp": "in",
                        "value": [1, 1.0, True, "x"],
                    },
                },
                {"op": "compare_trace", "field": "duration", "cmp": ">", "value": 5},
            ],
        },
        "min_start": 1,
        "max_start": 2,
        "order": "longest",
        "limit": 21,
        "after": [9, "000102030405060708090a0b0c0d0e0f"],
        "with_total": True,
        "skip_trace_ids": "00ff",
        "time_limit_s": 30.0,
        "traces_max": 3,
    }


def test_ints_stay_ints_and_doubles_stay_doubles() -> None:
    terms = tuple(Compare(SpanField.DURATION, Op.GT, value) for value in (2**62, 1.0, 1e300))
    text = graph_plan(And(terms), TimeRange()).for_view(BUDGET)
    assert '"value":4611686018427387904}' in text
    assert '"value":1.0}' in text
    assert '"value":1e+300}' in text


def test_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(BadQueryError):
        graph_plan(Compare(SpanField.NAME, Op.EQ, "\ud800"), TimeRange())


@given(st.sampled_from(Order), st.integers(-(2**63), 2**63 - 1), st.binary(min_size=16, max_size=16))
def test_a_cursor_comes_back(order: Order, key: int, trace_id: bytes) -> None:
    cursor = Cursor(order, key, trace_id)
    assert decode_cursor(encode_cursor(cursor), order) == cursor


@given(st.text())
def test_other_text_is_no_cursor(text: str) -> None:
    with pytest.raises(BadQueryError):
        decode_cursor(text, Order.NEWEST)


def test_a_cursor_of_another_order_is_refused() -> None:
    text = encode_cursor(Cursor(Order.NEWEST, 1, bytes(16)))
    with pytest.raises(BadQueryError, match="order"):
        decode_cursor(text, Order.OLDEST)
