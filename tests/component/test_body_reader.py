"""A body that is read past the parser is the body, and the connection goes on behind it as if nothing had been."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import uvloop

from lymer.component import http_protocol
from lymer.component.body_reader import BodyReader
from lymer.component.http_server import HttpServer

BODY = random.Random(11).randbytes(http_protocol.FEW_WAKE_BYTES)
LENGTH_RANGE = (http_protocol.READ_PAST_PARSER_BYTES + 1, http_protocol.FEW_WAKE_BYTES)


class Application:
    """Answers with the length of the body; at once, without reading it, where the path says so."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.left: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", scope["path"] != "/refused"
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.left.append(scope["path"])
                return
            body, more = body + message["body"], message["more_body"]
        self.bodies.append(body)
        answer = str(len(body)).encode()
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(answer))]}
        )
        await send({"type": "http.response.body", "body": answer})


class Sender:
    """A connection that writes what it is told, byte by byte if need be."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()
            for _ in range(20):  # So that the server, in the same loop, reads it before the next one is there.
                await asyncio.sleep(0)

    async def answer(self) -> bytes:
        async with asyncio.timeout(30):
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            return await self._reader.readexactly(length)

    async def continued(self) -> bytes:
        async with asyncio.timeout(30):
            return await self._reader.readuntil(b"\r\n\r\n")

    def leave(self) -> None:
        self._writer.close()


def head(size: int, *headers: bytes, path: bytes = b"/") -> bytes:
    lines = [b"POST %s HTTP/1.1" % path, b"host: here", b"content-length: %d" % size, *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


@contextlib.asynccontextmanager
async def talking() -> AsyncIterator[tuple[Application, Sender]]:
    application = Application()
    server = HttpServer(application, what="Test", host="127.0.0.1", port=0)
    await server.start()
    sender = Sender(*await asyncio.open_connection("127.0.0.1", server.port))
    yield application, sender
    sender.leave()
    await server.close()


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Awaitable[None]], None]:
    """Both loops call a protocol in ways of their own; a server runs on uvloop."""
    runner: Callable[[Awaitable[None]], None] = request.param
    return runner


@pytest.fixture(autouse=True)
def read_sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the bodies that were read past the parser."""
    sizes: list[int] = []
    begin = BodyReader.begin

    def noted(reader: BodyReader, transport: Any, size: int, pieces: Any) -> None:
        sizes.append(size)
        begin(reader, transport, size, pieces)

    monkeypatch.setattr(BodyReader, "begin", noted)
    return sizes


def test_bodies_of_all_sizes_follow_each_other(run: Any, read_sizes: list[int]) -> None:
    sizes = [LENGTH_RANGE[0] - 1, LENGTH_RANGE[0], 100_000, 5, LENGTH_RANGE[1], LENGTH_RANGE[1] + 1, 70_000]
    bodies = [(BODY + b"!")[:size] for size in sizes]

    async def scenario() -> None:
        async with talking() as (application, sender):
            for body in bodies:
                await sender.send(head(len(body)) + body[:1], body[1:40_000], body[40_000:])
                assert await sender.answer() == str(len(body)).encode()
            assert application.bodies == bodies

    run(scenario())
    assert read_sizes == [size for size in sizes if LENGTH_RANGE[0] <= size <= LENGTH_RANGE[1]]


def test_what_follows_a_body_in_the_same_packet_is_the_next_request(run: Any, read_sizes: list[int]) -> None:
    async def scenario() -> None:
        async with talking() as (application, sender):
            await sender.send(head(100_000), BODY[:100_000] + head(5) + b"hello" + head(90_000), BODY[:90_000])
            assert [await sender.answer() for _ in range(3)] == [b"100000", b"5", b"90000"]
            assert application.bodies == [BODY[:100_000], b"hello", BODY[:90_000]]

    run(scenario())
    assert read_sizes[0] == 100_000


def test_a_sender_that_waits_is_told_to_go_on(run: Any, read_sizes: list[int]) -> None:
    async def scenario() -> None:
        async with talking() as (_, sender):
            await sender.send(head(100_000, b"expect: 100-continue"))
            assert b"100 Continue" in await sender.continued()
            await sender.send(BODY[:100_000])
            assert await sender.answer() == b"100000"

    run(scenario())
    assert read_sizes == [100_000]


def test_a_body_that_nobody_wanted_is_passed_over(run: Any, read_sizes: list[int]) -> None:
    async def scenario() -> None:
        async with talking() as (application, sender):
            await sender.send(head(100_000, path=b"/refused"))
            assert await sender.answer() == b"0"
            await sender.send(BODY[:50_000], BODY[50_000:100_000] + head(100_000), BODY[:100_000])
            assert await sender.answer() == b"100000"
            assert application.bodies == [b"", BODY[:100_000]]

    run(scenario())
    assert read_sizes[-1] == 100_000


def test_a_sender_that_leaves_in_the_middle_has_left(run: Any, read_sizes: list[int]) -> None:
    async def scenario() -> None:
        async with talking() as (application, sender):
            await sender.send(head(100_000, path=b"/left"), BODY[:50_000])
            sender.leave()
            async with asyncio.timeout(30):
                while not application.left:
                    await asyncio.sleep(0)
            assert (application.left, application.bodies) == (["/left"], [])

    run(scenario())
    assert read_sizes == [100_000]


def test_chunks_are_the_parsers(run: Any, read_sizes: list[int]) -> None:
    async def scenario() -> None:
        async with talking() as (_, sender):
            chunked = b"POST / HTTP/1.1\r\nhost: here\r\ntransfer-encoding: chunked\r\n\r\n"
            await sender.send(chunked, b"186a0\r\n", BODY[:100_000], b"\r\n0\r\n\r\n")
            assert await sender.answer() == b"100000"

    run(scenario())
    assert read_sizes == []
