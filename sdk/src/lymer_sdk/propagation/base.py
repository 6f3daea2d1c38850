"""What all propagators share: they read headers into a context and write a context into headers."""

from __future__ import annotations

from typing import Any, NamedTuple

from opentelemetry import context as api_context
from opentelemetry.baggage import _BAGGAGE_KEY
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import Getter, Setter, TextMapPropagator, default_getter, default_setter
from opentelemetry.trace import Span as ApiSpan
from opentelemetry.trace import TraceState
from opentelemetry.trace.propagation import _SPAN_KEY

from lymer_sdk.propagation.carriers import Headers, Put, headers_of, writer_of
from lymer_sdk.remote_parent import RemoteParent
from lymer_sdk.span import DEBUG, LocalSpan


class Propagator(TextMapPropagator):
    """One format. Headers that cannot be read are as if they were not there; nothing is raised for them."""

    carries_span = True
    """Whether it reads a parent span (of several such, a composite takes the first that finds one)."""

    reads: frozenset[bytes] | None = None
    """The names of the headers without which nothing is read; None when it reads names that begin in some way."""

    def read(self, headers: Headers, context: Context) -> Context:
        """The context with what the headers say, or the context itself when they say nothing."""
        raise NotImplementedError

    def read_beside(self, headers: Headers, context: Context) -> Context:
        """What is of use even when another format has given the parent span."""
        return context

    def write(self, put: Put, context: Context) -> None:
        """Put what the context has into headers."""
        raise NotImplementedError

    def extract(self, carrier: Any, context: Context | None = None, getter: Getter[Any] = default_getter) -> Context:
        return self.read(headers_of(carrier, getter), Context() if context is None else context)

    def inject(self, carrier: Any, context: Context | None = None, setter: Setter[Any] = default_setter) -> None:
        self.write(writer_of(carrier, setter), api_context.get_current() if context is None else context)


class Outgoing(NamedTuple):
    """The span that leaves."""

    trace_id: int
    span_id: int
    flags: int
    trace_state: TraceState
    parent_span_id: int = 0

    @property
    def sampled(self) -> bool:
        """Whether it is recorded."""
        return bool(self.flags & 1)

    @property
    def debug(self) -> bool:
        """Whether it must be kept whatever happens."""
        return bool(self.flags & DEBUG)


def outgoing(context: Context) -> Outgoing | None:
    """The span of this context, if there is one."""
    span = context.get(_SPAN_KEY)
    if isinstance(span, LocalSpan):
        parent = getattr(span, "parent_span_id", 0)
        return Outgoing(span.trace_id, span.span_id, span.flags, span.trace_state, parent)
    if isinstance(span, RemoteParent):
        flags = span.flags | DEBUG if span.debug else span.flags
        return Outgoing(span.trace_id, span.span_id, flags, span.trace_state)
    if not isinstance(span, ApiSpan):
        return None
    found = span.get_span_context()
    if not found.is_valid:
        return None
    flags = int(found.trace_flags) & 0xFF
    return Outgoing(found.trace_id, found.span_id, flags, found.trace_state)


def baggage_of(context: Context) -> dict[str, str]:
    """All items that travel: OpenTelemetry's of the context, and those of its span."""
    items = context.get(_BAGGAGE_KEY)
    span = context.get(_SPAN_KEY)
    own = span._baggage if isinstance(span, LocalSpan) else None  # noqa: SLF001
    if not items and not own:
        return {}
    return {**(items or {}), **(own or {})}  # type: ignore[dict-item]


def with_baggage(context: Context, items: dict[str, str]) -> Context:
    """The context with these items added to its baggage."""
    if not items:
        return context
    known = context.get(_BAGGAGE_KEY)
    return Context({**context, _BAGGAGE_KEY: {**(known if isinstance(known, dict) else {}), **items}})


def hex_id(text: str, digits_max: int) -> int:
    """A hexadecimal id of at most so many digits, or 0."""
    if not 0 < len(text) <= digits_max or not text.isalnum():
        return 0
    try:
        return int(text, 16)
    except ValueError:
        return 0
