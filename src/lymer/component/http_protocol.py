"""uvicorn's protocol for bodies of some hundred kilobytes: read without a pause, handed on in few and large pieces.

uvicorn stops reading at 64 KiB, copies what came twice, and wakes the application for every piece. Here the application
is woken when the body is whole, or when so much has come that more must not be held uncounted: 64 KiB, as uvicorn would
hold, and four times as much while few connections are open, since most bodies are whole before that. An application
that knows of it may skip ASGI's messages, by the scope's `Exchange`. One timer watches all pauses of a connection.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import HEADER_VALUE_RE, STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

EXCHANGE = "lymer.exchange"
"""Among the extensions of the scope."""

WAKE_BYTES = 64 << 10
"""Of a body: then the application gets what has come so far."""

FEW_CONNECTIONS = 64
FEW_WAKE_BYTES = 256 << 10
"""The same while no more connections than these are open: 16 MiB in all at most."""

PAUSE_BYTES = 1 << 20
"""What the application has not taken; then nothing more is read from the connection."""


class Exchange:
    """A request and its answer without ASGI's messages, where these would only cost; else they are there as ever."""

    __slots__ = ("_cycle",)

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle

    def take_body(self) -> bytes | None:
        """The whole body, once, when all of it is here and nothing was received before; else None."""
        cycle = self._cycle
        if cycle.more_body or cycle.disconnected or cycle.response_complete or not cycle.body:
            return None
        body, cycle.body = bytes(cycle.body), bytearray()
        return body

    def answer(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> bool:
        """Send the whole answer at once, headers in lower case with the body's length. False where ASGI must do it.

        No line for uvicorn's access log, which is off.
        """
        cycle = self._cycle
        if cycle.response_started or cycle.disconnected or cycle.flow.write_paused or not cycle.keep_alive:
            return False
        if cycle.scope["method"] == "HEAD":
            return False
        head = STATUS_LINE[status]
        for header in (*cycle.default_headers, *headers):
            if HEADER_VALUE_RE.search(header[1]):
                return False
            head += b"%s: %s\r\n" % header
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        del cycle.scope["extensions"]  # Where this is: else only the garbage collector would free the request.
        cycle.transport.write(b"%s\r\n%s" % (head, body))
        cycle.message_event.set()
        cycle.on_response()
        return True


class LargeBodyProtocol(HttpToolsProtocol):
    """Differs in how a body is gathered, and in how the pauses between requests are watched."""

    _idle_since_s: float | None = None
    """When the last answer went out; None since the next request has begun."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._pieces: list[bytes] = []
        self._size = 0

    def on_headers_complete(self) -> None:
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:  # The application has not begun: its task has only been made.
            scope: Any = self.scope
            scope["extensions"] = {EXCHANGE: Exchange(self.cycle)}

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

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since_s = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._watch_for(self.timeout_keep_alive)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()

    def _unset_keepalive_if_required(self) -> None:
        """uvicorn's word for: there is no pause. The timer stays; setting one for each request costs more."""
        self._idle_since_s = None

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self._idle_since_s is None:
            return  # The answer to what has come meanwhile sets the timer again.
        left_s = self._idle_since_s + self.timeout_keep_alive - self.loop.time()
        if left_s > 0:
            self._watch_for(left_s)
        else:
            super().timeout_keep_alive_handler()

    def _watch_for(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _hand_over(self) -> None:
        """What has been gathered to the application, copied once; a single piece is not copied at all."""
        cycle: Any = self.cycle
        pieces, self._pieces, self._size = self._pieces, [], 0
        if cycle.body:
            pieces.insert(0, cycle.body)
        if pieces:
            cycle.body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
