"""The sampling service's own ports: HTTP on 5778 and gRPC on 5779, where Jaeger's clients ask for their strategy.

`/` speaks the dialect of the old agent, `/baggageRestrictions` says that there are none, every other path and method
gives the strategy, as Jaeger's version 2 does. Not here: what the strategies are (`sampling`), and the collector's
ports, which answer the same questions (`receivers`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from lymer.component.base import Endpoint
from lymer.component.events import Events
from lymer.component.grpc_reflection import enable_reflection
from lymer.component.grpc_server import GrpcServer
from lymer.component.http_server import HttpServer
from lymer.sampling.jaeger_compat import TEXT_TYPE, HttpAnswer, answer_baggage, answer_http
from lymer.sampling.jaeger_grpc import strategy_handler
from lymer.sampling.jaeger_proto import SERVICE
from lymer.sampling.strategy import StrategyProvider
from lymer.wire.jaeger_descriptors import load_descriptors

MESSAGE_BYTES_MAX: Final = 64 << 10
"""Of a question: the name of a service."""

Send = Callable[[dict[str, Any]], Awaitable[None]]


class SamplingHttp:
    """The port 5778."""

    def __init__(self, provider: StrategyProvider, *, events: Events, host: str, port: int) -> None:
        self._provider = provider
        self._events = events
        self._server = HttpServer(self, what="Sampling", host=host, port=port)

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        return Endpoint("sampling_http", f"http://{self._server.address}/sampling")

    def bind(self) -> None:
        """Take the port without answering yet. Raises StartError."""
        self._server.bind()

    async def start(self) -> None:
        """As `component.base`."""
        await self._server.start()

    async def close(self) -> None:
        """As `component.base`."""
        await self._server.close(timeout_s=0.5)

    async def __call__(self, scope: dict[str, Any], receive: object, send: Send) -> None:
        """ASGI."""
        try:
            answer = await self._answer(scope)
        except Exception as error:
            self._events.unexpected("sampling_http", error)
            answer = HttpAnswer(500, TEXT_TYPE, b"unexpected error\n")
        headers = [(b"content-type", answer.content_type), (b"content-length", str(len(answer.body)).encode())]
        if answer.status >= 400:
            headers.append((b"x-content-type-options", b"nosniff"))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    async def _answer(self, scope: dict[str, Any]) -> HttpAnswer:
        if scope["path"] == "/baggageRestrictions":
            return answer_baggage(scope["query_string"])
        return await answer_http(scope["query_string"], self._provider, legacy=scope["path"] == "/")


class SamplingGrpc:
    """The port 5779."""

    def __init__(self, provider: StrategyProvider, *, events: Events, host: str, port: int) -> None:
        self._server = GrpcServer(
            [strategy_handler(provider, events)],
            services=[SERVICE],
            what="Sampling over gRPC",
            host=host,
            port=port,
            message_bytes_max=MESSAGE_BYTES_MAX,
        )
        self._server.enable(lambda server: enable_reflection(server, [SERVICE], load_descriptors))

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        return Endpoint("sampling_grpc", self._server.address)

    def bind(self) -> None:
        """Take the port without answering yet. Raises StartError."""
        self._server.bind()

    async def start(self) -> None:
        """As `component.base`."""
        await self._server.start()

    async def close(self) -> None:
        """As `component.base`."""
        await self._server.close(timeout_s=0.5)
