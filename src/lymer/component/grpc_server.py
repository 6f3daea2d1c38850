"""A gRPC server of raw-bytes methods inside a loop that already runs, with health. Not here: what is answered."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from lymer.component.grpc_call import CODES
from lymer.component.grpc_connection import ServedConnection, Unread
from lymer.component.grpc_methods import GrpcMethods
from lymer.component.http_server import listen

FAREWELL_S: Final = 0.5
"""How long peers have to take their last bytes."""


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
        self._methods = GrpcMethods()
        self._methods.add_generic_rpc_handlers(handlers)
        self._health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._methods)
        self._listeners: list[socket.socket] = []
        self._servers: list[asyncio.Server] = []
        self._connections: set[ServedConnection] = set()
        self._unread = Unread()

    @property
    def address(self) -> str:
        """Host and port; the real port after `bind` where 0 was asked for."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{host}:{self._port}"

    def bind(self) -> None:
        """Take the port; connections wait until `start`. Raises StartError. Does nothing when it is bound."""
        if not self._listeners:
            self._listeners = listen(self._host, self._port, what=self._what)
            self._port = int(self._listeners[0].getsockname()[1])

    def enable(self, feature: Callable[[GrpcMethods], None]) -> None:
        """Add something to the server: reflection."""
        feature(self._methods)

    async def start(self) -> None:
        """Answer. Raises StartError."""
        self.bind()
        for name in ("", *self._services):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        loop = asyncio.get_running_loop()
        self._servers = [await loop.create_server(self._connection, sock=one) for one in self._listeners]

    async def close(self, *, timeout_s: float = 2.5) -> None:
        """Finish the calls that have begun, for so long, and let go of the port."""
        if not self._listeners:
            return
        await self._health.enter_graceful_shutdown()
        for server in self._servers:
            server.close()
        for listener in self._listeners:
            listener.close()
        self._listeners, self._servers = [], []
        for connection in tuple(self._connections):
            connection.shut_down()
        await self._finish_calls(timeout_s)
        await self._close_connections()

    def _connection(self) -> ServedConnection:
        return ServedConnection(self._methods, self._connections, self._unread, self._message_bytes_max)

    def _calls(self) -> list[asyncio.Task[None]]:
        return [call.task for connection in self._connections for call in connection.calls.values()]

    def _sending(self) -> list[asyncio.Future[None]]:
        """Connections whose last answers are on their way; they close then."""
        return [connection.closed for connection in self._connections if connection.native.call_count]

    async def _finish_calls(self, timeout_s: float) -> None:
        loop = asyncio.get_running_loop()
        end_s = loop.time() + timeout_s
        while (open_ones := self._calls() or self._sending()) and (left_s := end_s - loop.time()) > 0:
            await asyncio.wait(open_ones, timeout=left_s)

    async def _close_connections(self) -> None:
        calls, connections = self._calls(), tuple(self._connections)
        for connection in connections:
            connection.cut()
        if calls:
            await asyncio.wait(calls)
        if connections:
            closed = [connection.closed for connection in connections]
            await asyncio.wait(closed, timeout=FAREWELL_S)
        for connection in tuple(self._connections):
            connection.drop()


async def abort(context: Any, code: int, message: str, *, details: bytes | None = None) -> NoReturn:
    """End the call with a status; `details` is a google.rpc.Status."""
    trailers = () if details is None else (("grpc-status-details-bin", details),)
    await context.abort(CODES[code], message, trailers)
    raise AssertionError("abort raises")
