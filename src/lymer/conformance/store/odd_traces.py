"""Traces that are no neat trees: docs/specs/structure.md in cases, each with what a store must say of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from lymer.conformance.spans import Row, span, to_rows, trace_id
from lymer.conformance.store.harness import StoreHarness
from lymer.model.search import TraceSearch
from lymer.storage.base import Budget, SpanStore


class Odd(NamedTuple):
    """Spans as they arrive; their ids in pre-order; the root's name; how many orphans; who calls whom."""

    spans: list[Row]
    pre_order: list[int]
    root: str
    orphans: int = 0
    calls: list[tuple[str, str]] = []  # noqa: RUF012  a NamedTuple's default


def _circle(*ids: int) -> list[Row]:
    return [
        span(1, one, parent, start=one, name=f"s{one}", service=f"v{one}")
        for one, parent in zip(ids, (*ids[1:], ids[0]), strict=True)
    ]


ODD_TRACES = {
    "a lone orphan": Odd([span(1, 2, 1, name="o")], [2], "o", 1),
    "orphans with children": Odd(
        [
            span(1, 5, 4, start=5, name="late"),
            span(1, 3, 9, start=1, name="early"),
            span(1, 4, 8, start=2, name="middle"),
        ],
        [3, 4, 5],
        "early",
        2,
    ),
    "a root beside an earlier orphan": Odd(
        [span(1, 2, 9, start=0, name="orphan"), span(1, 1, start=5, name="root")], [2, 1], "root", 1
    ),
    "two roots": Odd(
        [span(1, 2, start=5, name="second"), span(1, 1, start=0, name="first"), span(1, 3, 2, start=1)],
        [1, 2, 3],
        "first",
    ),
    "its own parent": Odd([span(1, 1, 1, name="self")], [1], "self", 1),
    "a circle of two": Odd(_circle(1, 2), [1, 2], "s1", 0, [("v1", "v2")]),
    "a circle of three with a tail": Odd(
        [*_circle(3, 1, 2), span(1, 9, 2, start=0, name="tail", service="v9")],
        [1, 3, 2, 9],
        "tail",
        0,
        [("v1", "v3"), ("v2", "v9"), ("v3", "v2")],
    ),
    "a circle beside a root": Odd(
        [*_circle(1, 2), span(1, 7, start=9, name="root")], [1, 2, 7], "root", 0, [("v1", "v2")]
    ),
    "client and server share an id": Odd(
        [
            span(1, 1, start=0, name="root", service="a"),
            span(1, 2, 1, start=2, kind="server", name="served", service="b"),
            span(1, 2, 1, start=1, kind="client", name="asked", service="a"),
            span(1, 3, 2, start=3, name="below", service="b"),
        ],
        [1, 2, 2, 3],
        "root",
        0,
        [("a", "b")],
    ),
    "a shared id without a parent": Odd(
        [
            span(1, 2, start=0, kind="server", name="served", service="b"),
            span(1, 2, start=1, kind="client", name="asked", service="a"),
        ],
        [2, 2],
        "asked",
        0,
        [("a", "b")],
    ),
    "a parent id that two spans have": Odd(
        [
            span(1, 1, start=0, name="root", service="a"),
            span(1, 2, 1, start=1, name="first", service="b"),
            span(1, 2, 1, start=2, name="second", service="c"),
            span(1, 3, 2, start=3, name="child", service="d"),
        ],
        [1, 2, 3, 2],
        "root",
        0,
        [("a", "b"), ("a", "c"), ("b", "d")],
    ),
    "equal starts": Odd(
        [
            span(1, 4, 1, start=1, duration=5),
            span(1, 3, 1, start=1, duration=5),
            span(1, 2, 1, start=1, duration=9),
            span(1, 1, start=1, duration=99, name="root"),
        ],
        [1, 2, 3, 4],
        "root",
    ),
    "a child before its parent": Odd([span(1, 2, 1, start=-100), span(1, 1, start=0, name="root")], [1, 2], "root"),
}


class OddTracesContract(StoreHarness):
    """Pre-order, root, orphans and calls of each odd trace, in one piece and in as many as it has spans."""

    @pytest.mark.parametrize("pieces", ["whole", "split"])
    @pytest.mark.parametrize("case", ODD_TRACES)
    async def test_an_odd_trace_has_its_structure(self, store: SpanStore, case: str, pieces: str) -> None:
        odd = ODD_TRACES[case]
        await self.keep(store, span(2, 1, start=-1), span(3, 1, start=1))
        for spans in [odd.spans] if pieces == "whole" else [[one] for one in odd.spans]:
            await self.keep(store, *spans)
        assert await _structure(store) == {
            "pre_order": odd.pre_order,
            "root": odd.root,
            "orphans": odd.orphans,
            "calls": odd.calls,
        }


async def _structure(store: SpanStore) -> dict[str, Any]:
    spans = to_rows(await store.get_traces([trace_id(1)], Budget()))
    page = await store.find_traces(TraceSearch(), Budget())
    summary = next(one for one in page.summaries.to_pylist() if one["trace_id"] == trace_id(1))
    graph = (await store.service_graph(Budget())).to_pylist()
    return {
        "pre_order": [int.from_bytes(one["span_id"], "big") for one in spans],
        "root": summary["root_name"],
        "orphans": summary["orphan_count"],
        "calls": [(edge["parent"], edge["child"]) for edge in graph],
    }
