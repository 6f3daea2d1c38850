"""A gRPC server of raw-bytes methods inside a loop that already runs, with health. Not here: what is answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from lymer.component.errors import StartError
from lymer.component.http_server import listen

CODES: Final = {code.value[0]: code for code in grpc.StatusCode}
"""gRPC's codes by their number."""


def service(name: str, **methods: Any) -> grpc.GenericRpcHandler:
    """A service of methods that are `streamed` or `unary`."""
    return grpc.method_handlers_generic_handler(name, methods)


def streamed(answer: Any) -> Any:
    """A method that reads its message itself, when it has room: `async answer(iterator, context) -> bytes`."""
    return grpc.stream_unary_rpc_method_handler(answer)


class GrpcServer:
    """One port with some services. Bound when `bind` returns, answering when `start` returns."""

    def __init__(
        self,
        handlers: Sequence[grpc.GenericRpcHandler],
        *,
        services: Sequence[str],
        what: str,
        host: str,
        port: int,
        message_bytes_max: int,
    ) -> None:
        self._handlers = handlers
        self._services = services
        self._what = what
        self._host = host
        self._port = port
        self._message_bytes_max = message_bytes_max
        self._features: list[Callable[[grpc.aio.Server], None]] = []
        self._server: grpc.aio.Server | None = None
        self._health = health.aio.HealthServicer()

    @property
    def address(self) -> str:
        """Host and port; the real port after `bind` where 0 was asked for."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{host}:{self._port}"

    def bind(self) -> None:
        """Take the port; calls wait until `start`. Raises StartError. Does nothing when it is bound."""
        if self._server is not None:
            return
        for probe in listen(self._host, self._port, what=self._what):
            probe.close()  # gRPC itself does not say why a port cannot be had.
        server = grpc.aio.server(options=_options(self._message_bytes_max))
        server.add_generic_rpc_handlers(tuple(self._handlers))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        try:
            self._port = server.add_insecure_port(self.address)
        except RuntimeError as error:
            raise StartError(f"{self._what}: cannot listen on {self.address}: {error}") from error
        for feature in self._features:
            feature(server)
        self._server = server

    def enable(self, feature: Callable[[grpc.aio.Server], None]) -> None:
        """Add something to the server, before `start`: reflection."""
        self._features.append(feature)
        if self._server is not None:
            feature(self._server)

    async def start(self) -> None:
        """Answer. Raises StartError."""
        self.bind()
        assert self._server is not None
        await self._server.start()
        for name in ("", *self._services):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)

    async def close(self, *, timeout_s: float = 2.5) -> None:
        """Finish the calls that have begun, for so long, and let go of the port."""
        if self._server is not None:
            await self._health.enter_graceful_shutdown()
            await self._server.stop(grace=timeout_s)
            self._server = None


async def abort(context: Any, code: int, message: str, *, details: bytes | None = None) -> NoReturn:
    """End the call with a status; `details` is a google.rpc.Status."""
    trailers = () if details is None else (("grpc-status-details-bin", details),)
    await context.abort(CODES[code], message, trailers)
    raise AssertionError("abort raises")


def _options(message_bytes_max: int) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", message_bytes_max),
        ("grpc.so_reuseport", 0),
        # Exporters that keep their connection alive more often than every five minutes are not thrown out for it.
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
    ]
