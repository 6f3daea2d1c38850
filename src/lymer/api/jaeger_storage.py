"""Jaeger's `jaeger.storage.v2`: TraceReader, DependencyReader and Capabilities over our queries.

Traces go out as they were sent; Jaeger's own query service adjusts them. Writes are OTLP's `TraceService`, which stands
on the same port (`api.remote_storage`). Not here: the messages (`wire.jaeger_storage`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import grpc

from lymer.api.grpc_answers import answered, answered_in_pieces
from lymer.api.otlp_chunks import otlp_chunks
from lymer.component.events import Events
from lymer.component.grpc_server import service
from lymer.model.search import LIMIT_MAX, TimeRange, TraceSearch
from lymer.query.jaeger_search import JaegerQuestion, trace_search
from lymer.query.service import QueryService
from lymer.storage.base import ALWAYS, DEFAULT_TENANT
from lymer.wire import jaeger_storage as messages

TRACE_READER: Final = "jaeger.storage.v2.TraceReader"
DEPENDENCY_READER: Final = "jaeger.storage.v2.DependencyReader"
CAPABILITIES: Final = "jaeger.storage.v2.Capabilities"
SERVICES: Final = (TRACE_READER, DEPENDENCY_READER, CAPABILITIES)

DEPTH_DEFAULT: Final = 100
SUMMARIES_IN_A_PIECE: Final = 500


class JaegerStorage:
    """The methods, from bytes to bytes."""

    def __init__(self, query: QueryService, events: Events, *, tenant: str = DEFAULT_TENANT) -> None:
        self._query = query
        self._events = events
        self._tenant = tenant

    def handlers(self) -> list[grpc.GenericRpcHandler]:
        """For a gRPC server."""
        where, events = "remote_storage", self._events
        reader = {
            "GetTraces": answered_in_pieces(self.get_traces, events, where),
            "GetServices": answered(self.get_services, events, where),
            "GetOperations": answered(self.get_operations, events, where),
            "FindTraces": answered_in_pieces(self.find_traces, events, where),
            "FindTraceIDs": answered(self.find_trace_ids, events, where),
            "FindTraceSummaries": answered_in_pieces(self.find_summaries, events, where),
        }
        return [
            service(TRACE_READER, **reader),
            service(DEPENDENCY_READER, GetDependencies=answered(self.get_dependencies, events, where)),
            service(CAPABILITIES, GetCapabilities=answered(self.get_capabilities, events, where)),
        ]

    async def get_traces(self, request: bytes, _: Any) -> AsyncIterator[bytes]:
        """All spans of the traces that are there."""
        trace_ids = messages.read_trace_ids(request)
        batch = await self._query.get_traces(trace_ids, tenant=self._tenant)
        async for chunk in otlp_chunks(batch):
            yield chunk

    async def get_services(self, _request: bytes, _: Any) -> bytes:
        """The names of all services."""
        return messages.encode_services(await self._query.services(tenant=self._tenant))

    async def get_operations(self, request: bytes, _: Any) -> bytes:
        """The span names of a service with their kinds."""
        service, kind = messages.read_operations_request(request)
        return messages.encode_operations(await self._query.operations(service, kind=kind or None, tenant=self._tenant))

    async def find_traces(self, request: bytes, _: Any) -> AsyncIterator[bytes]:
        """The newest whole traces that match."""
        _page, batch = await self._query.find_whole_traces(_search(request), tenant=self._tenant)
        async for chunk in otlp_chunks(batch):
            yield chunk

    async def find_trace_ids(self, request: bytes, _: Any) -> bytes:
        """The ids of the newest traces that match."""
        page = await self._query.find_traces(_search(request), tenant=self._tenant)
        return messages.encode_trace_ids(page.summaries)

    async def find_summaries(self, request: bytes, _: Any) -> AsyncIterator[bytes]:
        """What is to be said of the newest traces that match."""
        page = await self._query.find_traces(_search(request), tenant=self._tenant)
        for first in range(0, page.summaries.num_rows, SUMMARIES_IN_A_PIECE):
            yield messages.encode_summaries(page.summaries.slice(first, SUMMARIES_IN_A_PIECE))

    async def get_dependencies(self, request: bytes, _: Any) -> bytes:
        """Who calls whom in the range, exactly."""
        graph = await self._query.service_graph(time=_range(*messages.read_time_range(request)), tenant=self._tenant)
        return messages.encode_dependencies(graph)

    async def get_capabilities(self, _request: bytes, _: Any) -> bytes:
        """What a search can do here."""
        return messages.encode_capabilities()


def _search(request: bytes) -> TraceSearch:
    asked = messages.read_question(request)
    return trace_search(
        JaegerQuestion(
            service=asked.service,
            operation=asked.operation,
            tags=asked.attributes,
            time=_range(asked.start_min_nano, asked.start_max_nano),
            duration_min_nano=asked.duration_min_nano or None,
            duration_max_nano=asked.duration_max_nano or None,
            limit=min(asked.depth or DEPTH_DEFAULT, LIMIT_MAX),
        )
    )


def _range(start: int | None, end: int | None) -> TimeRange:
    return TimeRange(ALWAYS.start if start is None else start, ALWAYS.end if end is None else end)
