"""Answers over HTTP: whole or streamed, compressed where the client takes it; errors as Go's `http.Error` sends them.

Not here: what is answered. A streamed answer cannot turn into an error once it has begun, so whoever makes one asks the
query first and streams only what cannot fail any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from isal import isal_zlib
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from lymer.component.errors import (
    BadQueryError,
    BudgetError,
    DecodeError,
    LymerError,
    NotFoundError,
    NotSupportedError,
    RetryableError,
    TooLargeError,
)

GZIP_BYTES_MIN: Final = 1400
"""What fits into one packet is sent as it is."""

_GZIP_LEVEL: Final = 1
_GZIP_WINDOW: Final = 31
_HOP_BYTES_MIN: Final = 64 << 10
"""Compressing less than this is cheaper than handing it to a thread."""

_STATUSES: Final = (
    (NotFoundError, 404),
    (NotSupportedError, 501),
    (BudgetError, 504),
    (BadQueryError, 400),
    (TooLargeError, 413),
    (DecodeError, 400),
    (RetryableError, 503),
)


def status_of(error: LymerError) -> int:
    """The HTTP status that says the same as the error."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def retry_headers(error: LymerError) -> dict[str, str]:
    """`Retry-After` for errors that pass, nothing for others."""
    return {"retry-after": str(max(1, round(error.retry_after_s)))} if isinstance(error, RetryableError) else {}


def json_bytes(value: Any, *, pretty: bool = False) -> bytes:
    """The value as JSON, with four blanks of indentation when it is for people."""
    text = msgspec.json.encode(value)
    return msgspec.json.format(text, indent=4) if pretty else text


def json_answer(value: Any, *, status: int = 200, pretty: bool = False) -> Response:
    """The value as `application/json`."""
    return Answer(json_bytes(value, pretty=pretty), status=status)


def go_error(body: Any, status: int, headers: dict[str, str] | None = None) -> Response:
    """An error as Go's `http.Error` writes it: JSON that says that it is plain text, with a line feed."""
    text = body.encode() if isinstance(body, str) else json_bytes(body)
    return Answer(
        text + b"\n",
        status=status,
        media_type="text/plain; charset=utf-8",
        headers={"x-content-type-options": "nosniff", **(headers or {})},
    )


class Answer(Response):
    """A body, or an iterator of pieces of one; gzip when the client takes it and it is worth it."""

    def __init__(
        self,
        content: bytes | AsyncIterator[bytes],
        *,
        status: int = 200,
        media_type: str = "application/json",
        headers: dict[str, str] | None = None,
        may_be_zipped: bool = True,
    ) -> None:
        self.content = content
        self._may_be_zipped = may_be_zipped
        self.status_code = status
        self.background = None
        self.init_headers({"content-type": media_type, **(headers or {})})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        zipped = self._may_be_zipped and _takes_gzip(Headers(scope=scope).get("accept-encoding", ""))
        if isinstance(self.content, bytes):
            await self._send_whole(self.content, zipped, send)
        else:
            await self._send_stream(self.content, zipped, receive, send)

    async def _send_whole(self, body: bytes, zipped: bool, send: Send) -> None:
        if len(body) >= GZIP_BYTES_MIN:
            self.headers["vary"] = "Accept-Encoding"
            if zipped:
                self.headers["content-encoding"] = "gzip"
                squeeze = isal_zlib.compressobj(_GZIP_LEVEL, isal_zlib.DEFLATED, _GZIP_WINDOW)
                body = await _squeezed(squeeze, body) + squeeze.flush()
        self.headers["content-length"] = str(len(body))
        await self._begin(send)
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _send_stream(self, pieces: AsyncIterator[bytes], zipped: bool, receive: Receive, send: Send) -> None:
        self.headers["vary"] = "Accept-Encoding"
        squeeze = isal_zlib.compressobj(_GZIP_LEVEL, isal_zlib.DEFLATED, _GZIP_WINDOW) if zipped else None
        if squeeze:
            self.headers["content-encoding"] = "gzip"
        await self._begin(send)
        leaving = asyncio.ensure_future(wait_until_gone(receive))
        try:
            async for piece in pieces:
                if leaving.done():
                    return
                data = await _squeezed(squeeze, piece) if squeeze else piece
                if data:
                    await send({"type": "http.response.body", "body": data, "more_body": True})
        finally:
            leaving.cancel()
        await send({"type": "http.response.body", "body": squeeze.flush() if squeeze else b"", "more_body": False})

    async def _begin(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})


async def wait_until_gone(receive: Receive) -> None:
    """Returns when the client has hung up. For requests whose body has been read."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _squeezed(squeeze: Any, data: bytes) -> bytes:
    if len(data) < _HOP_BYTES_MIN:
        return bytes(squeeze.compress(data))
    return bytes(await asyncio.to_thread(squeeze.compress, data))


def _takes_gzip(accepted: str) -> bool:
    for offer in accepted.lower().split(","):
        coding, _, weight = offer.partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
