"""Tracer: starts spans. This is the hot path of every application, so it does no more than it must."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from opentelemetry import context as api_context
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Link, SpanKind, TraceState
from opentelemetry.trace import Span as ApiSpan
from opentelemetry.trace import Tracer as ApiTracer
from opentelemetry.trace.propagation import _SPAN_KEY

from lymer_sdk.ids import new_span_id, new_trace_id
from lymer_sdk.sampling import Question
from lymer_sdk.span import SAMPLED, Span, UnsampledSpan

if TYPE_CHECKING:
    from lymer_sdk.provider import TracerProvider

_NO_STATE = TraceState()
_current = api_context.get_current
_attach = api_context.attach
_detach = api_context._RUNTIME_CONTEXT.detach  # noqa: SLF001 (the public one logs an error for every generator left early)
_now = time.time_ns
_Function = TypeVar("_Function", bound=Callable[..., Any])


class Scope:
    """Makes a span the current one for a `with` block, a function or a coroutine function."""

    __slots__ = ("_arguments", "_end", "_span", "_token", "_tracer")

    def __init__(self, tracer: Tracer, arguments: tuple[Any, ...], end: bool) -> None:
        self._tracer = tracer
        self._arguments = arguments
        self._end = end

    def __enter__(self) -> ApiSpan:
        context = self._arguments[1]
        if context is None:
            context = _current()
        span = self._span = self._tracer.start_in(context, *self._arguments)
        values = dict(context)
        values[_SPAN_KEY] = span
        self._token = _attach(Context(values))
        return span

    def __exit__(self, kind: object, exception: BaseException | None, trace: object) -> None:
        try:
            _detach(self._token)
        except (ValueError, RuntimeError):
            self._tracer.provider.stats.foreign_contexts += 1
        span = self._span
        if exception is not None:
            span.failed(exception)
        if self._end:
            span.end()

    def __call__(self, function: _Function) -> _Function:
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def traced_coroutine(*args: Any, **kwargs: Any) -> Any:
                with Scope(self._tracer, self._arguments, self._end):
                    return await function(*args, **kwargs)

            return traced_coroutine  # type: ignore[return-value]

        @functools.wraps(function)
        def traced(*args: Any, **kwargs: Any) -> Any:
            with Scope(self._tracer, self._arguments, self._end):
                return function(*args, **kwargs)

        return traced  # type: ignore[return-value]


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
        self.provider = provider
        self.name = name
        self.version = version
        self.schema_url = schema_url
        self.attributes = dict(attributes or {})
        self.limits = provider.limits
        self.report = provider.report
        """Takes each span that ends."""

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
    ) -> ApiSpan:
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
        parent: Any = context.get(_SPAN_KEY, INVALID_SPAN)
        if parent.__class__ is Span:
            trace_id, parent_id, remote, sampled, state = (
                parent.trace_id,
                parent.span_id,
                False,
                True,
                parent.trace_state,
            )
        else:
            found = parent.get_span_context() if isinstance(parent, ApiSpan) else INVALID_SPAN.get_span_context()
            if found.is_valid:
                trace_id, parent_id, remote, sampled, state = (
                    found.trace_id,
                    found.span_id,
                    found.is_remote,
                    None,
                    found.trace_state,
                )
                sampled = bool(found.trace_flags & SAMPLED)
            else:
                trace_id, parent_id, remote, sampled, state = new_trace_id(), 0, False, None, _NO_STATE
        extra = None
        if sampled is None:
            decision = self.provider.sampler.decide(Question(trace_id, name, kind, attributes, links, state))
            sampled, extra = decision.sampled, decision.attributes
        self.provider.stats.started += 1
        if not sampled:
            return UnsampledSpan(trace_id, new_span_id(), state)
        span = Span(
            self,
            name,
            kind,
            trace_id,
            new_span_id(),
            parent_id,
            remote,
            state,
            _now() if start_time is None else start_time,
        )
        if attributes:
            span.set_attributes(attributes)
        if extra:
            span.set_attributes(extra)
        if links:
            for link in links:
                span.add_link(link.context, link.attributes)
        if not record_exception:
            span.record_exceptions = False
        if not set_status_on_exception:
            span.status_from_exceptions = False
        return span
