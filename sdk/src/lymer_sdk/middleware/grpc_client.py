"""gRPC clients, synchronous: a span for each call of all four kinds, its headers in the metadata.

channel = grpc.intercept_channel(grpc.insecure_channel(target), GrpcClientInterceptor(target))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import grpc
from opentelemetry.trace import SpanKind

from lymer_sdk.middleware.grpc_semantics import client_ended, named, target_attributes
from lymer_sdk.middleware.tracing import LocalSpan, Tracing, attach, begin, current, detach


class _Details(NamedTuple):
    method: Any
    timeout: float | None
    metadata: Any
    credentials: Any
    wait_for_ready: bool | None
    compression: Any


class CallDetails(_Details, grpc.ClientCallDetails):  # type: ignore[misc]
    """A call's details with other metadata."""


class GrpcClientInterceptor(
    grpc.UnaryUnaryClientInterceptor,  # type: ignore[misc]
    grpc.UnaryStreamClientInterceptor,  # type: ignore[misc]
    grpc.StreamUnaryClientInterceptor,  # type: ignore[misc]
    grpc.StreamStreamClientInterceptor,  # type: ignore[misc]
):
    """A span from the call to its status; `target` (the channel's) becomes the server's address."""

    def __init__(self, target: str = "") -> None:
        self._tracing = Tracing("grpc_client")
        self._attributes = target_attributes(target)

    def intercept_unary_unary(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        return self._call(continuation, details, request)

    def intercept_unary_stream(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        return self._call(continuation, details, request)

    def intercept_stream_unary(self, continuation: Callable[..., Any], details: Any, requests: Any) -> Any:
        return self._call(continuation, details, requests)

    def intercept_stream_stream(self, continuation: Callable[..., Any], details: Any, requests: Any) -> Any:
        return self._call(continuation, details, requests)

    def _call(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        span, inside, details = start_call(self._tracing, self._attributes, details)
        token = attach(inside)
        try:
            call = continuation(details, request)
        except BaseException as error:
            span.failed(error)
            span.end()
            raise
        finally:
            detach(token)
        call.add_done_callback(lambda done: _finish(span, done))
        return call


def start_call(tracing: Tracing, attributes: dict[str, Any], details: Any) -> tuple[LocalSpan, Any, CallDetails]:
    """A call's span, the context in which it is current, and the details with its headers."""
    name, said = named(details.method)
    span, inside = begin(tracing.refresh(), current(), name, SpanKind.CLIENT, {**said, **attributes})
    headers: dict[str, str] = {}
    tracing.propagator.inject(headers, inside)
    pairs = [(key, value) for key, value in details.metadata or () if key not in headers]
    metadata = (*pairs, *headers.items())
    known: dict[str, Any] = {field: getattr(details, field, None) for field in _Details._fields}
    known["metadata"] = metadata
    return span, inside, CallDetails(**known)


def _finish(span: LocalSpan, call: Any) -> None:
    client_ended(span, call.code(), call.details())
    span.end()
