"""The gRPC server on the loop that it runs on in earnest."""

from __future__ import annotations

import asyncio

import grpc.aio
import uvloop

from lymer.component.grpc_server import GrpcServer, service, streamed

MIB = 1 << 20


async def size_of(_: object, context: grpc.aio.ServicerContext) -> bytes:
    return str(len(await context.read())).encode()


def test_it_serves_on_uvloop_as_well() -> None:
    """Its transports are others than asyncio's."""

    async def talk() -> list[bytes]:
        handler = service("a.B", Size=streamed(size_of))
        server = GrpcServer(
            [handler], services=["a.B"], what="test", host="127.0.0.1", port=0, message_bytes_max=20 * MIB
        )
        await server.start()
        async with asyncio.timeout(30), grpc.aio.insecure_channel(server.address) as channel:
            answers = [await channel.unary_unary("/a.B/Size")(bytes(size)) for size in (0, 1000, 3 * MIB)]
        await server.close()
        return answers

    loop = uvloop.new_event_loop()
    try:
        assert loop.run_until_complete(talk()) == [b"0", b"1000", str(3 * MIB).encode()]
    finally:
        loop.close()
