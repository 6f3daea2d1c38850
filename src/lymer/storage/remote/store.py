"""RemoteStore: `storage.base.SpanStore` over a connection. Keeps nothing here; the other side keeps the promises."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from lymer.component.clock import Clock
from lymer.component.config import read_config
from lymer.model.batch import SpanBatch
from lymer.model.search import EVERYTHING, Predicate, Scope, TimeRange, TraceSearch
from lymer.model.trace import Operation, TracePage
from lymer.storage.base import ALWAYS, DEFAULT_TENANT, Budget, Health
from lymer.storage.remote.config import PORT, RemoteConfig, no_settings
from lymer.storage.remote.connection import Connection
from lymer.wire import store_calls as calls
from lymer.wire.predicate_json import encode_predicate
from lymer.wire.store_calls import Question


class RemoteStore:
    """Another process's store. The archive is a second face of the same connection."""

    config_type = RemoteConfig

    def __init__(self, config: RemoteConfig, *, archive_of: Connection | None = None) -> None:
        self._config = config
        self._archived = archive_of is not None
        self._connection = archive_of or Connection(config)

    @classmethod
    def from_config(
        cls, settings: Mapping[str, Any], *, data_dir: Path | None = None, clock: Clock | None = None
    ) -> RemoteStore:
        """A closed store. Raises ConfigError."""
        return cls(read_config(RemoteConfig, settings, path="store"))

    @classmethod
    def settings_for(cls, *, memory_bytes: int | None = None, retention_s: float | None = None) -> dict[str, Any]:
        """None: it needs no memory to speak of. Raises ConfigError, because spans are let go where they are kept."""
        return no_settings(retention_s=retention_s)

    @classmethod
    def settings_beside(cls, port_offset: int) -> dict[str, Any]:
        """Settings that mean the process beside this one, on the same machine with the same offset."""
        return {"server": f"127.0.0.1:{PORT + port_offset}"}

    async def start(self) -> None:
        if not self._archived:
            await self._connection.channel.open()

    async def close(self) -> None:
        if not self._archived:
            await self._connection.channel.close()

    def archive(self, tenant: str = DEFAULT_TENANT, /) -> RemoteStore | None:
        if self._archived or not self._connection.has_archive:
            return None
        return RemoteStore(self._config, archive_of=self._connection)

    async def write(self, batch: SpanBatch, /, *, tenant: str = DEFAULT_TENANT) -> None:
        if not len(batch):
            return
        await self._connection.write(batch, tenant=tenant, archive=self._archived)

    async def find_traces(self, search: TraceSearch, budget: Budget, /, *, tenant: str = DEFAULT_TENANT) -> TracePage:
        question = calls.search_question(search, **self._general(budget, tenant))
        return calls.decode_page(await self._connection.read("FindTraces", question, budget))

    async def get_traces(self, trace_ids: list[bytes], budget: Budget, /, *, tenant: str = DEFAULT_TENANT) -> SpanBatch:
        question = Question(trace_ids=b"".join(trace_ids).hex(), **self._general(budget, tenant))
        return calls.decode_spans(await self._connection.read("GetTraces", question, budget))

    async def services(self, budget: Budget, /, *, time: TimeRange = ALWAYS, tenant: str = DEFAULT_TENANT) -> list[str]:
        question = Question(start=time.start, end=time.end, **self._general(budget, tenant))
        return msgspec.json.decode(await self._connection.read("Services", question, budget), type=list[str])

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
        question = Question(service=service, kind=kind, start=time.start, end=time.end, **self._general(budget, tenant))
        return calls.decode_operations(await self._connection.read("Operations", question, budget))

    async def attribute_keys(
        self, budget: Budget, /, *, scope: Scope = Scope.ANY, time: TimeRange = ALWAYS, tenant: str = DEFAULT_TENANT
    ) -> pa.Table:
        question = Question(scope=scope, start=time.start, end=time.end, **self._general(budget, tenant))
        return calls.decode_table(await self._connection.read("AttributeKeys", question, budget))

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
        question = Question(
            key=key, scope=scope, limit=limit, start=time.start, end=time.end, **self._general(budget, tenant)
        )
        return calls.decode_table(await self._connection.read("AttributeValues", question, budget))

    async def service_graph(
        self,
        budget: Budget,
        /,
        *,
        time: TimeRange = ALWAYS,
        where: Predicate = EVERYTHING,
        tenant: str = DEFAULT_TENANT,
    ) -> pa.Table:
        question = Question(
            where=encode_predicate(where), start=time.start, end=time.end, **self._general(budget, tenant)
        )
        return calls.decode_table(await self._connection.read("ServiceGraph", question, budget))

    async def delete_trace(self, trace_id: bytes, /, *, tenant: str = DEFAULT_TENANT) -> bool:
        question = Question(trace_ids=trace_id.hex(), tenant=tenant, archive=self._archived)
        return msgspec.json.decode(await self._connection.ask("DeleteTrace", question), type=bool)

    def health(self) -> Health:
        return self._connection.channel.health

    def _general(self, budget: Budget, tenant: str) -> dict[str, Any]:
        """What every question says. Raises BudgetError when nobody waits any more."""
        budget.check()
        return {
            "tenant": tenant,
            "archive": self._archived,
            "time_s": budget.remaining_s,
            "memory_bytes_max": int(budget.memory_bytes_max),
        }
