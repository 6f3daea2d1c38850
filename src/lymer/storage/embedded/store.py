"""The embedded store's face: `storage.base.SpanStore`, over the tenants of one folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from lymer.component.clock import Clock
from lymer.component.config import ByteSize, Duration
from lymer.model.batch import SpanBatch
from lymer.model.search import EVERYTHING, Predicate, Scope, TimeRange, TraceSearch
from lymer.model.trace import Operation, TracePage
from lymer.storage.base import ALWAYS, DEFAULT_TENANT, Budget, Health
from lymer.storage.embedded import find, overview, read
from lymer.storage.embedded.config import CompactionConfig, EmbeddedConfig, read_embedded_config
from lymer.storage.embedded.engine import Engine, TenantKey
from lymer.storage.embedded.tenant import Tenant
from lymer.storage.embedded.wal import Disk
from lymer.wire.overview import OverviewQuestion
from lymer.wire.trace_view import TraceView

T = TypeVar("T")

_PAGE_CACHE_PART = _MERGE_PART = 5
_MERGED_COPIES = 5
"""A merge takes so many times the bytes of the files that it merges."""


class EmbeddedStore:
    """Spans in a folder. The archive is a second face of the same folder."""

    config_type = EmbeddedConfig

    def __init__(
        self,
        config: EmbeddedConfig,
        *,
        data_dir: Path,
        clock: Clock,
        disk: Disk | None = None,
        archive_of: Engine | None = None,
    ) -> None:
        self._archived = archive_of is not None
        self._engine = archive_of or Engine(config, data_dir=data_dir, clock=clock, disk=disk)
        self.config = config
        self._data_dir = data_dir
        self._clock = clock

    @classmethod
    def from_config(cls, settings: Mapping[str, Any], *, data_dir: Path, clock: Clock) -> EmbeddedStore:
        """A closed store. Raises ConfigError."""
        return cls(read_embedded_config(settings, path="store"), data_dir=data_dir, clock=clock)

    @classmethod
    def settings_for(cls, *, memory_bytes: int | None = None, retention_s: float | None = None) -> dict[str, Any]:
        """Settings of this store that keep it within so much memory, and spans for so long."""
        settings: dict[str, Any] = {}
        if memory_bytes is not None:
            cache = memory_bytes // _PAGE_CACHE_PART
            files = min(memory_bytes // _MERGE_PART // _MERGED_COPIES, CompactionConfig().bytes_max)
            settings |= {
                "page_cache_bytes": ByteSize(cache),
                "memory_bytes_max": ByteSize(memory_bytes - cache - _MERGED_COPIES * files),
                "compaction": {"bytes_max": ByteSize(files)},
            }
        if retention_s is not None:
            settings["retention"] = {"age": Duration(retention_s)}
        return settings

    async def start(self) -> None:
        if not self._archived:
            await self._engine.start()

    async def close(self) -> None:
        if not self._archived:
            await self._engine.close()

    def archive(self, tenant: str = DEFAULT_TENANT, /) -> EmbeddedStore | None:
        if self._archived:
            return None
        return EmbeddedStore(self.config, data_dir=self._data_dir, clock=self._clock, archive_of=self._engine)

    async def write(self, batch: SpanBatch, /, *, tenant: str = DEFAULT_TENANT) -> None:
        self._engine.check_writable()
        if len(batch):
            await self._engine.write(self._key(tenant), batch)

    async def find_traces(self, search: TraceSearch, budget: Budget, /, *, tenant: str = DEFAULT_TENANT) -> TracePage:
        return await self._engine.ask(
            self._key(tenant), budget, lambda snapshot: find.find_traces(snapshot, search, budget)
        )

    async def get_traces(self, trace_ids: list[bytes], budget: Budget, /, *, tenant: str = DEFAULT_TENANT) -> SpanBatch:
        return await self._engine.ask(
            self._key(tenant), budget, lambda snapshot: read.get_traces(snapshot, trace_ids, budget)
        )

    async def services(self, budget: Budget, /, *, time: TimeRange = ALWAYS, tenant: str = DEFAULT_TENANT) -> list[str]:
        return await self._engine.ask(self._key(tenant), budget, lambda snapshot: read.services(snapshot, time, budget))

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
        return await self._engine.ask(
            self._key(tenant), budget, lambda snapshot: read.operations(snapshot, service, kind, time, budget)
        )

    async def attribute_keys(
        self, budget: Budget, /, *, scope: Scope = Scope.ANY, time: TimeRange = ALWAYS, tenant: str = DEFAULT_TENANT
    ) -> pa.Table:
        return await self._engine.ask(
            self._key(tenant), budget, lambda snapshot: read.attribute_keys(snapshot, scope, time, budget)
        )

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
        return await self._engine.ask(
            self._key(tenant),
            budget,
            lambda snapshot: read.attribute_values(snapshot, key, scope, time, limit, budget),
        )

    async def service_graph(
        self,
        budget: Budget,
        /,
        *,
        time: TimeRange = ALWAYS,
        where: Predicate = EVERYTHING,
        tenant: str = DEFAULT_TENANT,
    ) -> pa.Table:
        return await self._engine.ask(
            self._key(tenant), budget, lambda snapshot: read.service_graph(snapshot, where, time, budget)
        )

    async def ask_trace(
        self,
        trace_id: bytes,
        question: Callable[[TraceView], T],
        budget: Budget,
        /,
        *,
        tenant: str = DEFAULT_TENANT,
    ) -> T | None:
        return await self._engine.ask(
            self._key(tenant), budget, lambda snapshot: self._engine.look(snapshot, trace_id, question, budget)
        )

    async def overview(
        self, question: OverviewQuestion, budget: Budget, /, *, tenant: str = DEFAULT_TENANT
    ) -> pa.Table:
        return await self._engine.ask(
            self._key(tenant), budget, lambda snapshot: overview.overview(snapshot, question, budget)
        )

    async def delete_trace(self, trace_id: bytes, /, *, tenant: str = DEFAULT_TENANT) -> bool:
        found = self._engine.tenant_to_read(self._key(tenant))
        return found is not None and await asyncio.to_thread(found.delete_trace, trace_id)

    async def seal(self, *, tenant: str = DEFAULT_TENANT) -> bool:
        """Seal everything that is in the open buffer now. False when it was empty."""
        found = self._tenant(tenant)
        return found is not None and await asyncio.to_thread(found.seal)

    async def compact(self, *, tenant: str = DEFAULT_TENANT) -> int:
        """Make one segment of all segments. Returns how many there were."""
        found = self._tenant(tenant)
        if found is None or len(found.version.segments) < 2:
            return 0 if found is None else len(found.version.segments)
        pieces = list(found.version.segments)
        await asyncio.to_thread(found.merge, pieces)
        return len(pieces)

    async def compact_all(self) -> None:
        """Seal every log and merge the small segments of every tenant."""
        await asyncio.to_thread(self._engine.compact_all)

    async def clean(self) -> None:
        """Expire, finish deletions and compact as the background would now."""
        await asyncio.to_thread(self._engine.chores.clean)

    def health(self) -> Health:
        return self._engine.health()

    @property
    def damages(self) -> list[str]:
        """What could not be read at the start, one line each."""
        return [line for tenant in self._engine.tenants() for line in tenant.damages.lines]

    def _tenant(self, tenant: str) -> Tenant | None:
        return self._engine.tenant_to_read(self._key(tenant))

    def _key(self, tenant: str) -> TenantKey:
        return TenantKey(tenant, self._archived)
