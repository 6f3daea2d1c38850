"""A connection of a gRPC server: bytes between the socket and the native core, calls between the core and handlers.

The core (`native/grpc`) knows HTTP/2 and acts only when it is driven from here. Not here: listening (`grpc_server`).
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import grpc

from lymer._native import GrpcConnection
from lymer.component.grpc_call import Call
from lymer.component.grpc_methods import GrpcMethods

GREETING_TIMEOUT_S: Final = 10.0
"""How long a peer may take to say that it speaks HTTP/2."""

UNREAD_BYTES_MAX: Final = 64 << 20
"""Of messages that came before anybody read them; past it, connections of which nobody reads a call must wait."""

OUTPUT_BYTES: Final = 256 << 10
"""What the core gives at once; less is all that there is."""

_CALLED, _READ, _SENT, _GONE = range(4)


class Unread:
    """How much the connections of a port hold that nobody has read, and which of them must wait for that."""

    def __init__(self, bytes_max: int = UNREAD_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self.bytes = 0
        self.waiting: set[ServedConnection] = set()

    @property
    def is_full(self) -> bool:
        """Whether connections that nobody reads from must wait."""
        return self.bytes > self._bytes_max

    def change(self, by: int) -> None:
        """So many more."""
        was_full = self.is_full
        self.bytes += by
        if was_full and not self.is_full:
            for connection in tuple(self.waiting):
                connection.balance()


class ServedConnection(asyncio.Protocol):
    """One connection, from its first byte to its end."""

    def __init__(
        self, methods: GrpcMethods, connections: set[ServedConnection], unread: Unread, message_bytes_max: int
    ) -> None:
        self.native = GrpcConnection(message_bytes_max)
        self.message_bytes_max = message_bytes_max
        self.peer = "unknown:"
        self.calls: dict[int, Call] = {}
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._methods = methods
        self._connections = connections
        self._all_unread = unread
        self._unread = 0
        self._is_paused = False
        self._is_held = False
        self._transport: asyncio.Transport
        self._greeting: asyncio.TimerHandle | None = None

    # --- what the socket tells ------------------------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._connections.add(self)
        self.peer = _name_of(transport.get_extra_info("peername"))
        self._greeting = asyncio.get_running_loop().call_later(GREETING_TIMEOUT_S, self._give_up)
        self.turn()

    def data_received(self, data: bytes) -> None:
        self.native.receive(data)
        self.turn()

    def pause_writing(self) -> None:
        self._is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        self.turn()

    def connection_lost(self, error: Exception | None) -> None:
        self._connections.discard(self)
        self._all_unread.waiting.discard(self)
        self._cancel_greeting()
        for call in tuple(self.calls.values()):
            call.leave()
        self._all_unread.change(-self._unread)
        self._unread = 0
        self._is_paused = True  # Nothing goes out any more.
        self.closed.set_result(None)

    # --- what calls ask for ---------------------------------------------------------------------------------------

    def turn(self) -> None:
        """Let go out what can, and tell what happened. After every act."""
        native = self.native
        while True:
            data = b"" if self._is_paused else native.output()
            if data:
                self._transport.write(data)
            events = native.events()
            for kind, number, value in events:
                self._happened(kind, number, value)
            if not events and len(data) < OUTPUT_BYTES:
                break
        if self.closed.done():
            return
        if self._greeting is not None and native.is_greeted:
            self._cancel_greeting()
        if native.is_closed and not self._is_paused:
            self._transport.close()
        else:
            self.balance()

    def forget(self, call: int) -> None:
        """This call is over."""
        self.calls.pop(call, None)

    # --- the end --------------------------------------------------------------------------------------------------

    def shut_down(self) -> None:
        """Take no new calls, and close when the last has ended."""
        self.native.shut_down()
        self.turn()

    def cut(self) -> None:
        """End all calls, and close."""
        for call in tuple(self.calls.values()):
            call.end(grpc.StatusCode.UNAVAILABLE, "the server stops")
        self.native.abort()
        self.turn()
        self._transport.close()

    def drop(self) -> None:
        """Let go of the socket, whatever waits for it."""
        self._transport.abort()

    def balance(self) -> None:
        """Read from the socket or not: not while the core waits for room, or the port for readers."""
        native, unread = self.native, self._all_unread
        now = native.unread
        if now != self._unread:
            by, self._unread = now - self._unread, now
            unread.change(by)
        is_waiting = unread.is_full and now > 0 and native.read_count == 0
        if is_waiting:
            unread.waiting.add(self)
        elif unread.waiting:
            unread.waiting.discard(self)
        is_held = is_waiting or native.is_stuck
        if is_held is self._is_held or self._transport.is_closing():
            return
        self._is_held = is_held
        if is_held:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _happened(self, kind: int, number: int, value: Any) -> None:
        if kind == _CALLED:
            self._begin(number, *value)
            return
        call = self.calls.get(number)
        if call is None:
            return
        if kind == _GONE:
            call.leave()
        else:
            call.tell(value)

    def _begin(self, number: int, path: str, timeout_s: float | None) -> None:
        handler = self._methods.find(path)
        if handler is None:
            self.native.finish(number, None, grpc.StatusCode.UNIMPLEMENTED.value[0], "Method not found!", [])
            return
        call = self.calls[number] = Call(self, number, path, timeout_s)
        call.begin(handler)

    def _give_up(self) -> None:
        self._greeting = None
        self._transport.abort()

    def _cancel_greeting(self) -> None:
        if self._greeting is not None:
            self._greeting.cancel()
            self._greeting = None


def _name_of(peer: Any) -> str:
    if not isinstance(peer, tuple) or len(peer) < 2:
        return "unknown:"
    host, port = peer[:2]
    return f"ipv6:[{host}]:{port}" if ":" in host else f"ipv4:{host}:{port}"
