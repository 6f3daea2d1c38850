"""A body comes to the application whole and in few pieces, however it comes over the network."""

from __future__ import annotations

import asyncio
import gc
import random
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import httpx
import pytest
import uvicorn
from uvicorn.server import ServerState

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


class ShortApplication:
    """Answers as an application does that knows of the exchange; tells what it could do without ASGI's messages."""

    def __init__(self) -> None:
        self.bodies: list[bytes | None] = []
        self.at_once: list[bool] = []
        self.value = b"text/plain"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        exchange = scope["extensions"][http_protocol.EXCHANGE]
        body = exchange.take_body()
        self.bodies.append(body)
        if body is None:
            body = b""
            more = True
            while more:
                message = await receive()
                body, more = body + message["body"], message.get("more_body", False)
        assert exchange.take_body() is None
        headers = [(b"content-type", self.value), (b"content-length", str(len(body)).encode())]
        self.at_once.append(exchange.answer(201, headers, body))
        if not self.at_once[-1]:
            await send({"type": "http.response.start", "status": 201, "headers": headers})
            await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def short() -> AsyncIterator[tuple[ShortApplication, httpx.AsyncClient]]:
    application = ShortApplication()
    running = HttpServer(application, what="Test", host="127.0.0.1", port=0)
    await running.start()
    async with httpx.AsyncClient(base_url=f"http://{running.address}") as client:
        yield application, client
    await running.close()


async def test_an_answer_at_once_is_the_answer_that_asgi_gives(
    short: tuple[ShortApplication, httpx.AsyncClient],
) -> None:
    application, client = short
    for close in ({}, {}, {"connection": "close"}):
        answer = await client.post("/", content=b"hello", headers=close)
        assert (answer.status_code, answer.content, answer.headers["content-type"]) == (201, b"hello", "text/plain")
    assert application.at_once == [True, True, False]


async def test_what_is_not_here_yet_is_received(short: tuple[ShortApplication, httpx.AsyncClient]) -> None:
    application, client = short
    assert (await client.post("/", content=b"")).content == b""
    assert (await client.request("HEAD", "/", content=b"unseen")).content == b""
    assert application.bodies[0] is None
    assert application.at_once == [True, False]


async def test_requests_that_come_together_are_answered_in_their_order(
    short: tuple[ShortApplication, httpx.AsyncClient],
) -> None:
    application, client = short
    reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
    bodies = [b"first", b"second", b"third"]
    request = b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: %d\r\n\r\n%s"
    writer.write(b"".join(request % (len(body), body) for body in bodies))
    for body in bodies:
        assert b"201 Created" in await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(len(body)) == body
    assert application.bodies == bodies
    writer.close()


async def test_a_header_with_a_line_break_is_never_sent(short: tuple[ShortApplication, httpx.AsyncClient]) -> None:
    application, client = short
    application.value = b"text/plain\r\nset-cookie: a=b"
    with pytest.raises(httpx.RemoteProtocolError, match="without sending"):
        await client.post("/", content=b"hello")
    assert application.at_once == [False]


class Timers:
    """A loop's time and timers, moved on by hand."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.due: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now_s

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(self.now_s + delay_s, callback, (), asyncio.get_running_loop())
        self.due.append((handle.when(), lambda: None if handle.cancelled() else callback()))
        return handle

    def ring(self) -> None:
        """Move on to the next timer."""
        self.now_s, callback = self.due.pop(0)
        callback()

    def create_task(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.create_task(coroutine)


class Wire(asyncio.Transport):
    """Where answers go to."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = 0
        self.closed = False
        self.written = asyncio.Event()

    def write(self, data: Any) -> None:
        self.answers += 1
        self.written.set()

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


class Connection:
    """A connection whose time stands still."""

    def __init__(self, keep_alive_s: int) -> None:
        config = uvicorn.Config(ShortApplication(), ws="none", log_config=None, timeout_keep_alive=keep_alive_s)
        self.timers, self.wire = Timers(), Wire()
        loop: Any = self.timers
        self.protocol = http_protocol.LargeBodyProtocol(config, ServerState(), {}, loop)
        self.protocol.connection_made(self.wire)

    async def ask(self) -> None:
        """One request and its answer."""
        self.protocol.data_received(b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 5\r\n\r\nhello")
        await self.wire.written.wait()
        self.wire.written.clear()


async def test_a_connection_is_closed_when_it_was_quiet_for_long_after_its_last_answer() -> None:
    connection = Connection(75)
    await connection.ask()
    connection.timers.now_s += 70
    await connection.ask()
    connection.timers.ring()
    assert (connection.wire.closed, connection.timers.now_s) == (False, 1075)
    connection.timers.ring()
    assert (connection.wire.closed, connection.timers.now_s) == (True, 1145)


async def test_a_connection_with_a_request_on_its_way_is_not_closed() -> None:
    connection = Connection(75)
    await connection.ask()
    connection.protocol.data_received(b"POST / HTTP/1.1\r\n")
    connection.timers.ring()
    assert (connection.wire.closed, connection.timers.due) == (False, [])
    connection.protocol.data_received(b"content-length: 0\r\n\r\n")
    await connection.wire.written.wait()
    connection.timers.ring()
    assert connection.wire.closed


async def test_many_requests_of_a_connection_need_one_timer_and_no_garbage_collector() -> None:
    connection = Connection(75)
    seen = []
    gc.disable()
    try:
        for _ in range(5):
            await connection.ask()
            seen.append(weakref.ref(connection.protocol.cycle))
        assert len(connection.timers.due) == 1
        assert [one() for one in seen[:-1]] == [None] * 4
    finally:
        gc.enable()
    connection.protocol.connection_lost(None)
    connection.timers.ring()
    assert connection.timers.due == []
