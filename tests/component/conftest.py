"""A gRPC server of these methods on a free port, and connections of grpcio's client to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import grpc
import grpc.aio
import pytest

from lymer.component.grpc_server import GrpcServer, service

MIB = 1 << 20
SERVICE = "a.B"
Serve = Callable[..., Awaitable[GrpcServer]]
Dial = Callable[[GrpcServer], Awaitable[grpc.aio.Channel]]


def server_of(*, message_bytes_max: int = 20 * MIB, **methods: Any) -> GrpcServer:
    return GrpcServer(
        [service(SERVICE, **methods)],
        services=[SERVICE],
        what="test",
        host="127.0.0.1",
        port=0,
        message_bytes_max=message_bytes_max,
    )


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with asyncio.timeout(60), AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def serve(stack: AsyncExitStack) -> Serve:
    async def start(**methods: Any) -> GrpcServer:
        server = server_of(**methods)
        await server.start()
        stack.push_async_callback(server.close)
        return server

    return start


@pytest.fixture
def dial(stack: AsyncExitStack) -> Dial:
    """A connection of its own."""

    async def connect(server: GrpcServer) -> grpc.aio.Channel:
        options = [
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.max_send_message_length", -1),
            ("grpc.max_receive_message_length", -1),
        ]
        return await stack.enter_async_context(grpc.aio.insecure_channel(server.address, options=options))

    return connect


async def failure(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return raised.value


async def echo(request: bytes, _: Any) -> bytes:
    return request


async def size_of(_: Any, context: Any) -> bytes:
    """A method that reads its message itself, as receivers do."""
    return str(len(await context.read())).encode()


async def never(_: bytes, __: Any) -> bytes:
    return await asyncio.Event().wait()  # type: ignore[return-value]


ECHO = grpc.unary_unary_rpc_method_handler(echo)
