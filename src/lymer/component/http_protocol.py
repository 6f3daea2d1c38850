"""uvicorn's protocol for bodies of some hundred kilobytes: read without a pause, handed on in few and large pieces.

uvicorn stops reading at 64 KiB, copies what came twice, and wakes the application for every piece. Here the application
is woken when the body is whole, or when as much has come as uvicorn would hold: so no connection holds more unread.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

WAKE_BYTES = 64 << 10
"""Of a body: then the application gets what has come so far."""

PAUSE_BYTES = 1 << 20
"""What the application has not taken; then nothing more is read from the connection."""


class LargeBodyProtocol(HttpToolsProtocol):
    """Differs in `on_body` alone."""

    def on_body(self, body: bytes) -> None:
        cycle: Any = self.cycle
        if (self.parser.should_upgrade() and self._should_upgrade()) or cycle.response_complete:
            return
        # A single piece stays as it is: `bytes` of it is no copy.
        cycle.body = cycle.body + body if cycle.body else body
        if len(cycle.body) < WAKE_BYTES:
            return  # `on_message_complete` wakes it, or more of the body does.
        if len(cycle.body) > PAUSE_BYTES:
            self.flow.pause_reading()
        cycle.message_event.set()
