"""Reading a request's body: bounded in bytes and in time, counted while it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from lymer.component.errors import DecodeError, TooLargeError
from lymer.pipeline.in_flight import Reservation

Take = Callable[[], bytes | None]
"""Gives a body that is here already, or None."""

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

DISCARD_S = 10.0
"""How long a refused sender may go on sending before its connection is closed."""

DISCARD_PAUSE_S = 1.0
"""How long it may send nothing meanwhile."""


class SenderGoneError(DecodeError):
    """The sender closed its connection before its request was whole; nobody waits for an answer."""


class Body:
    """The body of one request."""

    def __init__(self, receive: Receive, content_length: bytes | None, *, take: Take | None = None) -> None:
        self._receive = receive
        self._take = take
        self._announced = int(content_length) if content_length is not None and content_length.isdigit() else 0
        self._whole = False

    def taken(self, *, bytes_max: int, reservation: Reservation) -> bytes | None:
        """All of it where it is here already, else None. Raises TooLargeError, OverloadedError."""
        body = self._take() if self._take is not None else None
        if body is not None:
            self._whole = True
            _check_size(len(body), bytes_max)
            reservation.grow(len(body))
        return body

    async def read(self, *, bytes_max: int, timeout_s: float, reservation: Reservation) -> bytes:
        """All of it. Raises TooLargeError, OverloadedError, SenderGoneError, or DecodeError when it takes too long."""
        _check_size(self._announced, bytes_max)
        try:
            async with asyncio.timeout(timeout_s):
                return await self._read(bytes_max, reservation)
        except TimeoutError as error:
            raise DecodeError(f"the body did not arrive within {timeout_s:g} s") from error

    async def discard(self, *, bytes_max: int) -> None:
        """Read what a refused sender still has on its way, so that it can read the answer; not more than so much."""
        discarded = 0
        now_s = asyncio.get_running_loop().time
        end_s = now_s() + DISCARD_S
        try:
            async with asyncio.timeout(DISCARD_PAUSE_S) as patience:
                while not self._whole and discarded <= bytes_max:
                    discarded += len(await self._next())
                    patience.reschedule(min(end_s, now_s() + DISCARD_PAUSE_S))
        except (TimeoutError, SenderGoneError):
            return

    async def _read(self, bytes_max: int, reservation: Reservation) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while not self._whole:
            chunk = await self._next()
            size += len(chunk)
            _check_size(size, bytes_max)
            reservation.grow(len(chunk))  # What came, not what was announced: a slow sender holds back nobody.
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise SenderGoneError("the sender closed the connection")
        self._whole = not message.get("more_body")
        chunk: bytes = message.get("body", b"")
        return chunk


def _check_size(size: int, bytes_max: int) -> None:
    if size > bytes_max:
        raise TooLargeError(f"the body is larger than {bytes_max} bytes; send smaller batches")
