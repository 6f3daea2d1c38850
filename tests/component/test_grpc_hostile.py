"""A gRPC port under bytes that no client should send: the peer is answered or sent away, others are served."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import grpc
import grpc.aio
import pytest

from lymer.component import grpc_connection
from lymer.component.grpc_server import GrpcServer, service, streamed

MIB = 1 << 20
GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS = b"\x83\x86\x44\x06/a.B/C\x41\x01a\x5f\x10application/grpc"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


SETTINGS = frame(4, 0, 0)
RAPID_RESETS = b"".join(frame(1, 4, 2 * n + 1, HEADERS) + frame(3, 0, 2 * n + 1, b"\0\0\0\x08") for n in range(20_000))
FLOODS = {
    "rapid resets": RAPID_RESETS,
    "pings": frame(6, 0, 0, b"12345678") * 200_000,
    "settings": SETTINGS * 300_000,
    "continuations": frame(1, 0, 1, HEADERS) + frame(9, 0, 1, b"") * 300_000,
    "full continuations": frame(1, 0, 1, HEADERS) + frame(9, 0, 1, b"\x40\x01a\x7f\x80\x7d" + b"b" * 16_000) * 200,
    "headers that grow": frame(1, 4, 1, HEADERS + b"\x40\x01a\x7f\x81\x7c" + b"b" * 16_000 + b"\xbe" * 300),
    "empty data": frame(1, 4, 1, HEADERS) + frame(0, 0, 1) * 300_000,
    "window updates": frame(8, 0, 0, b"\x7f\xff\xff\xff") * 100,
    "a frame of 16 MB": frame(1, 4, 1, HEADERS) + b"\xff\xff\xff\x00\x00\x00\x00\x00\x01" + bytes(MIB),
    "data past the window": frame(1, 4, 1, HEADERS) + frame(0, 0, 1, b"\0\0\xff\xff\xff" + bytes(16_000)) * 500,
    "priorities": frame(2, 0, 1, b"\0\0\0\0\x01") * 100_000,
    "streams": b"".join(frame(1, 4, 2 * n + 1, HEADERS) for n in range(20_000)),
}
STRANGERS = {
    "noise": bytes(range(256)) * 1000,
    "zeros": bytes(MIB),
    "HTTP/1.1": b"POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    "a greeting cut": GREETING[:10] + b"x",
}


async def size_of(_: object, context: grpc.aio.ServicerContext) -> bytes:
    message = await context.read()
    return str(len(message)).encode()


@pytest.fixture
async def server() -> AsyncIterator[GrpcServer]:
    server = GrpcServer(
        [service("a.B", C=streamed(size_of))],
        services=["a.B"],
        what="test",
        host="127.0.0.1",
        port=0,
        message_bytes_max=MIB,
    )
    await server.start()
    yield server
    await server.close(timeout_s=0.05)


async def still_serves(server: GrpcServer) -> None:
    async with asyncio.timeout(60), grpc.aio.insecure_channel(server.address) as channel:
        assert await channel.unary_unary("/a.B/C")(bytes(MIB)) == str(MIB).encode()


async def open_connection(server: GrpcServer) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = server.address.split(":")
    return await asyncio.open_connection(host, int(port))


async def drain(reader: asyncio.StreamReader) -> bytes:
    """What the server says until it closes."""
    said = b""
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(MIB):
            said += piece
    return said


async def close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


@pytest.mark.parametrize("kind", STRANGERS)
async def test_other_protocols_are_sent_away(server: GrpcServer, kind: str) -> None:
    reader, writer = await open_connection(server)
    writer.write(STRANGERS[kind])
    async with asyncio.timeout(60):
        await drain(reader)
    await close(writer)
    await still_serves(server)


@pytest.mark.parametrize("kind", FLOODS)
async def test_a_flood_costs_its_sender_alone(server: GrpcServer, kind: str) -> None:
    reader, writer = await open_connection(server)
    draining = asyncio.ensure_future(drain(reader))
    writer.write(GREETING + SETTINGS + FLOODS[kind])
    await still_serves(server)
    assert server._unread.bytes <= 2 * MIB
    await close(writer)
    async with asyncio.timeout(60):
        await draining
        while server._connections:
            await asyncio.sleep(0.001)
    assert server._unread.bytes == 0
    assert not server._calls()


async def test_a_flood_whose_answers_nobody_takes_is_not_read_any_further(server: GrpcServer) -> None:
    reader, writer = await open_connection(server)
    reader._transport.pause_reading()  # type: ignore[attr-defined]
    writer.write(GREETING + SETTINGS + frame(6, 0, 0, b"12345678") * 2_000_000)
    async with asyncio.timeout(60):
        while not any(connection._is_held for connection in server._connections):
            await asyncio.sleep(0.001)
    await still_serves(server)
    (flooded,) = [connection for connection in server._connections if connection._is_held]
    assert flooded._transport.get_write_buffer_size() <= MIB
    writer.transport.abort()


async def test_half_a_frame_holds_nobody_up(server: GrpcServer) -> None:
    _, writer = await open_connection(server)
    writer.write(GREETING + SETTINGS + frame(1, 4, 1, HEADERS) + frame(0, 0, 1, bytes([0, 0, 1, 0, 0, 7, 7]))[:-1])
    await writer.drain()
    await still_serves(server)
    await close(writer)


async def test_who_does_not_greet_is_sent_away(server: GrpcServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpc_connection, "GREETING_TIMEOUT_S", 0.05)
    reader, writer = await open_connection(server)
    writer.write(GREETING[:5])
    async with asyncio.timeout(60):
        await drain(reader)
    await close(writer)
    assert not server._connections
