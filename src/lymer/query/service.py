"""QueryService: every question that an API can ask, admitted, bounded and observed. It never builds a store's language.

`tenant` says whose spans. `gone`, where given, returns when the asker no longer waits: then the work stops.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import pyarrow as pa

from lymer.component.clock import Clock, SystemClock
from lymer.component.errors import BadQueryError, NotFoundError, NotSupportedError
from lymer.component.events import Events
from lymer.model.batch import SpanBatch
from lymer.model.ids import parse_trace_id
from lymer.model.search import EVERYTHING, Predicate, Scope, TimeRange, TraceSearch, check, check_span_predicate
from lymer.model.trace import Operation, TracePage
from lymer.query.admission import Admission, Gone, QueryConfig
from lymer.query.overview import ask_overview, check_overview
from lymer.storage.base import ALWAYS, DEFAULT_TENANT, Budget, Health, SpanStore
from lymer.storage.looks import LooksAtTraces
from lymer.wire.overview import OverviewQuestion
from lymer.wire.trace_view import TraceView

T = TypeVar("T")

VALUES_MAX = 10_000
"""How many attribute values one answer may have."""


class QueryService:
    """Asks a store. Raises QueryErrors and RetryableErrors; BadQueryError, where it can, before the store is asked."""

    def __init__(
        self,
        store: SpanStore,
        config: QueryConfig | None = None,
        events: Events | None = None,
        clock: Clock | None = None,
        *,
        admission: Admission | None = None,
    ) -> None:
        """`admission` is that of the process, where others ask beside this one; else there is one from the others."""
        clock = clock or SystemClock()
        self._store = store
        self._admission = admission or Admission(config or QueryConfig(), events or Events(clock=clock), clock)

    async def find_traces(
        self, search: TraceSearch, *, tenant: str = DEFAULT_TENANT, gone: Gone | None = None
    ) -> TracePage:
        """One page of summaries of the traces that match."""
        _check(search)
        return await self._admission.ask(
            "find_traces", lambda budget: self._store.find_traces(search, budget, tenant=tenant), gone
        )

    async def find_whole_traces(
        self, search: TraceSearch, *, tenant: str = DEFAULT_TENANT, gone: Gone | None = None
    ) -> tuple[TracePage, SpanBatch]:
        """One page of the traces that match, with all their spans in the order of the page."""
        _check(search)

        async def found(budget: Budget) -> tuple[TracePage, SpanBatch]:
            page = await self._store.find_traces(search, budget, tenant=tenant)
            trace_ids = page.summaries.column("trace_id").to_pylist()
            return page, await self._store.get_traces(trace_ids, budget, tenant=tenant)

        return await self._admission.ask("find_whole_traces", found, gone)

    async def get_traces(
        self, trace_ids: Sequence[bytes | str], *, tenant: str = DEFAULT_TENANT, gone: Gone | None = None
    ) -> SpanBatch:
        """All spans of these traces, in the order asked for; those that the store lacks come from the archive.

        An id is 16 bytes, or 1 to 32 hex digits without its leading zeros: 16 digits mean a 64-bit id.
        """
        wanted = [_trace_id(trace_id) for trace_id in trace_ids]
        return await self._admission.ask("get_traces", lambda budget: self._whole_traces(wanted, budget, tenant), gone)

    async def ask_trace(
        self,
        kind: str,
        trace_id: bytes | str,
        question: Callable[[TraceView], T],
        *,
        tenant: str = DEFAULT_TENANT,
        gone: Gone | None = None,
    ) -> T:
        """What the question says of a whole trace, asked on a thread, of the archive's where the store lacks it.

        Raises NotFoundError, and what the question raises. `kind` names it for who observes questions.
        """
        wanted = _trace_id(trace_id)

        async def asked(budget: Budget) -> T:
            for place in (self._store, self._store.archive(tenant)):
                answer = None if place is None else await _ask_trace(place, wanted, question, budget, tenant)
                if answer is not None:
                    return answer
            raise NotFoundError("trace not found")

        return await self._admission.ask(kind, asked, gone)

    async def services(
        self, *, time: TimeRange = ALWAYS, tenant: str = DEFAULT_TENANT, gone: Gone | None = None
    ) -> list[str]:
        """The names of all services, sorted."""
        return await self._admission.ask(
            "services", lambda budget: self._store.services(budget, time=time, tenant=tenant), gone
        )

    async def operations(
        self,
        service: str,
        *,
        kind: str | None = None,
        time: TimeRange = ALWAYS,
        tenant: str = DEFAULT_TENANT,
        gone: Gone | None = None,
    ) -> list[Operation]:
        """The span names of a service with their kinds, sorted."""
        return await self._admission.ask(
            "operations",
            lambda budget: self._store.operations(service, budget, kind=kind, time=time, tenant=tenant),
            gone,
        )

    async def attribute_keys(
        self,
        *,
        scope: Scope = Scope.ANY,
        time: TimeRange = ALWAYS,
        tenant: str = DEFAULT_TENANT,
        gone: Gone | None = None,
    ) -> pa.Table:
        """Which attributes there are, of ATTRIBUTE_KEYS_SCHEMA."""
        return await self._admission.ask(
            "attribute_keys",
            lambda budget: self._store.attribute_keys(budget, scope=scope, time=time, tenant=tenant),
            gone,
        )

    async def attribute_values(
        self,
        key: str,
        *,
        scope: Scope = Scope.ANY,
        time: TimeRange = ALWAYS,
        limit: int = 100,
        tenant: str = DEFAULT_TENANT,
        gone: Gone | None = None,
    ) -> pa.Table:
        """The values of an attribute, of ATTRIBUTE_VALUES_SCHEMA."""
        if not 1 <= limit <= VALUES_MAX:
            raise BadQueryError(f"limit must be from 1 to {VALUES_MAX}, not {limit}")
        return await self._admission.ask(
            "attribute_values",
            lambda budget: self._store.attribute_values(
                key, budget, scope=scope, time=time, limit=limit, tenant=tenant
            ),
            gone,
        )

    async def service_graph(
        self,
        *,
        time: TimeRange = ALWAYS,
        where: Predicate = EVERYTHING,
        tenant: str = DEFAULT_TENANT,
        gone: Gone | None = None,
    ) -> pa.Table:
        """Who calls whom, of GRAPH_SCHEMA."""
        try:
            check_span_predicate(where)
        except ValueError as error:
            raise BadQueryError(str(error)) from error
        return await self._admission.ask(
            "service_graph",
            lambda budget: self._store.service_graph(budget, time=time, where=where, tenant=tenant),
            gone,
        )

    async def overview(
        self, question: OverviewQuestion, *, tenant: str = DEFAULT_TENANT, gone: Gone | None = None
    ) -> pa.Table:
        """Figures over all spans: rate, errors and durations; a histogram; facets. Raises BadQueryError."""
        check_overview(question)
        kind = type(question).__name__.removesuffix("Question").lower()
        return await self._admission.ask(kind, lambda budget: ask_overview(self._store, question, budget, tenant), gone)

    async def archive_trace(
        self, trace_id: bytes | str, *, tenant: str = DEFAULT_TENANT, gone: Gone | None = None
    ) -> None:
        """Keep a trace where retention does not reach. Raises NotFoundError, NotSupportedError without an archive."""
        wanted = [_trace_id(trace_id)]

        async def archive(budget: Budget) -> None:
            kept = self._store.archive(tenant)
            if kept is None:
                raise NotSupportedError("this store has no archive")
            spans = await self._whole_traces(wanted, budget, tenant)
            if not len(spans):
                raise NotFoundError("trace not found")
            await kept.write(spans, tenant=tenant)

        await self._admission.ask("archive_trace", archive, gone)

    async def delete_trace(self, trace_id: bytes | str, *, tenant: str = DEFAULT_TENANT) -> None:
        """Forget a trace, in the archive too. Raises NotFoundError when it is in neither."""
        wanted = _trace_id(trace_id)

        async def delete(_: Budget) -> None:
            places = [self._store, self._store.archive(tenant)]
            deleted = [await place.delete_trace(wanted, tenant=tenant) for place in places if place is not None]
            if not any(deleted):
                raise NotFoundError("trace not found")

        await self._admission.ask("delete_trace", delete)

    def has_archive(self, *, tenant: str = DEFAULT_TENANT) -> bool:
        """Whether traces can be archived."""
        return self._store.archive(tenant) is not None

    def health(self) -> Health:
        """How the store is."""
        return self._store.health()

    async def _whole_traces(self, trace_ids: list[bytes], budget: Budget, tenant: str) -> SpanBatch:
        spans = await self._store.get_traces(trace_ids, budget, tenant=tenant)
        missing = _missing(trace_ids, spans)
        archive = self._store.archive(tenant) if missing else None
        if archive is None:
            return spans
        archived = await archive.get_traces(missing, budget, tenant=tenant)
        if not len(archived):
            return spans
        return _in_order(trace_ids, SpanBatch.concat([spans, archived]))


def _check(search: TraceSearch) -> None:
    try:
        check(search)
    except ValueError as error:
        raise BadQueryError(str(error)) from error


async def _ask_trace(
    store: SpanStore, trace_id: bytes, question: Callable[[TraceView], T], budget: Budget, tenant: str
) -> T | None:
    if isinstance(store, LooksAtTraces):
        return await store.ask_trace(trace_id, question, budget, tenant=tenant)
    spans = await store.get_traces([trace_id], budget, tenant=tenant)
    if not len(spans):
        return None
    return await asyncio.to_thread(lambda: question(TraceView.of_batch(spans)))


def _trace_id(trace_id: bytes | str) -> bytes:
    if isinstance(trace_id, bytes):
        return trace_id
    try:
        return parse_trace_id(trace_id)
    except ValueError as error:
        raise BadQueryError(str(error)) from error


def _missing(trace_ids: list[bytes], spans: SpanBatch) -> list[bytes]:
    found = set(spans.record_batch.column("trace_id").unique().to_pylist()) if len(spans) else set()
    return [trace_id for trace_id in trace_ids if trace_id not in found]


def _in_order(trace_ids: list[bytes], spans: SpanBatch) -> SpanBatch:
    column = spans.record_batch.column("trace_id").dictionary_encode()
    rank = {trace_id: position for position, trace_id in reversed(list(enumerate(trace_ids)))}
    ranks = np.array([rank[trace_id] for trace_id in column.dictionary.to_pylist()])
    return spans.take(np.argsort(ranks[column.indices.to_numpy()], kind="stable"))
