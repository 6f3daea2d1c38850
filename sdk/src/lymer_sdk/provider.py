"""TracerProvider: what all tracers of a process share: resource, sampler, limits, the way out, counters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry.trace import TracerProvider as ApiTracerProvider

from lymer_sdk.limits import SpanLimits
from lymer_sdk.resource import Resource
from lymer_sdk.sampling import AlwaysOn, Sampler
from lymer_sdk.span import Span
from lymer_sdk.stats import Stats
from lymer_sdk.tracer import Tracer


class TracerProvider(ApiTracerProvider):
    """Hands out tracers. `report` takes each sampled span that ends; it never blocks and never raises."""

    def __init__(
        self,
        *,
        resource: Resource | None = None,
        sampler: Sampler | None = None,
        limits: SpanLimits | None = None,
        report: Callable[[Span], None] | None = None,
        stats: Stats | None = None,
    ) -> None:
        self.resource = resource or Resource.detect()
        self.sampler = sampler or AlwaysOn()
        self.limits = limits or SpanLimits()
        self.stats = stats or Stats()
        self.report = report or _ignore
        self._tracers: dict[tuple[Any, ...], Tracer] = {}

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Tracer:
        key = (instrumenting_module_name, instrumenting_library_version, schema_url, tuple((attributes or {}).items()))
        tracer = self._tracers.get(key)
        if tracer is None:
            made = Tracer(
                self, instrumenting_module_name or "", instrumenting_library_version or "", schema_url or "", attributes
            )
            tracer = self._tracers.setdefault(key, made)
        return tracer


def _ignore(span: Span) -> None:
    return None
