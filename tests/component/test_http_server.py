"""Listening: clear errors, and an end that finishes what has begun."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpx
import pytest

from lymer.component.errors import StartError
from lymer.component.http_server import HttpServer, listen


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


def server(app: Any = hello, port: int = 0) -> HttpServer:
    return HttpServer(app, what="Test", host="127.0.0.1", port=port)


async def test_it_answers_once_started_and_lets_go_of_the_port() -> None:
    one = server()
    one.bind()
    await one.start()
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"http://{one.address}/")).text == "hello"
    port = one.port
    await one.close()
    for again in listen("127.0.0.1", port, what="Test"):
        again.close()


async def test_a_taken_port_is_told_with_the_cure() -> None:
    one = server()
    one.bind()
    with pytest.raises(StartError, match=f"Test: port {one.port} is taken; .*--port-offset 1000"):
        server(port=one.port).bind()
    await one.close()


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(StartError, match=r"Test: 192\.0\.2\.1 is not an address of this machine"):
        listen("192.0.2.1", 0, what="Test")


def test_a_name_that_is_no_address_is_told() -> None:
    with pytest.raises(StartError, match=r"'no\.such\.host\.invalid' is not an address"):
        listen("no.such.host.invalid", 0, what="Test")


async def test_a_request_that_has_begun_is_answered_before_the_end() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        begun.set()
        await go_on.wait()
        await hello(scope, receive, send)

    one = server(slow)
    await one.start()
    async with httpx.AsyncClient() as client:
        asking = asyncio.create_task(client.get(f"http://{one.address}/"))
        await begun.wait()
        closing = asyncio.create_task(one.close())
        await asyncio.sleep(0)
        go_on.set()
        assert (await asking).text == "hello"
        await closing


async def test_the_end_does_not_wait_for_ever() -> None:
    begun = asyncio.Event()

    async def stuck(scope: Any, receive: Any, send: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    one = server(stuck)
    await one.start()
    _, writer = await asyncio.open_connection("127.0.0.1", one.port)
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    await begun.wait()
    async with asyncio.timeout(3):
        await one.close(timeout_s=0.1)
    writer.close()


async def test_an_end_without_a_beginning_is_nothing() -> None:
    one = server()
    await one.close()
    await one.close()


async def test_a_name_is_served_on_all_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in ("127.0.0.1", "127.0.0.2")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: both)
    one = HttpServer(hello, what="Test", host="two.names", port=0)
    one.bind()
    monkeypatch.undo()
    await one.start()
    for address in ("127.0.0.1", "127.0.0.2"):
        reader, writer = await asyncio.open_connection(address, one.port)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()
    await one.close()


async def test_an_ipv6_address_is_written_with_brackets() -> None:
    assert HttpServer(hello, what="Test", host="::1", port=80).address == "[::1]:80"
