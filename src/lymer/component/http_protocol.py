"""uvicorn's protocol for bodies of some hundred kilobytes: read without a pause, handed on in few and large pieces.

uvicorn stops reading at 64 KiB, copies what came twice, and wakes the application for every piece. Here the application
is woken when the body is whole, or when so much has come that more must not be held uncounted: 64 KiB, as uvicorn would
hold, and four times as much while few connections are open, since most bodies are whole before that.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

WAKE_BYTES = 64 << 10
"""Of a body: then the application gets what has come so far."""

FEW_CONNECTIONS = 64
FEW_WAKE_BYTES = 256 << 10
"""The same while no more connections than these are open: 16 MiB in all at most."""

PAUSE_BYTES = 1 << 20
"""What the application has not taken; then nothing more is read from the connection."""


class LargeBodyProtocol(HttpToolsProtocol):
    """Differs in how a body is gathered."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._pieces: list[bytes] = []
        self._size = 0

    def on_body(self, body: bytes) -> None:
        cycle: Any = self.cycle
        if (self.parser.should_upgrade() and self._should_upgrade()) or cycle.response_complete:
            return
        self._pieces.append(body)
        self._size += len(body)
        if self._size < (FEW_WAKE_BYTES if len(self.connections) <= FEW_CONNECTIONS else WAKE_BYTES):
            return  # `on_message_complete` wakes it, or more of the body does.
        self._hand_over()
        if len(cycle.body) > PAUSE_BYTES:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        self._hand_over()
        super().on_message_complete()

    def _hand_over(self) -> None:
        """What has been gathered to the application, copied once; a single piece is not copied at all."""
        cycle: Any = self.cycle
        pieces, self._pieces, self._size = self._pieces, [], 0
        if cycle.body:
            pieces.insert(0, cycle.body)
        if pieces:
            cycle.body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
