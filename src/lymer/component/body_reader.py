"""The rest of a body whose length is known, read into memory of our own and past the parser, which would copy it twice.

For the time of one body it is the protocol of its connection. Not here: which bodies are read so, and what is done with
them (`http_protocol`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence


class BodyReader(asyncio.BufferedProtocol):
    """Reads one body after another of one connection, each of at most `bytes_max`."""

    def __init__(self, http: asyncio.Protocol, whole: Callable[[bytes], None], *, bytes_max: int) -> None:
        """What is not a body's goes to `http`, to which the connection belongs again when a body is whole."""
        self._http = http
        self._whole = whole
        self._memory = memoryview(bytearray(bytes_max))
        self._filled = self._size = 0
        self._transport: asyncio.Transport

    def begin(self, transport: asyncio.Transport, size: int, pieces: Sequence[bytes]) -> None:
        """Read a body of this size, which begins with these pieces and goes on."""
        self._size, self._filled = size, 0
        for piece in pieces:
            self._memory[self._filled : self._filled + len(piece)] = piece
            self._filled += len(piece)
        self._transport = transport
        transport.set_protocol(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._memory[self._filled : self._size]

    def buffer_updated(self, nbytes: int) -> None:
        self._filled += nbytes
        if self._filled == self._size:
            self._transport.set_protocol(self._http)
            self._whole(bytes(self._memory[: self._size]))

    def eof_received(self) -> bool | None:
        return self._http.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._http.connection_lost(exc)

    def pause_writing(self) -> None:
        self._http.pause_writing()

    def resume_writing(self) -> None:
        self._http.resume_writing()
