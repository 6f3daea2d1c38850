"""Span: what is recorded of one piece of work. No lock: each change is one operation on one dict or list.

Made by `Tracer`, never by hand. Spans that are not sampled are `UnsampledSpan`s: they carry a context and nothing else.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from opentelemetry.trace import Span as ApiSpan
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from lymer_sdk.attributes import clean_mapping, clean_value, warn_of
from lymer_sdk.span_baggage import SpanBaggage
from lymer_sdk.speedups import in_c

if TYPE_CHECKING:
    from lymer_sdk.resource import Resource
    from lymer_sdk.tracer import Tracer

SAMPLED, RANDOM_TRACE_ID, DEBUG = 1, 2, 0x100
"""Bits of `flags`; the last is Jaeger's and B3's, has no place in W3C's eight, and never leaves with them."""
FLAGS = tuple(TraceFlags(bits) for bits in range(256))
_OK = StatusCode.OK.value
_now = time.time_ns
_LONG = 256
"""Longer strings are counted, so that the queue's bound in bytes holds."""


class Event(NamedTuple):
    """Something that happened during a span."""

    name: str
    time_unix_nano: int
    attributes: dict[str, Any]
    dropped_attributes: int


class RecordedLink(NamedTuple):
    """Another span that this one has to do with."""

    context: SpanContext
    attributes: dict[str, Any]
    dropped_attributes: int


@in_c("LocalSpan")
class LocalSpan(ApiSpan):
    """What every span of ours has: ids, baggage, and a context that is only made when somebody asks."""

    __slots__ = ("_baggage", "_context", "flags", "span_id", "trace_id", "trace_state")

    trace_id: int
    span_id: int
    flags: int
    """The eight of W3C (1 sampled, 2 random trace id) and DEBUG."""
    trace_state: TraceState
    _context: SpanContext | None
    _baggage: dict[str, str] | None

    def get_span_context(self) -> SpanContext:
        context = self._context
        if context is None or context.trace_flags != self.flags & 0xFF:
            context = self._context = SpanContext(
                self.trace_id, self.span_id, False, FLAGS[self.flags & 0xFF], self.trace_state
            )
        return context

    @property
    def context(self) -> SpanContext:
        """The span's context, under the name that OpenTelemetry's SDK gives it."""
        return self.get_span_context()

    @property
    def baggage(self) -> dict[str, str]:
        """Items that travel with the trace: to children that start from now on, and to other processes.

        What came with the request is read here too; the span's own are changed.
        """
        baggage = self._baggage
        if baggage.__class__ is not SpanBaggage:
            baggage = self._baggage = SpanBaggage(baggage or {})
        return baggage


