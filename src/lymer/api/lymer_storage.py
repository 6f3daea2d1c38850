"""Our own store service, `lymer.storage.v1.Store`: the whole of `storage.base` for another Lymer.

Questions are admitted and bounded as everybody's: by the smaller of the asker's budget and ours. Answers come
in pieces. What travels is in `wire.store_calls`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import grpc
import msgspec

from lymer.api.grpc_answers import answered, answered_in_pieces
from lymer.component.base import SpanSink
from lymer.component.errors import NotSupportedError
from lymer.component.events import Events, Origin
from lymer.component.grpc_server import service
from lymer.pipeline.in_flight import InFlight
from lymer.query.admission import Admission
from lymer.storage.base import DEFAULT_TENANT, Budget, SpanStore
from lymer.wire import store_calls as calls
from lymer.wire.store_calls import Question

Reading = Callable[[SpanStore, Question, Budget], Awaitable[bytes]]

SinkOf = Callable[[SpanStore, str], SpanSink]
"""The way into a store for a tenant."""

_WHERE: Final = "remote_store"


class LymerStorage:
    """The methods, from bytes to bytes."""

    def __init__(
        self,
        store: SpanStore,
        sink_of: SinkOf,
        admission: Admission,
        *,
        in_flight: InFlight,
        events: Events,
    ) -> None:
        self._store = store
        self._sink_of = sink_of
        self._admission = admission
        self._in_flight = in_flight
        self._events = events

    def handlers(self) -> list[grpc.GenericRpcHandler]:
        """For a gRPC server."""
        reads = _READS.items()
        methods = {name: answered_in_pieces(self._reading(name, read), self._events, _WHERE) for name, read in reads}
        methods["Write"] = answered(self.write, self._events, _WHERE)
        methods["DeleteTrace"] = answered(self.delete_trace, self._events, _WHERE)
        methods["Health"] = answered(self.health, self._events, _WHERE)
        return [service(calls.SERVICE, **methods)]

    async def write(self, request: bytes, context: Any) -> bytes:
        """Keep the spans of the message; the answer means that they are durable."""
        metadata = dict(context.invocation_metadata())
        name = str(metadata.get(calls.FORMAT_KEY, calls.ARROW))
        tenant = bytes(metadata.get(calls.TENANT_KEY, DEFAULT_TENANT.encode())).decode()
        store = self._place(tenant, archive=calls.ARCHIVE_KEY in metadata)
        with self._in_flight.request() as reservation:
            reservation.grow(len(request))
            batch = calls.decode_write(name, request)
            await self._sink_of(store, tenant).write(batch)
        self._events.spans_received(len(batch), Origin(name, "grpc"))
        return b""

    async def delete_trace(self, request: bytes, _: Any) -> bytes:
        """Forget one trace; says whether it was there."""
        question = calls.decode_question(request)
        store = self._place(question.tenant, archive=question.archive)
        deleted = [await store.delete_trace(one, tenant=question.tenant) for one in question.ids]
        return msgspec.json.encode(any(deleted))

    async def health(self, _request: bytes, _: Any) -> bytes:
        """How the store is."""
        health = self._store.health()
        return msgspec.json.encode(
            {
                "can_write": health.can_write,
                "can_read": health.can_read,
                "reason": health.reason,
                "figures": health.figures,
                "has_archive": self._store.archive() is not None,
            }
        )

    def _reading(self, name: str, read: Reading) -> Callable[[bytes, Any], AsyncIterator[bytes]]:
        async def answering(request: bytes, _: Any) -> AsyncIterator[bytes]:
            question = calls.decode_question(request)
            store = self._place(question.tenant, archive=question.archive)
            answer = await self._admission.ask(f"remote_{name}", lambda budget: _read(read, store, question, budget))
            for piece in calls.pieces(answer):
                yield piece

        return answering

    def _place(self, tenant: str, *, archive: bool) -> SpanStore:
        if not archive:
            return self._store
        kept = self._store.archive(tenant)
        if kept is None:
            raise NotSupportedError("this store has no archive")
        return kept


async def _read(read: Reading, store: SpanStore, question: Question, budget: Budget) -> bytes:
    budget.narrow(time_s=question.time_s, memory_bytes_max=question.memory_bytes_max)
    return await read(store, question, budget)


async def _find_traces(store: SpanStore, asked: Question, budget: Budget) -> bytes:
    return calls.encode_page(await store.find_traces(asked.search, budget, tenant=asked.tenant))


async def _get_traces(store: SpanStore, asked: Question, budget: Budget) -> bytes:
    return calls.encode_spans(await store.get_traces(asked.ids, budget, tenant=asked.tenant))


async def _services(store: SpanStore, asked: Question, budget: Budget) -> bytes:
    return msgspec.json.encode(await store.services(budget, time=asked.time, tenant=asked.tenant))


async def _operations(store: SpanStore, asked: Question, budget: Budget) -> bytes:
    found = await store.operations(asked.service, budget, kind=asked.kind, time=asked.time, tenant=asked.tenant)
    return calls.encode_operations(found)


async def _attribute_keys(store: SpanStore, asked: Question, budget: Budget) -> bytes:
    return calls.encode_table(
        await store.attribute_keys(budget, scope=asked.scope, time=asked.time, tenant=asked.tenant)
    )


async def _attribute_values(store: SpanStore, asked: Question, budget: Budget) -> bytes:
    table = await store.attribute_values(
        asked.key, budget, scope=asked.scope, time=asked.time, limit=asked.limit, tenant=asked.tenant
    )
    return calls.encode_table(table)


async def _service_graph(store: SpanStore, asked: Question, budget: Budget) -> bytes:
    return calls.encode_table(
        await store.service_graph(budget, time=asked.time, where=asked.predicate, tenant=asked.tenant)
    )


_READS: Final[dict[str, Reading]] = {
    "FindTraces": _find_traces,
    "GetTraces": _get_traces,
    "Services": _services,
    "Operations": _operations,
    "AttributeKeys": _attribute_keys,
    "AttributeValues": _attribute_values,
    "ServiceGraph": _service_graph,
}
