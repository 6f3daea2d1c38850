"""MemoryStore: the SPI in the simplest possible way. Nothing survives the process; nothing is fast.

A trace is an immutable value that a write replaces. So a read works in a thread, on the traces that it found when it
began, and neither waits for the other. Bounded for each tenant: when there are too many traces or spans, those traces
are forgotten whose first span came first.
"""

from __future__ import annotations

import asyncio
import functools
import sys
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self, TypeVar

import pyarrow as pa

from lymer.component.clock import Clock
from lymer.component.errors import BadQueryError, ConfigError, TooLargeError, UnavailableError
from lymer.model.batch import SpanBatch
from lymer.model.search import EVERYTHING, Predicate, Scope, TimeRange, TraceSearch, check, check_span_predicate
from lymer.model.trace import SUMMARY_SCHEMA, Operation, TracePage, kind_name
from lymer.storage.base import ALWAYS, DEFAULT_TENANT, Budget, Health
from lymer.storage.memory import answers, evaluate, structure
from lymer.storage.memory.cursor import read_cursor, write_cursor
from lymer.storage.memory.rows import Row, identity, to_batch, to_rows

_READERS = 4
"""How many reads are worked on at once; writes have threads of their own."""

_SPAN_BYTES = 1_000
"""What a span of an answer is taken to need."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryConfig:
    """How much is kept of each tenant; beyond it those traces are forgotten whose first span came first."""

    max_traces: int = 100_000
    max_spans: int = 1_000_000


_UNBOUNDED = MemoryConfig(max_traces=sys.maxsize, max_spans=sys.maxsize)


class MemoryStore:
    """The oracle. Keeps the contract of `storage.base`, but for the one promise that it cannot keep: durability."""

    def __init__(self, config: MemoryConfig | None = None, *, with_archive: bool = True) -> None:
        self.config = config or MemoryConfig()
        self._tenants: dict[str, _Tenant] = defaultdict(_Tenant)
        self._open = False
        self._readers: ThreadPoolExecutor | None = None
        self._archive = MemoryStore(_UNBOUNDED, with_archive=False) if with_archive else None

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], *, data_dir: Path | None = None, clock: Clock | None = None
    ) -> Self:
        """A store with these settings. Raises ConfigError for keys and values that make no sense."""
        known = {field.name for field in fields(MemoryConfig)}
        for key, value in config.items():
            if key not in known:
                raise ConfigError(f"{key}: unknown setting of the memory store; there are {', '.join(sorted(known))}")
            if not isinstance(value, int) or value < 1:
                raise ConfigError(f"{key}: must be a whole number above 0, not {value!r}")
        return cls(MemoryConfig(**config))

    async def start(self) -> None:
        self._open = True
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="memory-reader")
        if self._archive:
            await self._archive.start()

    async def close(self) -> None:
        self._open = False
        if self._readers:
            self._readers.shutdown(wait=False)
        if self._archive:
            await self._archive.close()

    async def write(self, batch: SpanBatch, /, *, tenant: str = DEFAULT_TENANT) -> None:
        self._check_open()
        if len(batch) > self.config.max_spans:
            raise TooLargeError(f"{len(batch)} spans are more than the store may keep ({self.config.max_spans})")
        pieces = await asyncio.to_thread(_by_trace, batch)
        self._check_open()
        self._tenants[tenant].add(pieces)
        self._tenants[tenant].evict(self.config)

    async def find_traces(self, search: TraceSearch, budget: Budget, /, *, tenant: str = DEFAULT_TENANT) -> TracePage:
        _check(lambda: check(search))
        evaluate.check_regexes(search.where)
        after = read_cursor(search.cursor, search.order) if search.cursor is not None else None
        matches = await self._in_thread(_matching, self._traces(tenant), search, budget)
        rest = [key for key in sorted(matches) if after is None or key > after]
        page = rest[: search.limit]
        return TracePage(
            summaries=pa.Table.from_pylist([matches[key] for key in page], schema=SUMMARY_SCHEMA),
            cursor=write_cursor(search.order, page[-1]) if len(rest) > len(page) else None,
            total=len(matches) if search.with_total else None,
        )

    async def get_traces(self, trace_ids: list[bytes], budget: Budget, /, *, tenant: str = DEFAULT_TENANT) -> SpanBatch:
        known = self._tenants[tenant].traces
        found = [known[trace_id] for trace_id in dict.fromkeys(trace_ids) if trace_id in known]
        budget.check(_SPAN_BYTES * sum(len(trace.spans) for trace in found))
        return await self._in_thread(_whole_traces, found, budget)

    async def services(self, budget: Budget, /, *, time: TimeRange = ALWAYS, tenant: str = DEFAULT_TENANT) -> list[str]:
        def names() -> list[str]:
            return sorted({row["service_name"] for row in _rows_in(traces, time, budget)})

        traces = self._traces(tenant)
        return await self._in_thread(names)

    async def operations(
        self,
        service: str,
        budget: Budget,
        /,
        *,
        kind: str | None = None,
        time: TimeRange = ALWAYS,
        tenant: str = DEFAULT_TENANT,
    ) -> list[Operation]:
        def found() -> list[Operation]:
            rows = (row for row in _rows_in(traces, time, budget) if row["service_name"] == service)
            operations = {Operation(row["name"], kind_name(row["kind"])) for row in rows}
            return sorted(operation for operation in operations if kind in (None, operation.kind))

        traces = self._traces(tenant)
        return await self._in_thread(found)

    async def attribute_keys(
        self, budget: Budget, /, *, scope: Scope = Scope.ANY, time: TimeRange = ALWAYS, tenant: str = DEFAULT_TENANT
    ) -> pa.Table:
        rows = _rows_in(self._traces(tenant), time, budget)
        return await self._in_thread(answers.attribute_keys, rows, scope)

    async def attribute_values(
        self,
        key: str,
        budget: Budget,
        /,
        *,
        scope: Scope = Scope.ANY,
        time: TimeRange = ALWAYS,
        limit: int = 100,
        tenant: str = DEFAULT_TENANT,
    ) -> pa.Table:
        rows = _rows_in(self._traces(tenant), time, budget)
        return await self._in_thread(answers.attribute_values, rows, key, scope, limit)

    async def service_graph(
        self,
        budget: Budget,
        /,
        *,
        time: TimeRange = ALWAYS,
        where: Predicate = EVERYTHING,
        tenant: str = DEFAULT_TENANT,
    ) -> pa.Table:
        _check(lambda: check_span_predicate(where))
        evaluate.check_regexes(where)
        trees = (trace.tree for trace in _each(self._traces(tenant), budget))
        return await self._in_thread(answers.service_graph, trees, where, time)

    def archive(self, tenant: str = DEFAULT_TENANT, /) -> MemoryStore | None:
        return self._archive

    async def delete_trace(self, trace_id: bytes, /, *, tenant: str = DEFAULT_TENANT) -> bool:
        self._check_open()
        return self._tenants[tenant].forget(trace_id)

    def health(self) -> Health:
        tenants = self._tenants.values()
        figures = {
            "traces": float(sum(len(tenant.traces) for tenant in tenants)),
            "spans": float(sum(tenant.span_count for tenant in tenants)),
            "evicted_traces": float(sum(tenant.evicted_traces for tenant in tenants)),
        }
        return Health(can_write=self._open, can_read=self._open, reason="" if self._open else "closed", figures=figures)

    def _check_open(self) -> None:
        if not self._open:
            raise UnavailableError("the memory store is closed")

    def _traces(self, tenant: str) -> list[_Trace]:
        return list(self._tenants[tenant].traces.values())

    async def _in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        self._check_open()
        return await asyncio.get_running_loop().run_in_executor(self._readers, work, *arguments)


class _Tenant:
    """The traces of one tenant, in the order in which their first spans came."""

    def __init__(self) -> None:
        self.traces: dict[bytes, _Trace] = {}
        self.span_count = 0
        self.evicted_traces = 0

    def add(self, pieces: Mapping[bytes, dict[Hashable, Row]]) -> None:
        for trace_id, spans in pieces.items():
            before = self.traces.get(trace_id, _Trace({}))
            after = before.with_spans(spans)
            self.traces[trace_id] = after
            self.span_count += len(after.spans) - len(before.spans)

    def evict(self, config: MemoryConfig) -> None:
        while self.traces and (len(self.traces) > config.max_traces or self.span_count > config.max_spans):
            self.forget(next(iter(self.traces)))
            self.evicted_traces += 1

    def forget(self, trace_id: bytes) -> bool:
        trace = self.traces.pop(trace_id, None)
        self.span_count -= len(trace.spans) if trace else 0
        return trace is not None


class _Trace:
    """The spans of one trace in the order in which they arrived, by identity: equal spans are one."""

    def __init__(self, spans: dict[Hashable, Row]) -> None:
        self.spans = spans

    def with_spans(self, spans: dict[Hashable, Row]) -> _Trace:
        new = {key: row for key, row in spans.items() if key not in self.spans}
        return _Trace(self.spans | new) if new else self

    @functools.cached_property
    def tree(self) -> structure.Tree:
        return structure.build(list(self.spans.values()))

    @functools.cached_property
    def summary(self) -> evaluate.Summary:
        return answers.summarize(self.tree)


def _by_trace(batch: SpanBatch) -> dict[bytes, dict[Hashable, Row]]:
    pieces: dict[bytes, dict[Hashable, Row]] = defaultdict(dict)
    for row in to_rows(batch):
        pieces[row["trace_id"]].setdefault(identity(row), row)
    return pieces


def _matching(traces: list[_Trace], search: TraceSearch, budget: Budget) -> dict[tuple[int, bytes], evaluate.Summary]:
    """The summaries of the traces that match, by their key in the order asked for."""
    matches = {}
    for trace in _each(traces, budget):
        rows = trace.tree.rows
        in_time = any(evaluate.starts_in(row, search.time) for row in rows)
        if in_time and evaluate.trace_holds(search.where, rows, trace.summary, search.time):
            matches[answers.sort_key(search.order, trace.summary)] = trace.summary
    return matches


def _whole_traces(traces: list[_Trace], budget: Budget) -> SpanBatch:
    return to_batch(row for trace in _each(traces, budget) for row in trace.tree.pre_order())


def _each(traces: list[_Trace], budget: Budget) -> Iterator[_Trace]:
    budget.check()
    for trace in traces:
        budget.check()
        yield trace


def _rows_in(traces: list[_Trace], time: TimeRange, budget: Budget) -> Iterator[Row]:
    for trace in _each(traces, budget):
        yield from (row for row in trace.spans.values() if evaluate.starts_in(row, time))


def _check(verdict: Callable[[], None]) -> None:
    try:
        verdict()
    except ValueError as error:
        raise BadQueryError(str(error)) from error
