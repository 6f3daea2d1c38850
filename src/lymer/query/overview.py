"""Figures over all spans, of any store: who can count counts; of others all matching traces are fetched and counted.

Fetching costs what it costs; the budget bounds it. Not here: the counting (`wire.overview`).
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pyarrow as pa

from lymer.component.errors import BadQueryError
from lymer.model.batch import SpanBatch
from lymer.model.search import AnySpan, Order, TraceSearch, check, check_span_predicate
from lymer.storage.base import Budget, SpanStore
from lymer.storage.looks import Overviews
from lymer.wire.overview import OverviewQuestion, RedQuestion, part_of_batch

_PAGE_TRACES: Final = 500


def check_overview(question: OverviewQuestion) -> None:
    """Tell sense from nonsense. Raises BadQueryError."""
    try:
        if isinstance(question, RedQuestion):
            check_span_predicate(question.where)
        else:
            check(TraceSearch(where=question.where, time=question.time))
    except ValueError as error:
        raise BadQueryError(str(error)) from error


async def ask_overview(store: SpanStore, question: OverviewQuestion, budget: Budget, tenant: str) -> pa.Table:
    """The answer of the store, or of the traces that it hands out. Raises BadQueryError, BudgetError."""
    if isinstance(store, Overviews):
        return await store.overview(question, budget, tenant=tenant)
    where = AnySpan(question.where) if isinstance(question, RedQuestion) else question.where
    parts: list[Any] = [await _part(question, SpanBatch.empty())]
    cursor: str | None = None
    while True:
        search = TraceSearch(where=where, time=question.time, order=Order.NEWEST, limit=_PAGE_TRACES, cursor=cursor)
        page = await store.find_traces(search, budget, tenant=tenant)
        trace_ids = page.summaries.column("trace_id").to_pylist()
        if trace_ids:
            traces = await store.get_traces(trace_ids, budget, tenant=tenant)
            budget.check(traces.record_batch.nbytes + sum(part.nbytes for part in parts))
            parts.append(await _part(question, traces))
        if page.cursor is None:
            return question.merge(parts)
        cursor = page.cursor


async def _part(question: OverviewQuestion, traces: SpanBatch) -> Any:
    try:
        return await asyncio.to_thread(part_of_batch, question, traces)
    except ValueError as error:
        raise BadQueryError(str(error)) from error
