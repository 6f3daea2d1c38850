"""Listening: sockets with clear errors, and an ASGI application served by uvicorn inside a loop that already runs.

Not here: what is answered, and gRPC (`grpc_server`), which listens with `listen`, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import Generator
from typing import Any

import uvicorn

from lymer.component.errors import StartError
from lymer.component.http_protocol import LargeBodyProtocol

KEEP_ALIVE_S = 75
"""Longer than the pause between two batches of an exporter, so that connections are used again."""

BACKLOG = 1024


def listen(host: str, port: int, *, what: str) -> list[socket.socket]:
    """Listening sockets, one for each address of the name, all on one port.

    Raises StartError that names the port, who it was for, and the cure.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise StartError(f"{what}: {host!r} is not an address of this machine; give --host a name or an IP") from error
    listeners: list[socket.socket] = []
    try:
        for family, address in dict.fromkeys((entry[0], str(entry[4][0])) for entry in found):
            listeners += _listen_on(family, address, port, needed=not listeners)
            port = listeners[0].getsockname()[1]
    except OSError as error:
        for listener in listeners:
            listener.close()
        raise StartError(f"{what}: {cause_and_cure(error, host, port)}") from error
    return listeners


def cause_and_cure(error: OSError, host: str, port: int) -> str:
    """Why a port cannot be bound, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken; stop what listens there, or shift all ports with --port-offset 1000"
    if error.errno == errno.EACCES:
        return f"port {port} may not be opened by this user; shift all ports with --port-offset 1000"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine; give --host one of its own, or 0.0.0.0 for all"
    return f"cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}"


def _listen_on(family: int, address: str, port: int, *, needed: bool) -> list[socket.socket]:
    """One socket; none where an address that is not needed is not there: `localhost` on a machine without IPv6."""
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        if not needed and error.errno == errno.EADDRNOTAVAIL:
            return []
        raise
    return [listener]


class HttpServer:
    """One ASGI application on one port. Bound when `bind` returns, answering when `start` returns."""

    def __init__(self, app: Any, *, what: str, host: str, port: int) -> None:
        self._app = app
        self._what = what
        self._host = host
        self._port = port
        self._listeners: list[socket.socket] = []
        self._server: _EmbeddedServer | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port; the real one after `bind` where 0 was asked for."""
        return int(self._listeners[0].getsockname()[1]) if self._listeners else self._port

    @property
    def address(self) -> str:
        """Host and port as a client would write them."""
        return f"[{self._host}]:{self.port}" if ":" in self._host else f"{self._host}:{self.port}"

    def bind(self) -> None:
        """Take the port; connections wait until `start`. Raises StartError. Does nothing when it is bound."""
        if not self._listeners:
            self._listeners = listen(self._host, self._port, what=self._what)

    async def start(self) -> None:
        """Answer. Raises StartError."""
        self.bind()
        self._server = _EmbeddedServer(_uvicorn_config(self._app))
        self._serving = asyncio.create_task(self._server.serve(self._listeners), name=f"serve {self._what}")
        while not self._server.started:
            await asyncio.sleep(0)
            if self._serving.done():
                self._serving.result()

    def stop_accepting(self) -> None:
        """Take no new connections; requests that have begun go on."""
        if self._server is not None:
            self._server.stop()

    async def close(self, *, timeout_s: float = 2.5) -> None:
        """Finish the requests that have begun, for so long, and let go of the port."""
        self.stop_accepting()
        if self._serving is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._serving), timeout_s)
            if not self._serving.done():
                await self._force()
            self._serving = None
        for listener in self._listeners:
            listener.close()
        self._listeners = []

    async def _force(self) -> None:
        assert self._server is not None
        assert self._serving is not None
        self._server.force_exit = True
        for task in list(self._server.server_state.tasks):
            task.cancel()
        for connection in list(self._server.server_state.connections):
            connection.transport.close()
        with contextlib.suppress(asyncio.CancelledError, TimeoutError):
            await asyncio.wait_for(self._serving, 1.0)


class _EmbeddedServer(uvicorn.Server):
    """Leaves signals to `app`, wakes once a second for the date header, and at once when it shall stop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._woken = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    def stop(self) -> None:
        self.should_exit = True
        self._woken.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), 1.0)


def _uvicorn_config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=LargeBodyProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        backlog=BACKLOG,
    )
