"""Spans in progress: a span that runs for long is reported as started, so that a crash leaves its trace.

The report is a copy with the attribute `lymer.span.in_progress` of true; it ends when it was made. When the span ends
it is reported as always, with the same ids: the later report takes the earlier one's place.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable

from lymer_sdk.forked import begins_again_in_child, may_start_threads
from lymer_sdk.span import SAMPLED, Span

IN_PROGRESS = "lymer.span.in_progress"
_COPIED = (
    *("trace_id", "span_id", "flags", "trace_state", "_context", "_baggage"),
    *("tracer", "name", "kind", "parent_span_id", "parent_remote", "start_time", "status_code", "status_message"),
    *("dropped_attributes", "dropped_events", "dropped_links", "record_exceptions", "status_from_exceptions"),
    "_large_bytes",
)


class OpenSpans:
    """`add` each span that starts. At most `spans_max` are watched; beyond that the oldest are not."""

    def __init__(self, report: Callable[[Span], None], *, after_s: float, spans_max: int = 20_000) -> None:
        self._report = report
        self._after_ns = int(after_s * 1e9)
        self._spans_max = spans_max
        self.begin_in_child()
        begins_again_in_child(self)

    def begin_in_child(self) -> None:
        """Watch nothing: the parent's spans are the parent's."""
        self._spans: deque[Span] = deque(maxlen=self._spans_max)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def add(self, span: Span) -> None:
        """Watch a span until it is old enough to tell."""
        self._spans.append(span)
        if self._thread is None and may_start_threads():
            self._start()

    def look(self, now_ns: int) -> None:
        """Report the spans that have run for long enough; called by the thread again and again."""
        spans = self._spans
        while spans and now_ns - spans[0].start_time >= self._after_ns:
            span = spans.popleft()
            if not span.end_time and span.flags & SAMPLED:
                self._report(started_copy(span, now_ns))

    def close(self) -> None:
        """Watch no more."""
        self._stop.set()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="lymer-sdk-open-spans", daemon=True)
                with contextlib.suppress(RuntimeError):  # the interpreter ends
                    thread.start()
                    self._thread = thread

    def _run(self) -> None:
        stop = self._stop
        while not stop.wait(min(max(self._after_ns / 4e9, 0.01), 1.0)):
            self.look(time.time_ns())


def started_copy(span: Span, now_ns: int) -> Span:
    """The span as it is now, marked as in progress."""
    copy: Span = Span.__new__(Span)
    for name in _COPIED:
        setattr(copy, name, getattr(span, name))
    copy.attributes = {**span.attributes, IN_PROGRESS: True}
    copy.events = list(span.events) if span.events else None
    copy.links = list(span.links) if span.links else None
    copy.end_time = max(now_ns, span.start_time)
    return copy
