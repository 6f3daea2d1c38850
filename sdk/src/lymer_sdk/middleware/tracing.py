"""What all middleware does: find the process's client, start a span in a context, make it current, end it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanKind, StatusCode
from opentelemetry.trace.propagation import _SPAN_KEY

from lymer_sdk import client
from lymer_sdk.configuration.build import Built
from lymer_sdk.current_context import attach as attach
from lymer_sdk.current_context import current as current
from lymer_sdk.current_context import detach as _detach
from lymer_sdk.propagation import Composite, RequestId
from lymer_sdk.remote_parent import ROOT_HINTS_KEY, RemoteParent, RootHints
from lymer_sdk.span import Span, UnsampledSpan
from lymer_sdk.tracer import Tracer

LocalSpan = Span | UnsampledSpan
_ATTRIBUTES_MAX, _SHORT = 32, 256


class Tracing:
    """The client as one middleware sees it: looked up again only when there is another client.

    Besides the client's formats, X-Trace-ID and X-Span-ID are read and written, unless the client has no format at all.
    """

    __slots__ = ("_built", "_name", "propagator", "tracer")

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
        self.tracer = client.get_tracer(self._name)
        formats = client.propagator().propagators
        if formats and not any(isinstance(one, RequestId) for one in formats):
            formats = (*formats, RequestId())
        self.propagator = Composite(formats)


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
