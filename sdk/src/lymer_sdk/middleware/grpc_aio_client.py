"""gRPC clients on asyncio: a span for each call of all four kinds, its headers in the metadata.

channel = grpc.aio.insecure_channel(target, interceptors=grpc_aio_client_interceptors(target))
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from lymer_sdk.middleware.grpc_client import start_call
from lymer_sdk.middleware.grpc_semantics import client_ended, target_attributes
from lymer_sdk.middleware.tracing import LocalSpan, Tracing, attach, detach, fail

_tracing = Tracing("grpc_aio_client")
_ending: set[asyncio.Task[None]] = set()
"""Tasks that ask an ended call for its status: the event loop itself holds them weakly."""


def grpc_aio_client_interceptors(target: str = "") -> list[grpc.aio.ClientInterceptor]:
    """One interceptor for each kind of call: asyncio's gRPC looks at the first of an object's kinds alone."""
    attributes = target_attributes(target)
    return [kind(attributes) for kind in (_UnaryUnary, _UnaryStream, _StreamUnary, _StreamStream)]


class _Interceptor:
    def __init__(self, attributes: dict[str, Any]) -> None:
        self._attributes = attributes

    async def _call(self, continuation: Callable[..., Awaitable[Any]], details: Any, request: Any) -> Any:
        span, inside, changed = start_call(_tracing, self._attributes, details)
        metadata = grpc.aio.Metadata(*changed.metadata)
        token = attach(inside)
        try:
            call = await continuation(changed._replace(metadata=metadata), request)
        except BaseException as error:
            fail(span, error)
            span.end()
            raise
        finally:
            detach(token)
        call.add_done_callback(lambda done: _end_later(span, done))
        return call


class _UnaryUnary(_Interceptor, grpc.aio.UnaryUnaryClientInterceptor):  # type: ignore[misc]
    async def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        return await self._call(continuation, details, request)


class _UnaryStream(_Interceptor, grpc.aio.UnaryStreamClientInterceptor):  # type: ignore[misc]
    async def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        return await self._call(continuation, details, request)


class _StreamUnary(_Interceptor, grpc.aio.StreamUnaryClientInterceptor):  # type: ignore[misc]
    async def intercept_stream_unary(self, continuation: Any, details: Any, requests: Any) -> Any:
        return await self._call(continuation, details, requests)


class _StreamStream(_Interceptor, grpc.aio.StreamStreamClientInterceptor):  # type: ignore[misc]
    async def intercept_stream_stream(self, continuation: Any, details: Any, requests: Any) -> Any:
        return await self._call(continuation, details, requests)


def _end_later(span: LocalSpan, call: Any) -> None:
    task = asyncio.ensure_future(_end(span, call))
    _ending.add(task)
    task.add_done_callback(_ending.discard)


async def _end(span: LocalSpan, call: Any) -> None:
    client_ended(span, await call.code(), await call.details())
    span.end()
