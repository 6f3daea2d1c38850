"""gRPC servers, synchronous: a span for each call of all four kinds, below the caller's.

server = grpc.server(pool, interceptors=[GrpcServerInterceptor()])
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

import grpc
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind

from lymer_sdk.middleware.grpc_semantics import named, peer_attributes, server_ended
from lymer_sdk.middleware.tracing import LocalSpan, Tracing, attach, begin, detach

_EMPTY = Context()


class GrpcServerInterceptor(grpc.ServerInterceptor):  # type: ignore[misc]
    """A span around each handler; methods of `exclude` (`grpc.health.v1.Health/Check`) have none."""

    def __init__(self, exclude: Iterable[str] = ("grpc.health.v1.Health/Check", "grpc.health.v1.Health/Watch")) -> None:
        self._tracing = Tracing("grpc_server")
        self._exclude = frozenset(exclude)

    def intercept_service(self, continuation: Callable[..., Any], details: Any) -> Any:
        handler = continuation(details)
        if handler is None or details.method.lstrip("/") in self._exclude:
            return handler
        return wrapped_handler(handler, lambda behavior: self._traced(behavior, details, handler.response_streaming))

    def _traced(self, behavior: Callable[..., Any], details: Any, streaming: bool) -> Callable[..., Any]:
        def call(request: Any, servicer: Any) -> Any:
            with Handling(self._tracing, details, servicer):
                return behavior(request, servicer)

        def call_streaming(request: Any, servicer: Any) -> Iterator[Any]:
            handling = Handling(self._tracing, details, servicer, streams=True)
            with handling:
                answers = iter(behavior(request, servicer))
            return handling.each(answers)

        return call_streaming if streaming else call


def wrapped_handler(handler: Any, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Any:
    """The same handler with another behavior."""
    shape = ("stream" if handler.request_streaming else "unary") + (
        "_stream" if handler.response_streaming else "_unary"
    )
    make = getattr(grpc, f"{shape}_rpc_method_handler")
    return make(
        wrap(getattr(handler, shape)),
        request_deserializer=handler.request_deserializer,
        response_serializer=handler.response_serializer,
    )


class Handling:
    """One call of a handler. As a context manager the span is current; it ends with the call, or with its stream."""

    def __init__(self, tracing: Tracing, details: Any, servicer: Any, *, streams: bool = False) -> None:
        tracer = tracing.refresh()
        name, attributes = named(details.method)
        attributes.update(peer_attributes(servicer.peer()))
        context = tracing.propagator.extract(list(details.invocation_metadata or ()), _EMPTY)
        self.span: LocalSpan
        self.context: Context
        self.span, self.context = begin(tracer, context, name, SpanKind.SERVER, attributes)
        self._servicer = servicer
        self._streams = streams

    def __enter__(self) -> Self:
        self._token = attach(self.context)
        return self

    def __exit__(self, kind: object, exception: BaseException | None, trace: object) -> None:
        detach(self._token)
        if exception is not None or not self._streams:
            self.end(exception)

    def each(self, answers: Iterator[Any]) -> Iterator[Any]:
        """The stream's answers: the span is current while the handler makes one."""
        failure: BaseException | None = None
        try:
            while True:
                token = attach(self.context)
                try:
                    answer = next(answers)
                except StopIteration:
                    return
                finally:
                    detach(token)
                yield answer
        except BaseException as error:
            failure = error
            raise
        finally:
            self.end(failure)

    def end(self, exception: BaseException | None) -> None:
        """The call is over."""
        servicer = self._servicer
        server_ended(self.span, servicer.code(), servicer.details(), exception)
        self.span.end()
