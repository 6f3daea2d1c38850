"""Reading a request's body: bounded in bytes and in time, counted while it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from lymer.component.errors import DecodeError, TooLargeError
from lymer.pipeline.in_flight import Reservation

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class SenderGoneError(DecodeError):
    """The sender closed its connection before its request was whole; nobody waits for an answer."""


async def read_body(
    receive: Receive, *, content_length: int | None, bytes_max: int, timeout_s: float, reservation: Reservation
) -> bytes:
    """The whole body. Raises TooLargeError, OverloadedError, SenderGoneError, or DecodeError when it takes too long."""
    if content_length is not None:
        _check_size(content_length, bytes_max)
        reservation.grow(content_length)
    try:
        async with asyncio.timeout(timeout_s):
            return await _read(receive, bytes_max, None if content_length is not None else reservation)
    except TimeoutError as error:
        raise DecodeError(f"the body did not arrive within {timeout_s:g} s") from error


async def discard_body(receive: Receive, *, bytes_max: int, timeout_s: float) -> None:
    """Read what a refused sender still has on its way, so that it can read the answer; not more than so much."""
    discarded = 0
    try:
        async with asyncio.timeout(timeout_s):
            while discarded <= bytes_max:
                message = await receive()
                discarded += len(message.get("body", b""))
                if not message.get("more_body"):
                    return
    except TimeoutError:
        return


async def _read(receive: Receive, bytes_max: int, reservation: Reservation | None) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise SenderGoneError("the sender closed the connection")
        chunk = message.get("body", b"")
        if chunk:
            size += len(chunk)
            _check_size(size, bytes_max)
            if reservation is not None:
                reservation.grow(len(chunk))
            chunks.append(chunk)
        if not message.get("more_body"):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _check_size(size: int, bytes_max: int) -> None:
    if size > bytes_max:
        raise TooLargeError(f"the body is larger than {bytes_max} bytes; send smaller batches")
