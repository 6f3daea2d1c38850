"""Tracer: starts spans. This is the hot path of every application, so it does no more than it must."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanKind
from opentelemetry.trace import Span as ApiSpan
from opentelemetry.trace import Tracer as ApiTracer
from opentelemetry.trace.propagation import _SPAN_KEY

from lymer_sdk.attributes import clean_mapping
from lymer_sdk.current_context import current as _current
from lymer_sdk.ids import new_span_id
from lymer_sdk.origin import origin_of
from lymer_sdk.sampling.decision import Question
from lymer_sdk.scope import Scope
from lymer_sdk.span import SAMPLED, MeasuredSpan, Span, UnsampledSpan
from lymer_sdk.speedups import in_c

if TYPE_CHECKING:
    from collections.abc import Callable

    from lymer_sdk.limits import SpanLimits
    from lymer_sdk.provider import TracerProvider

_now = time.time_ns
KINDS = {kind.name.lower(): kind for kind in SpanKind}


@in_c("Tracer")
class Tracer(ApiTracer):
    """Starts spans of one instrumentation scope."""

    def __init__(
        self,
        provider: TracerProvider,
        name: str,
        version: str = "",
        schema_url: str = "",
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        self.belong_to(provider)
        self.name: str = str(name)
        self.version: str = str(version)
        self.schema_url: str = str(schema_url)
        self.attributes: dict[str, Any] = clean_mapping(attributes, 128, None)[0]

    def belong_to(self, provider: TracerProvider) -> None:
        """Start spans for this provider from now on."""
        self.provider = provider
        self.limits: SpanLimits = provider.limits
        self.report: Callable[[Span], None] = provider.report
        """Takes each sampled span that ends."""
        self.hold: Callable[[Span], None] = provider.hold
        """Takes each span that ends while its trace is undecided."""

    def start_span(
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Mapping[str, Any] | None = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
    ) -> Span | UnsampledSpan:
        return self.start_in(
            _current() if context is None else context,
            name,
            context,
            kind,
            attributes,
            links,
            start_time,
            record_exception,
            set_status_on_exception,
        )

    def start_as_current_span(  # type: ignore[override]
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Mapping[str, Any] | None = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
        end_on_exit: bool = True,
    ) -> Scope:
        arguments = (name, context, kind, attributes, links, start_time, record_exception, set_status_on_exception)
        return Scope(self, arguments, end_on_exit)

    def span(self, name: str, kind: str | SpanKind = SpanKind.INTERNAL, **attributes: Any) -> Scope:
        """In short: a span as the current one; `kind` is server, client, producer, consumer or internal.

        `tier="S"` and whatever else is named becomes an attribute.
        """
        if not isinstance(kind, SpanKind):
            kind = KINDS[kind]
        return Scope(self, (name, None, kind, attributes, None, None, True, True), True)

    def start_in(
        self,
        context: Context,
        name: str,
        _context: Context | None,
        kind: SpanKind,
        attributes: Mapping[str, Any] | None,
        links: Sequence[Link] | None,
        start_time: int | None,
        record_exception: bool,
        set_status_on_exception: bool,
    ) -> Span | UnsampledSpan:
        """Start a span below the current one of this context."""
        provider = self.provider
        parent: Any = context.get(_SPAN_KEY)
        at = _now() if start_time is None else int(start_time)
        if parent.__class__ is Span and provider.parent_decides:
            span = Span(
                self,
                name,
                kind,
                parent.trace_id,
                new_span_id(),
                parent.span_id,
                False,
                parent.trace_state,
                parent.flags,
                at,
            )
            if parent._baggage:  # noqa: SLF001 (its own class, and a call less)
                span._baggage = dict(parent._baggage)  # noqa: SLF001
            provider.stats.started += 1
        else:
            first = self._start_first(context, parent, name, kind, attributes, links, at)
            if first.__class__ is UnsampledSpan:
                return first
            span = first  # type: ignore[assignment]
        if attributes:
            span.set_attributes(attributes)
        if links:
            for link in links:
                if link is not None:
                    span.add_link(link.context, link.attributes)
        if not record_exception:
            span.record_exceptions = False
        if not set_status_on_exception:
            span.status_from_exceptions = False
        if provider.open_spans is not None and span.flags & SAMPLED:
            provider.open_spans.add(span)
        return span

    def _start_first(
        self,
        context: Context,
        parent: ApiSpan | None,
        name: str,
        kind: SpanKind,
        attributes: Mapping[str, Any] | None,
        links: Sequence[Link] | None,
        at: int,
    ) -> Span | UnsampledSpan:
        """A span whose parent is not a recording one of ours: a root, or below a remote or an unsampled span."""
        provider = self.provider
        provider.stats.started += 1
        trace_id, parent_id, remote, flags, state, sampled, said, baggage = origin_of(
            context, parent, provider.new_trace_id
        )
        if sampled is None or not (provider.parent_decides or parent is None):
            decision = provider.sampler.decide(Question(trace_id, name, kind, attributes, links, state, sampled))
            sampled = decision.sampled or decision.undecided
            flags = flags | SAMPLED if decision.sampled else flags & ~SAMPLED
            said = decision.attributes if said is None else {**(decision.attributes or {}), **said}
            if decision.trace_state is not None:
                state = decision.trace_state
        span: Span | UnsampledSpan
        if sampled:
            span = Span(self, name, kind, trace_id, new_span_id(), parent_id, remote, state, flags, at)
            if said:
                span.attributes.update(said)
        elif kind is SpanKind.SERVER and provider.measured is not None:
            span = MeasuredSpan(
                self, name, kind, trace_id, new_span_id(), parent_id, remote, state, flags & ~SAMPLED, at
            )
        else:
            span = UnsampledSpan(trace_id, new_span_id(), state, flags)
        if baggage:
            span._baggage = dict(baggage)  # noqa: SLF001 (its own class, and a call less)
        return span
