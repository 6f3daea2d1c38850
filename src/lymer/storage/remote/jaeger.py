"""JaegerStore: a store behind `jaeger.storage.v2`: Jaeger's remote storage, or anybody's who speaks as it does.

That API can be asked for whole traces, names, and what Jaeger's page searches for. The rest is refused: see
docs/operating/roles.md. Another Lymer is asked over its own service (`store`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from lymer.component.clock import Clock
from lymer.component.config import read_config
from lymer.component.errors import NotSupportedError
from lymer.model.batch import SpanBatch
from lymer.model.search import EVERYTHING, Predicate, Scope, TimeRange, TraceSearch
from lymer.model.trace import Operation, TracePage
from lymer.storage.base import ALWAYS, DEFAULT_TENANT, Budget, Health
from lymer.storage.remote.channel import Channel
from lymer.storage.remote.config import RemoteConfig, no_settings
from lymer.storage.remote.jaeger_question import storage_question
from lymer.wire import jaeger_storage_client as messages
from lymer.wire import otlp_proto
from lymer.wire.codecs import decode
from lymer.wire.whole_traces import merge_traces, summarize_traces

_READER: Final = "/jaeger.storage.v2.TraceReader/"
_EXPORT: Final = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_HEALTH: Final = "/grpc.health.v1.Health/Check"
_NEWEST_FIRST: Final = [("start_time_unix_nano", "descending"), ("trace_id", "ascending")]


class JaegerStore:
    """Keeps nothing here, and promises what the other side does."""

    config_type = RemoteConfig

    def __init__(self, config: RemoteConfig) -> None:
        self._channel = Channel(config, look=self._look)

    @classmethod
    def from_config(
        cls, settings: Mapping[str, Any], *, data_dir: Path | None = None, clock: Clock | None = None
    ) -> JaegerStore:
        """A closed store. Raises ConfigError."""
        return cls(read_config(RemoteConfig, settings, path="store"))

    @classmethod
    def settings_for(cls, *, memory_bytes: int | None = None, retention_s: float | None = None) -> dict[str, Any]:
        """None: it needs no memory to speak of. Raises ConfigError, because spans are let go where they are kept."""
        return no_settings(retention_s=retention_s)

    @classmethod
    def settings_beside(cls, port_offset: int) -> dict[str, Any]:
        """As `RemoteStore.settings_beside`: none of Jaeger's processes knows our offset."""
        return {}

    async def start(self) -> None:
        await self._channel.open()

    async def close(self) -> None:
        await self._channel.close()

    def archive(self, tenant: str = DEFAULT_TENANT, /) -> None:
        return None

    async def write(self, batch: SpanBatch, /, *, tenant: str = DEFAULT_TENANT) -> None:
        if not len(batch):
            return
        known = batch.payload is not None and batch.payload.format == otlp_proto.FORMAT
        data = batch.payload.data if known and batch.payload else otlp_proto.encode_otlp_proto(batch)
        await self._channel.write(_EXPORT, data, _metadata(tenant))

    async def find_traces(self, search: TraceSearch, budget: Budget, /, *, tenant: str = DEFAULT_TENANT) -> TracePage:
        request = messages.encode_question(storage_question(search))
        traces = await self._traces("FindTraces", request, budget, tenant)
        summaries = summarize_traces(traces).sort_by(_NEWEST_FIRST)
        return TracePage(summaries.slice(0, search.limit), cursor=None, total=None)

    async def get_traces(self, trace_ids: list[bytes], budget: Budget, /, *, tenant: str = DEFAULT_TENANT) -> SpanBatch:
        wanted = list(dict.fromkeys(trace_ids))
        traces = await self._traces("GetTraces", messages.encode_get_traces(wanted), budget, tenant)
        place = pc.index_in(traces.record_batch.column("trace_id"), pa.array(wanted, pa.binary(16)))
        return traces.take(pc.sort_indices(place)) if len(traces) else traces

    async def services(self, budget: Budget, /, *, time: TimeRange = ALWAYS, tenant: str = DEFAULT_TENANT) -> list[str]:
        answer = await self._channel.ask(f"{_READER}GetServices", b"", budget, _metadata(tenant))
        return sorted(set(messages.decode_services(answer)))

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
        request = messages.encode_get_operations(service, kind)
        answer = await self._channel.ask(f"{_READER}GetOperations", request, budget, _metadata(tenant))
        found = set(messages.decode_operations(answer))
        return sorted(one for one in found if kind in (None, one.kind))

    async def attribute_keys(
        self, budget: Budget, /, *, scope: Scope = Scope.ANY, time: TimeRange = ALWAYS, tenant: str = DEFAULT_TENANT
    ) -> pa.Table:
        _refuse("attribute keys")

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
        _refuse("attribute values")

    async def service_graph(
        self,
        budget: Budget,
        /,
        *,
        time: TimeRange = ALWAYS,
        where: Predicate = EVERYTHING,
        tenant: str = DEFAULT_TENANT,
    ) -> pa.Table:
        _refuse("a service graph with errors and latencies")

    async def delete_trace(self, trace_id: bytes, /, *, tenant: str = DEFAULT_TENANT) -> bool:
        _refuse("deletion")

    def health(self) -> Health:
        return self._channel.health

    async def _traces(self, method: str, request: bytes, budget: Budget, tenant: str) -> SpanBatch:
        size = 0
        pieces: list[SpanBatch] = []
        async for chunk in self._channel.stream(f"{_READER}{method}", request, budget, _metadata(tenant)):
            size += len(chunk)
            budget.check(size)
            pieces.append(decode(otlp_proto.FORMAT, chunk).batch)
        return merge_traces(pieces) if pieces else SpanBatch.empty()

    async def _look(self) -> Health:
        """Whether it says that it serves; a store that knows no health checks is believed to."""
        with contextlib.suppress(NotSupportedError):
            await self._channel.ask(_HEALTH, b"", Budget(time_s=3.0))
        return Health()


def _metadata(tenant: str) -> tuple[tuple[str, str], ...]:
    """Jaeger's header of tenants; the default tenant has none."""
    return () if tenant == DEFAULT_TENANT else (("x-tenant", tenant),)


def _refuse(what: str) -> NoReturn:
    raise NotSupportedError(f"Jaeger's storage API cannot be asked for {what}")
