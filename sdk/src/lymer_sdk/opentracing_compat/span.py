"""Span and SpanContext of OpenTracing, around one of ours. Tags with a meaning have it: kind, error, priority."""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

import opentracing
from opentelemetry.baggage import _BAGGAGE_KEY
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation import _SPAN_KEY
from opentracing import logs
from opentracing.ext import tags

from lymer_sdk.attributes import clean_value
from lymer_sdk.propagation.base import outgoing
from lymer_sdk.propagation.jaeger import jaeger_flags
from lymer_sdk.span import DEBUG, SAMPLED, LocalSpan, UnsampledSpan
from lymer_sdk.span import Span as RecordingSpan

if TYPE_CHECKING:
    from lymer_sdk.opentracing_compat.tracer import Tracer

KINDS = {
    tags.SPAN_KIND_RPC_CLIENT: SpanKind.CLIENT,
    tags.SPAN_KIND_RPC_SERVER: SpanKind.SERVER,
    tags.SPAN_KIND_PRODUCER: SpanKind.PRODUCER,
    tags.SPAN_KIND_CONSUMER: SpanKind.CONSUMER,
    "internal": SpanKind.INTERNAL,
}


class SpanContext(opentracing.SpanContext):  # type: ignore[misc]
    """What travels: an OpenTelemetry context with a span, with baggage, or with hints for a trace that is to begin."""

    def __init__(self, carried: Context) -> None:
        self.carried = carried

    @property
    def baggage(self) -> dict[str, str]:
        """The items; not to be changed here."""
        span = self.carried.get(_SPAN_KEY)
        if isinstance(span, LocalSpan):
            return span.baggage
        items = self.carried.get(_BAGGAGE_KEY)
        return items if isinstance(items, dict) else {}

    @property
    def trace_id(self) -> int:
        """The trace's id; 0 when it has not begun."""
        span = outgoing(self.carried)
        return span.trace_id if span else 0

    @property
    def span_id(self) -> int:
        """The span's id; 0 when there is none."""
        span = outgoing(self.carried)
        return span.span_id if span else 0

    @property
    def flags(self) -> int:
        """Jaeger's: 1 sampled, 2 debug."""
        span = outgoing(self.carried)
        return jaeger_flags(span) if span else 0


class Span(opentracing.Span):  # type: ignore[misc]
    """OpenTracing's methods on one of our spans."""

    def __init__(
        self, tracer: Tracer, inner: Any, name: str = "", parent_span_id: int = 0, started_at: int = 0
    ) -> None:
        super().__init__(tracer, SpanContext(Context({_SPAN_KEY: inner})))
        self.inner: Any = inner
        self._name = name
        self._parent_span_id = parent_span_id
        self._started_at = started_at

    def set_operation_name(self, operation_name: str) -> Span:
        self._name = operation_name
        self.inner.update_name(operation_name)
        return self

    def set_tag(self, key: str, value: Any) -> Span:
        if key == tags.SAMPLING_PRIORITY and self._set_priority(value):
            return self
        inner = self.inner
        if key == tags.SPAN_KIND and value in KINDS and isinstance(inner, RecordingSpan):
            if not inner.end_time:
                inner.kind = KINDS[value]
        elif key == tags.ERROR and str(value).lower() == "true":
            inner.set_status(StatusCode.ERROR)
        else:
            inner.set_attribute(key if isinstance(key, str) else str(key), _plain(value))
        return self

    def log_kv(self, key_values: Mapping[str, Any], timestamp: float | None = None) -> Span:
        fields = {str(key): _field(key, value) for key, value in key_values.items()}
        name = fields.pop(logs.EVENT, None)
        at = None if timestamp is None else int(timestamp * 1e9)
        self.inner.add_event("log" if name is None else str(name), fields, at)
        return self

    def set_baggage_item(self, key: str, value: str) -> Span:
        if isinstance(self.inner, LocalSpan):
            self.inner.baggage[str(key)] = value if isinstance(value, str) else str(value)
        return self

    def get_baggage_item(self, key: str) -> str | None:
        return dict.get(self.context.baggage, key)

    def finish(self, finish_time: float | None = None) -> None:
        self.inner.end(None if finish_time is None else int(finish_time * 1e9))

    def __exit__(
        self, kind: type[BaseException] | None, exception: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(exception, Exception):
            self._on_error(self, kind, exception, trace)
        self.finish()

    def _set_priority(self, value: Any) -> bool:
        """Above zero: keep this and what is below it whatever happens; zero: do not. False when it is no number."""
        try:
            keep = int(value) > 0
        except (TypeError, ValueError):
            return False
        if isinstance(self.inner, UnsampledSpan) and keep:
            self._record_from_now()
        if isinstance(self.inner, RecordingSpan):
            self.inner.flags = self.inner.flags | SAMPLED | DEBUG if keep else self.inner.flags & ~(SAMPLED | DEBUG)
        return True

    def _record_from_now(self) -> None:
        """Nobody had recorded this span: one that is recorded takes its place, with its ids and its start."""
        old = self.inner
        self.inner = RecordingSpan(
            self.tracer.recorder,
            self._name,
            SpanKind.INTERNAL,
            old.trace_id,
            old.span_id,
            self._parent_span_id,
            False,
            old.trace_state,
            old.flags,
            self._started_at,
        )
        self.inner._baggage = old._baggage  # noqa: SLF001 (it takes its place)
        self._context = SpanContext(Context({_SPAN_KEY: self.inner}))


def _plain(value: Any) -> Any:
    return value if clean_value(value, None) is not None else str(value)


def _field(key: str, value: Any) -> Any:
    """A log's field: exceptions and stacks as text, dicts as JSON, the rest as it is."""
    if key == logs.STACK and isinstance(value, TracebackType):
        return "".join(traceback.format_tb(value))
    if key == logs.ERROR_KIND and isinstance(value, type):
        return value.__name__
    if isinstance(value, Mapping):
        return json.dumps(value, default=str, ensure_ascii=False)
    return _plain(value)
