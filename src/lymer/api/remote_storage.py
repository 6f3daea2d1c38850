"""The store as others ask it over gRPC, on 17271: Jaeger's storage API with OTLP for writes, and our own beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import grpc

from lymer.api.jaeger_storage import SERVICES
from lymer.component.base import Component, Endpoint, ReceiverConfig
from lymer.component.config import ByteSize
from lymer.component.grpc_reflection import enable_reflection
from lymer.component.grpc_server import GrpcServer
from lymer.wire import store_calls
from lymer.wire.jaeger_storage_descriptors import load_descriptors

OTLP_SERVICE: Final = "opentelemetry.proto.collector.trace.v1.TraceService"


class RemoteStorageConfig(ReceiverConfig):
    """Settings of this port."""

    port: int = 17271
    message_bytes_max: ByteSize = ByteSize(64 << 20)
    """Writes larger than this, decompressed, are refused."""


class RemoteStorage:
    """The port. What answers is handed in by `app`, which knows the store and the way into it.

    What stands `beside` the server is closed with it.
    """

    def __init__(
        self,
        config: RemoteStorageConfig,
        handlers: Sequence[grpc.GenericRpcHandler],
        *,
        beside: Sequence[Component] = (),
        host: str,
        port: int,
    ) -> None:
        self._beside = beside
        self._server = GrpcServer(
            handlers,
            services=(*SERVICES, "jaeger.storage.v2.TraceWriter", OTLP_SERVICE, store_calls.SERVICE),
            what="Remote storage",
            host=host,
            port=port,
            message_bytes_max=config.message_bytes_max,
        )
        self._server.enable(lambda server: enable_reflection(server, (*SERVICES, OTLP_SERVICE), load_descriptors))

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        return Endpoint("remote_storage", self._server.address)

    def bind(self) -> None:
        """Take the port without answering yet. Raises StartError."""
        self._server.bind()

    async def start(self) -> None:
        """As `component.base`."""
        await self._server.start()

    async def close(self) -> None:
        """As `component.base`: calls that have begun are answered."""
        await self._server.close()
        for component in self._beside:
            await component.close()
