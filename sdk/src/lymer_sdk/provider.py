"""TracerProvider: what all tracers of a process share: resource, sampler, limits, the way out, counters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry.trace import SpanKind
from opentelemetry.trace import TracerProvider as ApiTracerProvider

from lymer_sdk.counters import Stats
from lymer_sdk.ids import new_trace_id
from lymer_sdk.limits import SpanLimits
from lymer_sdk.open_spans import OpenSpans
from lymer_sdk.resource import Resource
from lymer_sdk.sampling import AlwaysOn, Delayed, Sampler
from lymer_sdk.span import Span
from lymer_sdk.speedups_connection import connect
from lymer_sdk.tracer import Tracer


class TracerProvider(ApiTracerProvider):
    """Hands out tracers. `report` takes each sampled span that ends; it never blocks and never raises.

    `measure` takes each server span, sampled or not. `report_open_s`: a span that runs for so long is
    reported as open.

    `parent_decides`: what the parent decided holds, and the sampler is asked for new traces alone (OpenTelemetry's
    parent-based sampling, and Jaeger's). Without it the sampler is asked for every span.
    """

    def __init__(
        self,
        *,
        resource: Resource | None = None,
        sampler: Sampler | None = None,
        parent_decides: bool = True,
        limits: SpanLimits | None = None,
        report: Callable[[Span], None] | None = None,
        stats: Stats | None = None,
        new_trace_id: Callable[[], int] = new_trace_id,
        measure: Callable[[Span], None] | None = None,
        report_open_s: float | None = None,
    ) -> None:
        connect()
        self.resource: Resource = resource or Resource.detect()
        self.sampler: Sampler = sampler or AlwaysOn()
        self.parent_decides = parent_decides
        self.new_trace_id = new_trace_id
        self.limits: SpanLimits = limits or SpanLimits()
        self.stats: Stats = stats or Stats()
        self.report: Callable[[Span], None] = report or _ignore
        self.hold: Callable[[Span], None] = _ignore
        if isinstance(self.sampler, Delayed):
            self.sampler.report = self.report
            self.hold = self.sampler.hold
        self.open_spans: OpenSpans | None = (
            None if report_open_s is None else OpenSpans(self.report, after_s=report_open_s)
        )
        self.measured = measure
        """Takes each server span that ends, sampled or not; None when nobody counts them."""
        if measure is not None:
            self.report, self.hold = _measuring(measure, self.report), _measuring(measure, self.hold)
        self._tracers: dict[tuple[Any, ...], Tracer] = {}
        self._successor: TracerProvider | None = None

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Tracer:
        if self._successor is not None:
            return self._successor.get_tracer(
                instrumenting_module_name, instrumenting_library_version, schema_url, attributes
            )
        key = (instrumenting_module_name, instrumenting_library_version, schema_url, repr(attributes or {}))
        tracer = self._tracers.get(key)
        if tracer is None:
            made = Tracer(
                self, instrumenting_module_name or "", instrumenting_library_version or "", schema_url or "", attributes
            )
            tracer = self._tracers.setdefault(key, made)
        return tracer

    def hand_over(self, successor: TracerProvider) -> None:
        """Tracers, handed out or to come, are the successor's: OpenTelemetry keeps its first provider."""
        tracers = (self._successor or self)._tracers  # noqa: SLF001 (its own class)
        for tracer in tracers.values():
            tracer.belong_to(successor)
        successor._tracers.update(tracers)
        self._successor = successor


def _measuring(measure: Callable[[Span], None], then: Callable[[Span], None]) -> Callable[[Span], None]:
    def ended(span: Span) -> None:
        if span.kind is SpanKind.SERVER:
            measure(span)
        then(span)

    return ended


def _ignore(span: Span) -> None:
    return None
