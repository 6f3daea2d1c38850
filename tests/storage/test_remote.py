"""A store behind a port keeps the whole contract, whether the memory or the embedded store is behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from lymer.api.lymer_storage import LymerStorage
from lymer.component.clock import SystemClock
from lymer.component.events import Events
from lymer.component.grpc_server import GrpcServer
from lymer.conformance.store import StoreContract
from lymer.conformance.store.lifecycle import LifecycleContract
from lymer.conformance.store.round_trip import RoundTripContract
from lymer.exporters.store import StoreExporter
from lymer.pipeline.in_flight import InFlight
from lymer.query.admission import Admission, QueryConfig
from lymer.storage.base import SpanStore
from lymer.storage.embedded.store import EmbeddedStore
from lymer.storage.memory import MemoryStore
from lymer.storage.remote.config import RemoteConfig
from lymer.storage.remote.store import RemoteStore
from lymer.wire import store_calls
from tests.storage.test_embedded import SETTINGS


class ServedStore(RemoteStore):
    """A store behind a port of its own, and the client of it, as one."""

    def __init__(self, behind: SpanStore) -> None:
        self.behind = behind
        self.server = served(behind)
        super().__init__(RemoteConfig())

    async def start(self) -> None:
        await self.behind.start()
        self.server.bind()
        await self.server.start()
        super().__init__(RemoteConfig(server=self.server.address))
        await super().start()

    async def close(self) -> None:
        await super().close()
        await self.server.close()
        await self.behind.close()


def served(behind: SpanStore) -> GrpcServer:
    clock = SystemClock()
    events = Events(clock=clock)
    service = LymerStorage(
        behind,
        lambda place, tenant: StoreExporter(place, events, tenant=tenant),
        Admission(QueryConfig(), events, clock),
        in_flight=InFlight(64 << 20),
        events=events,
    )
    return GrpcServer(
        service.handlers(),
        services=[store_calls.SERVICE],
        what="test",
        host="127.0.0.1",
        port=0,
        message_bytes_max=64 << 20,
    )


class TestOverTheMemoryStore(StoreContract):
    durable = False

    def make_store(self, directory: Path) -> SpanStore:
        return ServedStore(MemoryStore())


@pytest.mark.slow
class TestOverTheEmbeddedStore(RoundTripContract, LifecycleContract):
    """What the embedded store's own columns, files and threads could make different; the rest is above."""

    pytestmark = pytest.mark.asyncio

    def make_store(self, directory: Path) -> SpanStore:
        return ServedStore(EmbeddedStore.from_config(SETTINGS, data_dir=directory, clock=SystemClock()))
