"""The HTTP side of a receiver: requests as plain values in, an answer out, CORS headers where they are allowed.

A bare ASGI application, because a framework would cost as much as a decoder. Not here: what is answered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from lymer.component.http_protocol import EXCHANGE, Exchange
from lymer.component.http_server import HttpServer
from lymer.receivers.cors import Cors, Headers
from lymer.receivers.http_body import Body, Receive, SenderGoneError

Send = Callable[[dict[str, Any]], Awaitable[None]]

TEXT = b"text/plain; charset=utf-8"


class Request(msgspec.Struct, frozen=True):
    """What came, its body not read yet."""

    method: str
    path: str
    query_string: bytes
    headers: dict[bytes, bytes]
    receive: Receive
    exchange: Exchange | None = None

    def header(self, name: bytes) -> str | None:
        """The value of a header; its name in lower case."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def content_type(self) -> str:
        """The media type without parameters, in lower case; empty where none is said."""
        return (self.header(b"content-type") or "").partition(";")[0].strip().lower()

    @property
    def is_preflight(self) -> bool:
        """Whether a browser asks what it may send."""
        return self.method == "OPTIONS" and b"access-control-request-method" in self.headers

    def body(self) -> Body:
        """To be read once."""
        take = None if self.exchange is None else self.exchange.take_body
        return Body(self.receive, self.headers.get(b"content-length"), take=take)


class Answer(msgspec.Struct, frozen=True):
    """What goes back."""

    status: int
    body: bytes = b""
    content_type: bytes = TEXT
    headers: Headers | None = None


class HttpDoor:
    """One port that answers requests by a function. Browsers may ask what they may send to `paths`."""

    def __init__(
        self,
        answer: Callable[[Request], Awaitable[Answer]],
        *,
        cors: Cors,
        paths: tuple[str, ...],
        what: str,
        host: str,
        port: int,
    ) -> None:
        self._answer = answer
        self._cors = cors
        self._paths = paths
        self._server = HttpServer(self, what=what, host=host, port=port)

    @property
    def address(self) -> str:
        """Host and port."""
        return self._server.address

    def bind(self) -> None:
        """Take the port without answering yet. Raises StartError."""
        self._server.bind()

    async def start(self) -> None:
        """Answer."""
        await self._server.start()

    async def close(self) -> None:
        """Answer what has begun, and no more."""
        await self._server.close()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """ASGI."""
        exchange: Exchange | None = scope.get("extensions", {}).get(EXCHANGE)
        request = Request(
            scope["method"], scope["path"], scope.get("query_string", b""), dict(scope["headers"]), receive, exchange
        )
        try:
            is_preflight = self._cors.is_enabled and request.is_preflight and request.path in self._paths
            answer = self._preflight(request) if is_preflight else await self._answer(request)
        except SenderGoneError:
            return
        headers = [
            (b"content-type", answer.content_type),
            (b"content-length", b"%d" % len(answer.body)),
        ]
        if answer.headers:
            headers += answer.headers
        if self._cors.is_enabled and request.method != "OPTIONS":
            headers += self._cors.response_headers(request.header(b"origin"))
        if exchange is not None and exchange.answer(answer.status, headers, answer.body):
            return
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _preflight(self, request: Request) -> Answer:
        allowed = self._cors.preflight_headers(
            request.header(b"origin") or "",
            method=request.header(b"access-control-request-method") or "",
            wanted_headers=request.header(b"access-control-request-headers") or "",
        )
        return Answer(204, headers=allowed)