@in_c("RecordingSpan")
class Span(LocalSpan):
    """A recording span."""

    __slots__ = (
        "_large_bytes",
        "attributes",
        "dropped_attributes",
        "dropped_events",
        "dropped_links",
        "end_time",
        "events",
        "kind",
        "links",
        "name",
        "parent_remote",
        "parent_span_id",
        "record_exceptions",
        "start_time",
        "status_code",
        "status_from_exceptions",
        "status_message",
        "tracer",
    )

    def __init__(
        self,
        tracer: Tracer,
        name: str,
        kind: SpanKind,
        trace_id: int,
        span_id: int,
        parent_span_id: int,
        parent_remote: bool,
        trace_state: TraceState,
        flags: int,
        start_time: int,
    ) -> None:
        self.tracer: Tracer = tracer
        self.name: str = name if name.__class__ is str else str(name)
        self.kind: SpanKind = kind
        self.trace_id = trace_id
        self.span_id = span_id
        self.parent_span_id: int = parent_span_id
        self.parent_remote: bool = parent_remote
        self.trace_state = trace_state
        self.flags = flags
        self.start_time: int = start_time
        self.end_time: int = 0
        self.attributes: dict[str, Any] = {}
        self.events: list[Event] | None = None
        self.links: list[RecordedLink] | None = None
        self.status_code: int = 0
        self.status_message: str = ""
        self.dropped_attributes: int = 0
        self.dropped_events: int = 0
        self.dropped_links: int = 0
        self.record_exceptions: bool = True
        self.status_from_exceptions: bool = True
        self._large_bytes = 0
        self._context = self._baggage = None

    # --- OpenTelemetry's interface -----------------------------------------------------------------------------------

    def is_recording(self) -> bool:
        return self.end_time == 0

    def set_attribute(self, key: str, value: Any) -> None:
        if self.end_time:
            return
        limits = self.tracer.limits
        cleaned = clean_value(value, limits.attribute_length_max)
        if cleaned is None or not key or not isinstance(key, str):
            warn_of(key, value)
            return
        attributes = self.attributes
        if len(attributes) >= limits.attribute_count_max and key not in attributes:
            self.dropped_attributes += 1
            return
        if cleaned.__class__ is str and len(cleaned) > _LONG:
            self._large_bytes += len(cleaned)
        attributes[key] = cleaned

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        for key, value in attributes.items():
            self.set_attribute(key, value)

    def add_event(self, name: str, attributes: Mapping[str, Any] | None = None, timestamp: int | None = None) -> None:
        if self.end_time:
            return
        limits = self.tracer.limits
        events = self.events
        if events is None:
            events = self.events = []
        if len(events) >= limits.event_count_max:
            self.dropped_events += 1
            return
        kept, dropped = clean_mapping(attributes, limits.event_attribute_count_max, limits.attribute_length_max)
        self._large_bytes += sum(len(value) for value in kept.values() if value.__class__ is str and len(value) > _LONG)
        at = _now() if timestamp is None else int(timestamp)
        events.append(Event(name if name.__class__ is str else str(name), at, kept, dropped))

    def add_link(self, context: SpanContext, attributes: Mapping[str, Any] | None = None) -> None:
        if self.end_time or not isinstance(context, SpanContext):
            return
        if not (context.is_valid or attributes or context.trace_state):
            return
        if context.span_id == self.span_id and context.trace_id == self.trace_id:
            return  # a span has nothing to do with itself
        limits = self.tracer.limits
        links = self.links
        if links is None:
            links = self.links = []
        if len(links) >= limits.link_count_max:
            self.dropped_links += 1
            return
        kept, dropped = clean_mapping(attributes, limits.link_attribute_count_max, limits.attribute_length_max)
        links.append(RecordedLink(context, kept, dropped))

    def update_name(self, name: str) -> None:
        if not self.end_time:
            self.name = name if name.__class__ is str else str(name)

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        code, message = (
            (status.status_code, status.description) if isinstance(status, Status) else (status, description)
        )
        if self.end_time or self.status_code == _OK or code is StatusCode.UNSET:
            return
        self.status_code = code.value
        self.status_message = str(message or "") if code is StatusCode.ERROR else ""

    def record_exception(
        self,
        exception: BaseException,
        attributes: Mapping[str, Any] | None = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        kind = type(exception)
        module = kind.__module__
        recorded = {
            "exception.type": kind.__qualname__ if module in ("", "builtins") else f"{module}.{kind.__qualname__}",
            "exception.message": _said_by(exception),
            "exception.stacktrace": _stack_of(exception),
            "exception.escaped": str(escaped),
        }
        recorded.update(attributes or {})
        self.add_event("exception", recorded, timestamp)

    def end(self, end_time: int | None = None) -> None:
        if self.end_time:
            return
        self.end_time = _now() if end_time is None else int(end_time) or 1
        if self.flags & SAMPLED:
            self.tracer.report(self)
        else:
            self.tracer.hold(self)

    # --- as a context manager ----------------------------------------------------------------------------------------

    def __exit__(self, kind: object, exception: BaseException | None, trace: object) -> None:
        if exception is not None:
            self.failed(exception)
        self.end()

    def failed(self, exception: BaseException) -> None:
        """Record that this exception left the span, as the tracer was told to."""
        if not isinstance(exception, Exception) or self.end_time:
            return
        if self.record_exceptions:
            self.record_exception(exception, escaped=False)
        if self.status_from_exceptions:
            self.set_status(StatusCode.ERROR, f"{type(exception).__name__}: {_said_by(exception)}")

    def tag(self, key: str, value: Any) -> Span:
        """Set an attribute; returns the span, so that calls can follow each other."""
        self.set_attribute(key, value)
        return self

    def log(self, event: str, **fields: Any) -> Span:
        """Add an event with these attributes."""
        self.add_event(event, fields)
        return self

    # --- for readers: OpenTelemetry's ReadableSpan --------------------------------------------------------------------

    @property
    def parent(self) -> SpanContext | None:
        """The parent's context, as far as it is known."""
        if not self.parent_span_id:
            return None
        flags = FLAGS[self.flags & 0xFF]
        return SpanContext(self.trace_id, self.parent_span_id, self.parent_remote, flags, self.trace_state)

    @property
    def status(self) -> Status:
        """The status as OpenTelemetry's object."""
        return Status(StatusCode(self.status_code), self.status_message or None)

    @property
    def resource(self) -> Resource:
        """Who sends."""
        return self.tracer.provider.resource

    @property
    def instrumentation_scope(self) -> Tracer:
        """The tracer: it has name, version, schema_url and attributes."""
        return self.tracer

    @property
    def size_bytes(self) -> int:
        """About how much memory the span holds: what the queue's bound in bytes counts."""
        size = 450 + 60 * len(self.attributes) + self._large_bytes
        if self.events:
            size += 300 * len(self.events)
        if self.links:
            size += 300 * len(self.links)
        return size


class MeasuredSpan(Span):
    """A server span that is not sampled: recorded for RPC metrics alone, and never reported. Its children are not."""

    __slots__ = ()

    def end(self, end_time: int | None = None) -> None:
        if not self.end_time:
            self.end_time: int = _now() if end_time is None else int(end_time) or 1
            measured = self.tracer.provider.measured
            if measured is not None:
                measured(self)


@in_c("UnrecordedSpan")
class UnsampledSpan(LocalSpan):
    """A span that nobody records: it only hands its ids on."""

    __slots__ = ()

    def __init__(self, trace_id: int, span_id: int, trace_state: TraceState, flags: int) -> None:
        self.trace_id = trace_id
        self.span_id = span_id
        self.trace_state = trace_state
        self.flags: int = flags & RANDOM_TRACE_ID
        self._context = self._baggage = None

    def is_recording(self) -> bool:
        return False

    def set_attribute(self, key: str, value: Any) -> None: ...

    def set_attributes(self, attributes: Mapping[str, Any]) -> None: ...

    def add_event(
        self, name: str, attributes: Mapping[str, Any] | None = None, timestamp: int | None = None
    ) -> None: ...

    def add_link(self, context: SpanContext, attributes: Mapping[str, Any] | None = None) -> None: ...

    def update_name(self, name: str) -> None: ...

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None: ...

    def record_exception(
        self,
        exception: BaseException,
        attributes: Mapping[str, Any] | None = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None: ...

    def end(self, end_time: int | None = None) -> None: ...

    def __exit__(self, kind: object, exception: BaseException | None, trace: object) -> None: ...

    def failed(self, exception: BaseException) -> None:
        """Nothing is recorded."""

    def tag(self, key: str, value: Any) -> UnsampledSpan:
        """Nothing is recorded."""
        return self

    def log(self, event: str, **fields: Any) -> UnsampledSpan:
        """Nothing is recorded."""
        return self


def _said_by(exception: BaseException) -> str:
    """What an exception says; one that cannot say it must not take the application down."""
    try:
        return str(exception)
    except Exception as error:
        return f"<no message: {type(error).__name__}>"


def _stack_of(exception: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(exception))
    except Exception as error:
        return f"<no stack: {type(error).__name__}>"
