"""A body comes to the application whole and in few pieces, however it comes over the network."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from lymer.component import http_protocol
from lymer.component.http_server import HttpServer

BODY = random.Random(7).randbytes(3_000_000)


class Application:
    """Notes the pieces that it gets."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.woken = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            message = await receive()
            more = message.get("more_body", False)
            self.pieces.append(message["body"])
            self.woken.set()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
async def server(application: Application) -> AsyncIterator[HttpServer]:
    running = HttpServer(application, what="Test", host="127.0.0.1", port=0)
    await running.start()
    yield running
    await running.close()


async def begin(server: HttpServer, body: bytes, *, upto: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Send a request and so much of its body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: %d\r\n\r\n" % len(body) + body[:upto])
    await writer.drain()
    return reader, writer


@pytest.mark.parametrize("piece_bytes", [1_000, 100_000, 700_000])
async def test_a_body_in_pieces_is_the_body(server: HttpServer, application: Application, piece_bytes: int) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(BODY), piece_bytes):
            yield BODY[start : start + piece_bytes]

    async with httpx.AsyncClient(base_url=f"http://{server.address}") as client:
        for _ in range(2):
            assert (await client.post("/", content=pieces())).status_code == 200
            assert b"".join(application.pieces) == BODY
            application.pieces.clear()


async def test_requests_that_come_together_keep_their_bodies(server: HttpServer, application: Application) -> None:
    reader, writer = await begin(server, BODY[:100_000], upto=100_000)
    writer.write(b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 5\r\n\r\nhello")
    for _ in range(2):
        assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
    assert application.pieces == [BODY[:100_000], b"hello"]
    writer.close()


async def test_a_body_of_the_usual_size_comes_in_one_piece(server: HttpServer, application: Application) -> None:
    body = BODY[: http_protocol.FEW_WAKE_BYTES - 1]
    reader, writer = await begin(server, body, upto=http_protocol.WAKE_BYTES + 1)
    writer.write(body[http_protocol.WAKE_BYTES + 1 :])
    await reader.readuntil(b"\r\n\r\n")
    assert application.pieces == [body]
    writer.close()


async def test_with_many_connections_less_is_held_uncounted(
    server: HttpServer, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "FEW_CONNECTIONS", 0)
    body = BODY[: http_protocol.FEW_WAKE_BYTES - 1]
    reader, writer = await begin(server, body, upto=http_protocol.WAKE_BYTES + 1)
    async with asyncio.timeout(5):
        await application.woken.wait()
    assert len(application.pieces[0]) >= http_protocol.WAKE_BYTES
    writer.write(body[http_protocol.WAKE_BYTES + 1 :])
    await reader.readuntil(b"\r\n\r\n")
    assert b"".join(application.pieces) == body
    writer.close()
