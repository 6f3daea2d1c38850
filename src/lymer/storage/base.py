"""What a store must promise. `conformance/store/` is this page as tests.

A store is opened by `app` through the registry (entry point group `lymer.stores`), written by `exporters.store`, read
by `query`. Every write and read names a tenant; tenants never see each other. Methods may be called concurrently from
one event loop; none blocks the loop. Reads see every write that was acknowledged before they began.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from lymer.component.clock import Clock, SystemClock
from lymer.component.errors import BudgetError
from lymer.model.batch import SpanBatch
from lymer.model.search import EVERYTHING, Predicate, Scope, TimeRange, TraceSearch
from lymer.model.trace import Operation, TracePage

DEFAULT_TENANT = "default"
ALWAYS = TimeRange()


class Budget:
    """How long and how large one read may be. Stores call `check` between pieces of work."""

    def __init__(self, *, time_s: float = 30.0, memory_bytes_max: int = 256 << 20, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self.time_s = time_s
        self.memory_bytes_max = memory_bytes_max
        self.cancelled = False
        """Set by whoever no longer waits for the answer."""
        self._deadline_s = self._clock.monotonic_s() + time_s

    @property
    def remaining_s(self) -> float:
        """How long the read may still take; negative when its time is over."""
        return self._deadline_s - self._clock.monotonic_s()

    def narrow(self, *, time_s: float, memory_bytes_max: int) -> None:
        """Allow no more than this from now on; never more than before."""
        self._deadline_s = min(self._deadline_s, self._clock.monotonic_s() + time_s)
        self.time_s = min(self.time_s, time_s)
        self.memory_bytes_max = min(self.memory_bytes_max, memory_bytes_max)

    def check(self, memory_bytes: int = 0) -> None:
        """Raises BudgetError when the time is over, the asker has gone, or so many bytes are too many."""
        if self.cancelled:
            raise BudgetError("cancelled: the asker went away")
        if self.remaining_s < 0:
            raise BudgetError(f"the query took longer than its budget of {self.time_s:g} s; narrow its time range")
        if memory_bytes > self.memory_bytes_max:
            raise BudgetError(
                f"the query needs more memory than its budget of {self.memory_bytes_max >> 20} MiB; narrow it"
            )


class SpanWriter(Protocol):
    """The way in."""

    async def write(self, batch: SpanBatch, /, *, tenant: str = DEFAULT_TENANT) -> None:
        """Keep all spans of the batch. Returning means: they survive `kill -9`, and every later read sees them.

        A batch is kept whole or not at all. Writing spans that are equal in everything to kept ones changes nothing
        that a read can see. Raises RetryableError when it cannot keep them now (full, overloaded), PermanentError when
        it never will. Awaiting is the backpressure.
        """


class SpanReader(Protocol):
    """The way out. Any method may raise BudgetError, NotSupportedError, UnavailableError."""

    async def find_traces(self, search: TraceSearch, budget: Budget, /, *, tenant: str = DEFAULT_TENANT) -> TracePage:
        """One page of the traces that match, exactly, in the order asked for; the same answer every time.

        Following cursors visits every trace that matched throughout exactly once. Raises BadQueryError.
        """

    async def get_traces(self, trace_ids: list[bytes], budget: Budget, /, *, tenant: str = DEFAULT_TENANT) -> SpanBatch:
        """All spans of these traces, whenever they came, each once; unknown ids give no rows.

        Rows of a trace stand together, traces in the order asked for, spans in pre-order (docs/specs/structure.md).
        """

    async def services(self, budget: Budget, /, *, time: TimeRange = ALWAYS, tenant: str = DEFAULT_TENANT) -> list[str]:
        """The names of services with a span in the range (a store may be generous at its ends), sorted."""

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
        """The span names of a service with their kinds, sorted; all kinds or one. Generous as `services` may be."""

    async def attribute_keys(
        self, budget: Budget, /, *, scope: Scope = Scope.ANY, time: TimeRange = ALWAYS, tenant: str = DEFAULT_TENANT
    ) -> pa.Table:
        """Of ATTRIBUTE_KEYS_SCHEMA; all scopes or one. A store may be generous at the ends of the range."""

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
        """Of ATTRIBUTE_VALUES_SCHEMA, exact; at most `limit` rows."""

    async def service_graph(
        self,
        budget: Budget,
        /,
        *,
        time: TimeRange = ALWAYS,
        where: Predicate = EVERYTHING,
        tenant: str = DEFAULT_TENANT,
    ) -> pa.Table:
        """Who calls whom, of GRAPH_SCHEMA, exact. Counts called spans that start in the range and satisfy the span
        predicate `where`; their parents may lie outside. Parents are resolved as docs/specs/structure.md says.
        """


class SpanStore(SpanWriter, SpanReader, Protocol):
    """A store: a writer, a reader, a lifecycle."""

    async def start(self) -> None:
        """Open. Raises StartError with cause and cure. Nothing else may be called before."""

    async def close(self) -> None:
        """Stop taking writes, make what was accepted durable, let go. May be called twice, or without start."""

    def archive(self, tenant: str = DEFAULT_TENANT, /) -> SpanStore | None:
        """A store of the same kind that retention does not touch; None where there is no such thing."""

    async def delete_trace(self, trace_id: bytes, /, *, tenant: str = DEFAULT_TENANT) -> bool:
        """Forget a trace; afterwards no read sees it and no file keeps it. False when it was not there."""

    def health(self) -> Health:
        """How the store is, without waiting."""


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a store can write and read, why not, and figures for `/metrics`: name to value, of all and by tenant."""

    can_write: bool = True
    can_read: bool = True
    reason: str = ""
    figures: dict[str, float] = field(default_factory=dict)
    tenants: dict[str, dict[str, float]] = field(default_factory=dict)
