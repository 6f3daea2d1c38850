"""A decision that waits for the end: errors and slow requests are kept, and a share of the rest.

`Delayed.decide` lets a sampler choose first. What it does not choose is recorded here, told to others as not sampled,
and held until the first span of the trace in this process ends. Then it is reported or forgotten.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from opentelemetry.trace import StatusCode

from lymer_sdk.forked import begins_again_in_child
from lymer_sdk.sampling.decision import Decision, Question, Sampler
from lymer_sdk.span import Span

_ERROR = StatusCode.ERROR.value


class Delayed:
    """Keeps what `first` chooses, and traces with an error or a span that took at least `slow_s`.

    At most `spans_max` spans are held, `spans_per_trace_max` of one trace; beyond that the oldest trace is forgotten.
    """

    def __init__(
        self,
        first: Sampler,
        *,
        errors: bool = True,
        slow_s: float | None = None,
        spans_max: int = 20_000,
        spans_per_trace_max: int = 1_000,
    ) -> None:
        self._first = first
        self._errors = errors
        self._slow_ns = None if slow_s is None else int(slow_s * 1e9)
        self._spans_max = spans_max
        self._spans_per_trace_max = spans_per_trace_max
        self.report: Callable[[Span], None] = _forget
        """Takes what is kept after all; the provider sets it."""
        self.begin_in_child()
        begins_again_in_child(self)

    def begin_in_child(self) -> None:
        """Hold nothing: what the parent holds, the parent reports."""
        self._lock = threading.Lock()
        self._held: OrderedDict[int, list[Span]] = OrderedDict()
        self._count = 0
        self._kept: OrderedDict[int, None] = OrderedDict()

    def decide(self, question: Question, /) -> Decision:
        decision = self._first.decide(question)
        return decision if decision.sampled else decision._replace(undecided=True)

    def hold(self, span: Span) -> None:
        """Take an ended span of an undecided trace."""
        for kept in self._settle(span):
            kept.flags |= 1
            self.report(kept)

    def _settle(self, span: Span) -> list[Span]:
        """The spans that are to be reported now."""
        trace_id = span.trace_id
        with self._lock:
            if trace_id in self._kept:
                return [span]
            spans = self._held.setdefault(trace_id, [])
            if len(spans) < self._spans_per_trace_max or self._worth(span):
                spans.append(span)
                self._count += 1
            if span.parent_span_id and not span.parent_remote:
                self._forget_oldest()
                return []
            del self._held[trace_id]
            self._count -= len(spans)
            if not any(self._worth(held) for held in spans):
                return []
            self._remember(trace_id)
            return spans

    def _worth(self, span: Span) -> bool:
        if self._errors and span.status_code == _ERROR:
            return True
        return self._slow_ns is not None and span.end_time - span.start_time >= self._slow_ns

    def _forget_oldest(self) -> None:
        while self._count > self._spans_max:
            _, spans = self._held.popitem(last=False)
            self._count -= len(spans)

    def _remember(self, trace_id: int) -> None:
        """Children that end after their trace's first span are kept with it."""
        self._kept[trace_id] = None
        if len(self._kept) > 1_000:
            self._kept.popitem(last=False)


def _forget(span: Span) -> None:
    return None
