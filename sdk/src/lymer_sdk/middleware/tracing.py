"""What all middleware does: find the process's client, start a span in a context, make it current, end it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanKind, StatusCode
from opentelemetry.trace.propagation import _SPAN_KEY

from lymer_sdk import client
from lymer_sdk.configuration.build import Built
from lymer_sdk.current_context import attach as attach
from lymer_sdk.current_context import current as current
from lymer_sdk.current_context import detach as _detach
from lymer_sdk.ids import new_span_id
from lymer_sdk.propagation import Composite, RequestId
from lymer_sdk.propagation.w3c import TraceContext
from lymer_sdk.remote_parent import NO_STATE, ROOT_HINTS_KEY, RemoteParent, RootHints
from lymer_sdk.span import RANDOM_TRACE_ID, SAMPLED, Span, UnsampledSpan
from lymer_sdk.speedups import native
from lymer_sdk.tracer import Tracer

LocalSpan = Span | UnsampledSpan
_plain_traceparent = re.compile(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})").fullmatch
_ATTRIBUTES_MAX, _SHORT = 32, 256


class Tracing:
    """The client as one middleware sees it: looked up again only when there is another client.

    Besides the client's formats, X-Trace-ID and X-Span-ID are read and written, unless the client has no format at all.
    """

    __slots__ = ("_built", "_name", "beside", "propagator", "tracer")

    def __init__(self, name: str) -> None:
        self._name = f"lymer_sdk.middleware.{name}"
        self._built: Built | None = None
        self._look_up(None)

    def refresh(self) -> Tracer:
        """The tracer of the client that there is now."""
        built = client.current()
        if built is not self._built:
            self._look_up(built)
        return self.tracer

    def _look_up(self, built: Built | None) -> None:
        self._built = built
        self.tracer: Tracer = client.get_tracer(self._name)
        formats = client.propagator().propagators
        if formats and not any(isinstance(one, RequestId) for one in formats):
            formats = (*formats, RequestId())
        self.propagator: Composite = Composite(formats)
        self.beside: frozenset[bytes] | None = _beside_traceparent(self.propagator)
        """Headers that say more than `traceparent`: without them `begin_below` knows all. None: that is not sure."""


def _beside_traceparent(propagator: Composite) -> frozenset[bytes] | None:
    formats = propagator.propagators
    if not formats or type(formats[0]) is not TraceContext:
        return None
    names = {b"tracestate"}
    for one in formats[1:]:
        if one.reads is None:
            return None
        names |= one.reads
    return frozenset(names)


def _begin_below(
    tracer: Tracer, traceparent: bytes, name: str, kind: SpanKind, attributes: dict[str, Any]
) -> tuple[LocalSpan, Context] | None:
    """A span below the caller's of this header alone, and the context in which it is current; it takes the attributes.

    None, and nothing has happened, when it takes more to know: then the propagators and `begin` do.
    """
    provider = tracer.provider
    found = _plain_traceparent(traceparent)
    if found is None or not provider.parent_decides or provider.measured is not None or provider.open_spans is not None:
        return None
    trace_id, parent_id, flags = int(found[1], 16), int(found[2], 16), int(found[3], 16) & (SAMPLED | RANDOM_TRACE_ID)
    if not trace_id or not parent_id or not _are_plain(attributes, tracer):
        return None
    provider.stats.started += 1
    span: LocalSpan
    if flags & SAMPLED:
        span = Span(tracer, name, kind, trace_id, new_span_id(), parent_id, True, NO_STATE, flags, time.time_ns())
        span.attributes = attributes
    else:
        span = UnsampledSpan(trace_id, new_span_id(), NO_STATE, flags)
    return span, Context({_SPAN_KEY: span})


begin_below: Callable[[Tracer, bytes, str, SpanKind, dict[str, Any]], tuple[LocalSpan, Context] | None]
begin_below = _begin_below if native is None else native.begin_below


def begin(
    tracer: Tracer,
    context: Context,
    name: str,
    kind: SpanKind,
    attributes: Mapping[str, Any],
    links: Sequence[Link] | None = None,
) -> tuple[LocalSpan, Context]:
    """A span that has started, and the context in which it is the current one."""
    if links is None and _is_decided(context, tracer) and _are_plain(attributes, tracer):
        span = tracer.start_in(context, name, context, kind, None, None, None, True, True)
        if span.__class__ is Span:
            span.attributes.update(attributes)
    else:
        span = tracer.start_in(context, name, context, kind, attributes, links, None, True, True)
    return span, Context({**context, _SPAN_KEY: span})


def _is_decided(context: Context, tracer: Tracer) -> bool:
    """Whether the parent's decision holds: then no sampler looks at the attributes."""
    parent = context.get(_SPAN_KEY)
    if parent.__class__ is RemoteParent:
        return tracer.provider.parent_decides and not parent.undecided
    return parent.__class__ is Span and tracer.provider.parent_decides


def _are_plain(attributes: Mapping[str, Any], tracer: Tracer) -> bool:
    """Whether attributes of ours need no cleaning: short texts and numbers, and no limit that they could pass."""
    limits = tracer.limits
    if limits.attribute_length_max is not None or limits.attribute_count_max < _ATTRIBUTES_MAX:
        return False
    for value in attributes.values():  # a loop costs a third of `all` over a generator
        if (value.__class__ is not str or len(value) > _SHORT) and value.__class__ is not int:
            return False
    return True


def detach(token: Any) -> None:
    """Leave a context; one that was entered elsewhere stays as it is there."""
    try:
        _detach(token)
    except (ValueError, RuntimeError):
        client.get_tracer().provider.stats.foreign_contexts += 1


def fail(span: LocalSpan, exception: BaseException) -> None:
    """An exception left the work: event, status and `error.type`; the type alone if it only ends it (cancelled)."""
    kind = type(exception)
    module = kind.__module__
    span.set_attribute("error.type", kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}")
    span.failed(exception)


def fail_with(span: LocalSpan, error_type: str, description: str = "") -> None:
    """The work failed without an exception."""
    span.set_attribute("error.type", error_type)
    span.set_status(StatusCode.ERROR, description)


def request_id_of(span: LocalSpan, context: Context) -> str:
    """What X-Trace-ID says: the caller's own id if it sent one that is no trace id, else the trace's."""
    hints = context.get(ROOT_HINTS_KEY)
    if isinstance(hints, RootHints) and hints.request_id:
        return hints.request_id
    return f"{span.trace_id:032x}"
