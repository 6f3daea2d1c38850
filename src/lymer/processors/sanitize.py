"""The sanitizer: spans that would harm a store or a reader are repaired, marked and counted; all others pass untouched.

A clean batch costs one look in the native core and keeps its payload. Jaeger's collector repairs what comes from its
clients too; docs/components/sanitizer.md compares the two, limit by limit. Not here: what a repair does (`repair`).
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any

from lymer.component.base import SpanSink
from lymer.component.clock import Clock
from lymer.component.events import Events
from lymer.model.batch import SpanBatch
from lymer.processors.config import SanitizerConfig
from lymer.processors.repair import Bounds, repair
from lymer.wire.oddities import SpanLimits, oddities, repaired_rows

_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_NOTHING: Mapping[str, int] = {}


class Sanitizer:
    """A sink before a sink."""

    def __init__(self, config: SanitizerConfig, sink: SpanSink, *, events: Events, clock: Clock) -> None:
        self._past_nano = int(config.past_max * 1e9)
        self._future_nano = int(config.future_max * 1e9)
        self._sink = sink
        self._events = events
        self._clock = clock
        self._limits = SpanLimits(
            name_bytes=config.name_bytes_max,
            attributes=config.attribute_count_max,
            attribute_key_bytes=config.attribute_key_bytes_max,
            attribute_value_bytes=config.attribute_value_bytes_max,
            events=config.event_count_max,
            links=config.link_count_max,
        )

    def write(self, batch: SpanBatch, /) -> Coroutine[Any, Any, None]:
        """As `component.base.SpanSink`."""
        sanitized, counts = self.sanitize(batch)
        return self._write_and_count(sanitized, counts) if counts else self._sink.write(sanitized)

    def sanitize(self, batch: SpanBatch) -> tuple[SpanBatch, Mapping[str, int]]:
        """The batch itself when nothing in it is odd, else a repaired one without a payload; how many by cause."""
        now_unix_nano = self._clock.now_unix_nano()
        earliest, latest = self._bounds(now_unix_nano)
        found = oddities(batch, self._limits, min_start_unix_nano=earliest, max_start_unix_nano=latest)
        if not found:
            return batch, _NOTHING
        bounds = Bounds(min_start_unix_nano=earliest, max_start_unix_nano=latest, now_unix_nano=now_unix_nano)
        repaired, counts = repair(batch.record_batch, found, self._limits, bounds, repaired_rows=repaired_rows(batch))
        return (SpanBatch.from_record_batch(repaired), counts) if counts else (batch, _NOTHING)

    async def _write_and_count(self, sanitized: SpanBatch, counts: Mapping[str, int]) -> None:
        await self._sink.write(sanitized)
        for cause, count in counts.items():
            self._events.spans_sanitized(count, cause=cause)

    def _bounds(self, now_unix_nano: int) -> tuple[int, int]:
        earliest = now_unix_nano - self._past_nano if self._past_nano else _INT64_MIN
        latest = now_unix_nano + self._future_nano if self._future_nano else _INT64_MAX
        return max(earliest, _INT64_MIN), min(latest, _INT64_MAX)
