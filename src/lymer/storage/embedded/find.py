"""Searching over many views: one exact, ordered page from the answers of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from lymer._native import ArrowTable, View, search_views
from lymer.component.errors import BadQueryError
from lymer.model.search import Order, TraceSearch, check
from lymer.model.trace import SUMMARY_SCHEMA, TracePage
from lymer.storage.base import Budget
from lymer.storage.embedded.candidates import Candidates
from lymer.storage.embedded.kept_wholes import Group
from lymer.storage.embedded.native_calls import ask_all
from lymer.storage.embedded.pieces import Snapshot, Source
from lymer.storage.embedded.plan import Cursor, Plan, decode_cursor, encode_cursor, search_plan
from lymer.storage.embedded.whole_traces import split_groups, whole_group

VIEWS_AT_ONCE_MAX = 16
"""Asked at once, on all cores. A search begins with one and doubles: a page that one view fills costs one view."""

_KEYS = {
    Order.NEWEST: ("start_time_unix_nano", "descending"),
    Order.OLDEST: ("start_time_unix_nano", "ascending"),
    Order.LONGEST: ("duration_nano", "descending"),
    Order.SHORTEST: ("duration_nano", "ascending"),
    Order.MOST_SPANS: ("span_count", "descending"),
    Order.MOST_ERRORS: ("error_count", "descending"),
}


def find_traces(snapshot: Snapshot, search: TraceSearch, budget: Budget) -> TracePage:
    """One page. Raises BadQueryError, BudgetError."""
    try:
        check(search)
    except ValueError as error:
        raise BadQueryError(str(error)) from error
    cursor = decode_cursor(search.cursor, search.order) if search.cursor is not None else None
    page = _Page(search, search_plan(search, cursor, search.limit + 1), budget)
    waiting = deque(_in_order(snapshot, search))
    candidates = Candidates(search, budget)
    at_once = 1
    while waiting:
        asked: list[Asked] = []
        while waiting and len(asked) < at_once:
            place = waiting.popleft()
            if page.is_full and not search.with_total and _comes_later(place, page.last_key(), search.order):
                waiting.clear()
                break
            asked += _asked(place, snapshot, budget, candidates)
            budget.check(page.nbytes + sum(one.nbytes for one in asked))
        page.ask(asked)
        at_once = min(2 * at_once, VIEWS_AT_ONCE_MAX)
    return page.answer()


@dataclass(frozen=True, slots=True)
class Asked:
    """A view, and what is left out of it."""

    view: View
    skip_hex: str = ""
    traces_max: int | None = None
    nbytes: int = 0
    """What was made for the question."""


def _asked(place: Source | Group, snapshot: Snapshot, budget: Budget, candidates: Candidates) -> list[Asked]:
    if isinstance(place, Source):
        return [Asked(place.view, place.skip_hex, place.traces_max)]
    buffer = whole_group(place, snapshot.kept, budget, candidates)
    return [Asked(buffer, place.skip_hex, nbytes=buffer.memory_bytes)] if buffer is not None else []


class _Page:
    """The best rows so far: one more than the page shows, to know whether there is a next one."""

    def __init__(self, search: TraceSearch, plan: Plan, budget: Budget) -> None:
        self._plan = plan
        self._budget = budget
        self._search = search
        self._column, self._direction = _KEYS[search.order]
        self._rows: pa.Table = SUMMARY_SCHEMA.empty_table()
        self._total = 0
        self.nbytes = 0
        """Of the rows so far."""

    @property
    def is_full(self) -> bool:
        return bool(self._rows.num_rows > self._search.limit)

    def last_key(self) -> int:
        return int(self._rows.column(self._column)[-1].as_py())

    def ask(self, asked: Sequence[Asked]) -> None:
        """Ask these views at once; what stands behind the page so far is not answered again."""
        if not asked:
            return
        cut_off = self.last_key() if self.is_full else None
        plans = self._plan.for_views(self._budget, [(one.skip_hex, one.traces_max) for one in asked], cut_off)
        answers = ask_all(search_views, [one.view for one in asked], plans)
        if self._search.with_total:
            self._total += sum(map(_total, answers))
        self._merge([_summaries(answer) for answer in answers if answer.num_rows])

    def answer(self) -> TracePage:
        limit = self._search.limit
        rows = self._rows.slice(0, limit)
        cursor = None
        if self.is_full:
            last = rows.slice(limit - 1)
            key, trace_id = last.column(self._column)[0].as_py(), last.column("trace_id")[0].as_py()
            cursor = encode_cursor(Cursor(self._search.order, key, trace_id))
        return TracePage(rows.combine_chunks(), cursor, self._total if self._search.with_total else None)

    def _merge(self, more: list[pa.Table]) -> None:
        if not more:
            return
        rows = more[0]
        if self._rows.num_rows or len(more) > 1:
            every = pa.concat_tables([self._rows, *more])
            ordered = every.sort_by([(self._column, self._direction), ("trace_id", "ascending")])
            rows = ordered.slice(0, self._search.limit + 1)
        self._rows = rows
        self.nbytes = rows.nbytes


def _total(answer: ArrowTable) -> int:
    return int((pa.record_batch(answer).schema.metadata or {}).get(b"total", b"0"))


def _summaries(answer: ArrowTable) -> pa.Table:
    rows = pa.table(pa.record_batch(answer)).select(SUMMARY_SCHEMA.names)
    return rows.cast(SUMMARY_SCHEMA) if rows.schema != SUMMARY_SCHEMA else rows.replace_schema_metadata()


def _in_order(snapshot: Snapshot, search: TraceSearch) -> Iterator[Source | Group]:
    """The sources that can have an answer, and the traces that lie in several, the most promising first."""
    overlapping: list[Source | Group] = [
        source
        for source in snapshot.sources
        if source.max_start >= search.time.start and source.min_start <= search.time.end
    ]
    overlapping += split_groups(snapshot, search.time)
    if search.order is Order.OLDEST:
        yield from sorted(overlapping, key=lambda place: place.min_start)
    else:
        yield from sorted(overlapping, key=lambda place: -place.max_trace_start)


def _comes_later(place: Source | Group, key: int, order: Order) -> bool:
    """Whether all traces of the place come behind a row with this key. Places that come after it do, too."""
    if order is Order.NEWEST:
        return place.max_trace_start < key
    return order is Order.OLDEST and place.min_start > key
