"""gRPC servers on asyncio: a span for each call of all four kinds, below the caller's.

server = grpc.aio.server(interceptors=[GrpcAioServerInterceptor()])
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Any

import grpc

from lymer_sdk.middleware.grpc_server import Handling, wrapped_handler
from lymer_sdk.middleware.tracing import Tracing


class GrpcAioServerInterceptor(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """A span around each handler (`async def`, async generator, or a plain one that gRPC runs in a thread)."""

    def __init__(self, exclude: Iterable[str] = ("grpc.health.v1.Health/Check", "grpc.health.v1.Health/Watch")) -> None:
        self._tracing = Tracing("grpc_aio_server")
        self._exclude = frozenset(exclude)

    async def intercept_service(self, continuation: Callable[..., Awaitable[Any]], details: Any) -> Any:
        handler = await continuation(details)
        if handler is None or details.method.lstrip("/") in self._exclude:
            return handler
        return wrapped_handler(handler, lambda behavior: self._traced(behavior, details, handler.response_streaming))

    def _traced(self, behavior: Callable[..., Any], details: Any, streaming: bool) -> Callable[..., Any]:
        async def call(request: Any, servicer: Any) -> Any:
            with Handling(self._tracing, details, servicer):
                return await behavior(request, servicer)

        async def call_generator(request: Any, servicer: Any) -> AsyncIterator[Any]:
            with Handling(self._tracing, details, servicer):
                async for answer in behavior(request, servicer):
                    yield answer

        def call_plain(request: Any, servicer: Any) -> Any:
            with Handling(self._tracing, details, servicer):
                return behavior(request, servicer)

        def call_plain_stream(request: Any, servicer: Any) -> Iterator[Any]:
            handling = Handling(self._tracing, details, servicer, streams=True)
            with handling:
                answers = iter(behavior(request, servicer))
            yield from handling.each(answers)

        if inspect.isasyncgenfunction(behavior):
            return call_generator
        if inspect.iscoroutinefunction(behavior):
            return call
        return call_plain_stream if streaming else call_plain
