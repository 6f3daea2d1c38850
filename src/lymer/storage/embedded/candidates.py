"""Which split traces a search can match, told by their parts: most need not be put together to be left out.

A span lies in one part whole. So what some span of a trace must satisfy, some span of one of its parts satisfies, and
the kernels that search views find those parts by all that they know: names, postings, Bloom filters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import pyarrow as pa

from lymer._native import View, search_views
from lymer.model.search import And, AnySpan, Or, Predicate, TraceSearch
from lymer.storage.base import Budget
from lymer.storage.embedded.kept_wholes import Group
from lymer.storage.embedded.native_calls import ask_all
from lymer.storage.embedded.plan import search_plan

HITS_MAX: Final = 4096
"""A view with more traces that satisfy it tells little: nearly every group would have some of them."""


class Candidates:
    """For one search. A view is asked when a group needs it, once."""

    def __init__(self, search: TraceSearch, budget: Budget) -> None:
        self._budget = budget
        needed = needed_in_a_part(search.where)
        self._plan = None
        if needed is not None:
            self._plan = search_plan(TraceSearch(needed, time=search.time), None, HITS_MAX + 1)
        self._hits: dict[View, frozenset[bytes] | None] = {}

    def among(self, group: Group) -> list[bytes] | None:
        """Those of the group's traces that can match; None when that cannot be told."""
        if self._plan is None:
            return None
        views = [source.view for source in group.sources]
        self._ask([view for view in views if view not in self._hits])
        found: set[bytes] = set()
        for view in views:
            hits = self._hits[view]
            if hits is None:
                return None
            found |= hits
        return sorted(found.intersection(group.ids)) if found else []

    def _ask(self, views: list[View]) -> None:
        if not views or self._plan is None:
            return
        plans = self._plan.for_views(self._budget, [("", None)] * len(views))
        for view, answer in zip(views, ask_all(search_views, views, plans), strict=True):
            ids = pa.record_batch(answer).column("trace_id").to_pylist()
            self._hits[view] = None if len(ids) > HITS_MAX else frozenset(ids)


def needed_in_a_part(where: Predicate) -> Predicate | None:
    """What holds for a part of every trace for which this holds; None when there is no such thing to be seen."""
    match where:
        case AnySpan(And(())):
            return None
        case AnySpan():
            return where
        case And(terms):
            return next(_needed(terms), None)
        case Or(terms) if terms:
            needed = tuple(_needed(terms))
            return Or(needed) if len(needed) == len(terms) else None
    return None


def _needed(terms: Iterable[Predicate]) -> Iterator[Predicate]:
    return (needed for term in terms if (needed := needed_in_a_part(term)) is not None)
