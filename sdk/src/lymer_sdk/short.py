"""The short API: a decorator, contexts for other threads, headers for other processes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, overload

from opentelemetry import baggage as api_baggage
from opentelemetry import context as api_context
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Link, SpanKind
from opentelemetry.trace import Span as ApiSpan
from opentelemetry.trace.propagation import _SPAN_KEY

from lymer_sdk import client
from lymer_sdk.propagation.base import baggage_of
from lymer_sdk.scope import Scope, traced
from lymer_sdk.tracer import KINDS

_Function = TypeVar("_Function", bound=Callable[..., Any])


@overload
def trace(function: _Function, /) -> _Function: ...
@overload
def trace(
    name: str | None = None, /, *, kind: str = "internal", **attributes: Any
) -> Callable[[_Function], _Function]: ...
def trace(given: Any = None, /, *, kind: str = "internal", **attributes: Any) -> Any:
    """Each run of the function is a span: `@trace`, `@trace("name", kind="client", tier="S")`.

    For `def`, `async def`, generators and async generators. Without a name the span has the function's.
    """
    if callable(given):
        return _traced(given, given.__qualname__, kind, attributes)
    return lambda function: _traced(function, given or function.__qualname__, kind, attributes)


def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, to be run elsewhere (a pool's thread, a callback) in the context that is current now."""
    context = api_context.get_current()

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        token = api_context.attach(context)
        try:
            return function(*args, **kwargs)
        finally:
            api_context.detach(token)

    return run


def inject(carrier: Any, context: Context | None = None) -> Any:
    """Put the current span and baggage into the carrier's headers; returns the carrier."""
    client.propagator().inject(carrier, context)
    return carrier


def extract(carrier: Any) -> Context:
    """The context that a carrier's headers describe."""
    return client.propagator().extract(carrier)


def consume(carrier: Any, name: str, *, kind: str = "consumer", batch_links: bool = False, **attributes: Any) -> Scope:
    """The handling of a message as a span: below the one that sent it.

    With `batch_links` the carrier is a sequence of carriers, one for each message of a batch: the span begins a trace
    of its own, with a link to each of theirs.
    """
    if not batch_links:
        return _scope(name, extract(carrier), kind, attributes, None)
    return _scope(name, Context(), kind, attributes, _links(carrier))


def current_span() -> ApiSpan:
    """The current span; one that does nothing when there is none."""
    span = api_context.get_current().get(_SPAN_KEY)
    return span if isinstance(span, ApiSpan) else INVALID_SPAN


def baggage(name: str | None = None) -> Any:
    """The item of this name that travels with the current context, or None; without a name all of them."""
    items = {**api_baggage.get_all(), **baggage_of(api_context.get_current())}
    return items if name is None else items.get(name)


def _traced(function: _Function, name: str, kind: str, attributes: dict[str, Any]) -> _Function:
    return traced(function, lambda: _scope(name, None, kind, attributes, None))


def _scope(
    name: str, context: Context | None, kind: str, attributes: dict[str, Any], links: list[Link] | None
) -> Scope:
    found: SpanKind = KINDS[kind]
    return Scope(client.get_tracer(), (name, context, found, attributes, links, None, True, True), True)


def _links(carriers: Iterable[Any]) -> list[Link]:
    spans = (extract(carrier).get(_SPAN_KEY) for carrier in carriers)
    return [Link(span.get_span_context()) for span in spans if isinstance(span, ApiSpan)]
