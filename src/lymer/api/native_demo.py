"""Our own API's demo traffic, for a store with nothing in it: docs/specs/native-api.md, section 13.

A process of its own sends it. Only an empty store gets some: no click mixes anybody's spans with made-up ones.
"""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from lymer.api.answers import json_answer
from lymer.api.config import ApiConfig
from lymer.api.endpoint import Endpoints, gone
from lymer.component.errors import BadQueryError, NotSupportedError
from lymer.query.service import QueryService

DemoCommand = Callable[[], list[str] | None]
"""The command line that sends demo traffic to this process; None where there is no way in."""


class NativeDemo:
    """The endpoint of demo traffic."""

    def __init__(self, query: QueryService, command: DemoCommand, *, config: ApiConfig) -> None:
        self._query = query
        self._command = command
        self._tenant = config.tenant
        self._running: asyncio.Task[None] | None = None

    def add_to(self, endpoints: Endpoints) -> None:
        """Put the endpoint below the API's prefix."""
        endpoints.add("/demo", self.show)
        endpoints.add("/demo", self.begin, ["POST"])

    async def show(self, request: Request) -> Response:
        """Whether there can be demo traffic, and whether there is some."""
        is_available = self._command() is not None and await self._is_empty(request)
        return json_answer({"isAvailable": is_available, "isRunning": self._is_running})

    async def begin(self, request: Request) -> Response:
        """Let it begin."""
        command = self._command()
        if command is None:
            raise NotSupportedError("this process takes no spans by OTLP/HTTP; run `lymer demo` where they are taken")
        if self._is_running:
            return json_answer({"isAvailable": True, "isRunning": True}, status=409)
        if not await self._is_empty(request):
            raise BadQueryError(
                "demo traffic is only for a store without spans; run `lymer demo` to add some all the same"
            )
        process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.DEVNULL)
        self._running = asyncio.create_task(_until_it_ends(process))
        return json_answer({"isAvailable": True, "isRunning": True}, status=202)

    @property
    def _is_running(self) -> bool:
        return self._running is not None and not self._running.done()

    async def _is_empty(self, request: Request) -> bool:
        return not await self._query.services(tenant=self._tenant, gone=gone(request))


async def _until_it_ends(process: Process) -> None:
    """Wait for the process; when the server ends first, its tasks are cancelled, and the process ends with them."""
    try:
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
