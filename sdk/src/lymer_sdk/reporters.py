"""Other reporters than the one that sends: log, memory, several at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import Protocol, runtime_checkable

from lymer_sdk.span import Span

_log = logging.getLogger("lymer_sdk.spans")


@runtime_checkable
class SpanReporter(Protocol):
    """Takes ended spans. Neither blocks nor raises in `report`; close twice is once."""

    def report(self, span: Span) -> None:
        """Take a span."""

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait for what was taken; False when the time was too short."""

    def close(self, timeout_s: float | None = None) -> bool:
        """Flush and take no more."""

    def fill(self) -> tuple[int, int]:
        """Spans that wait, and about how many bytes they hold."""


class Immediate:
    """What reporters have in common that do not make a span wait."""

    def flush(self, timeout_s: float | None = None) -> bool:
        """Nothing waits."""
        return True

    def close(self, timeout_s: float | None = None) -> bool:
        """Nothing waits."""
        return True

    def fill(self) -> tuple[int, int]:
        """Nothing waits."""
        return 0, 0


class LogReporter(Immediate):
    """Writes a line for each span to the logger `lymer_sdk.spans`: for development."""

    def report(self, span: Span) -> None:
        """Log the span."""
        _log.info(
            "span %032x:%016x:%016x %s %.3f ms %s",
            span.trace_id,
            span.span_id,
            span.parent_span_id,
            span.name,
            (span.end_time - span.start_time) / 1e6,
            span.attributes,
        )


class MemoryReporter(Immediate):
    """Keeps the newest spans in `spans`: for tests."""

    def __init__(self, spans_max: int = 100_000) -> None:
        self.spans: list[Span] = []
        self._spans_max = spans_max

    def report(self, span: Span) -> None:
        """Keep the span."""
        if len(self.spans) >= self._spans_max:
            del self.spans[0]
        self.spans.append(span)


class Fanout:
    """Several reporters; each span goes to all. Of none: nowhere."""

    def __init__(self, reporters: Iterable[SpanReporter]) -> None:
        self.reporters: tuple[SpanReporter, ...] = tuple(reporters)

    def report(self, span: Span) -> None:
        """To all."""
        for reporter in self.reporters:
            reporter.report(span)

    def flush(self, timeout_s: float | None = None) -> bool:
        """All of them, within the time together."""
        return self._each([reporter.flush for reporter in self.reporters], timeout_s)

    def close(self, timeout_s: float | None = None) -> bool:
        """All of them, within the time together."""
        return self._each([reporter.close for reporter in self.reporters], timeout_s)

    def _each(self, ends: list[Callable[[float | None], bool]], timeout_s: float | None) -> bool:
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        done = True
        for end in ends:
            done = end(None if deadline is None else max(deadline - time.monotonic(), 0.0)) and done
        return done

    def fill(self) -> tuple[int, int]:
        """Their sums."""
        fills = [reporter.fill() for reporter in self.reporters]
        return sum(spans for spans, _ in fills), sum(size for _, size in fills)
