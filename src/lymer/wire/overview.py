"""Figures over many spans and traces: what can be asked, how the native core is asked, how its parts become one answer.

Parts of views that share no trace add up exactly. Not here: which views a store has.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from lymer import _native
from lymer.model.batch import SpanBatch
from lymer.model.search import EVERYTHING, Predicate, TimeRange
from lymer.wire.columns import native_columns
from lymer.wire.predicate_json import encode_predicate

ALL_TRACES: Final = 2**32 - 1
"""The facet that counts all matching traces."""

RED_TOTAL: Final = -1
"""The bucket of the figures over all buckets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedQuestion:
    """Rate, errors and durations of the spans that satisfy a span predicate and start in the range."""

    where: Predicate = EVERYTHING
    time: TimeRange
    by_operation: bool = False
    bucket_nano: int = 1
    """How long a bucket is; they begin at the start of the range."""
    bucket_count: int = 1

    def plan(self) -> dict[str, Any]:
        """What the native core reads, but for what differs from view to view."""
        return _plan(self.where, self.time) | {
            "by_operation": self.by_operation,
            "bucket_start": self.time.start,
            "bucket_nano": self.bucket_nano,
            "bucket_count": self.bucket_count,
        }

    def ask(self, view: _native.View, plan: str) -> _native.RedPart:
        """What one view says."""
        return _native.red(view, plan)

    def merge(self, parts: Sequence[_native.RedPart]) -> pa.Table:
        """The answer: a row per service, operation and bucket with spans, and one over all buckets."""
        return pa.table(pa.record_batch(_native.merge_red(list(parts))))


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramQuestion:
    """Traces that match a search, by start and duration."""

    where: Predicate = EVERYTHING
    time: TimeRange
    bucket_start: int
    bucket_nano: int
    bucket_count: int
    duration_edges: tuple[int, ...]
    """Where each bucket of durations begins; what is shorter than the first is in the first."""

    def plan(self) -> dict[str, Any]:
        """What the native core reads, but for what differs from view to view."""
        return _plan(self.where, self.time) | {
            "bucket_start": self.bucket_start,
            "bucket_nano": self.bucket_nano,
            "bucket_count": self.bucket_count,
            "duration_edges": self.duration_edges,
        }

    def ask(self, view: _native.View, plan: str) -> pa.Table:
        """What one view says."""
        return pa.table(pa.record_batch(_native.histogram(view, plan)))

    def merge(self, parts: Sequence[pa.Table]) -> pa.Table:
        """The answer: columns time, duration, trace_count, error_trace_count; a row per cell with traces."""
        return _added_up(parts, ["time", "duration"]).sort_by([("time", "ascending"), ("duration", "ascending")])


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetQuestion:
    """Traces that match a search, by what they have: `service`, `operation`, `status`, `attribute:<key>`."""

    where: Predicate = EVERYTHING
    time: TimeRange
    facets: tuple[str, ...]

    def plan(self) -> dict[str, Any]:
        """What the native core reads, but for what differs from view to view."""
        return _plan(self.where, self.time) | {"facets": self.facets}

    def ask(self, view: _native.View, plan: str) -> pa.Table:
        """What one view says."""
        return pa.table(pa.record_batch(_native.facets(view, plan)))

    def merge(self, parts: Sequence[pa.Table]) -> pa.Table:
        """The answer: columns facet (its place; ALL_TRACES), value, service, trace_count, error_trace_count.

        Most frequent first, then by value.
        """
        order = [
            ("facet", "ascending"),
            ("trace_count", "descending"),
            ("value", "ascending"),
            ("service", "ascending"),
        ]
        return _added_up(parts, ["facet", "value", "service"]).sort_by(order)


OverviewQuestion = RedQuestion | HistogramQuestion | FacetQuestion


def part_of_batch(question: OverviewQuestion, batch: SpanBatch) -> Any:
    """What whole traces in a batch say. Raises ValueError when the question makes no sense."""
    buffer = _native.OpenBuffer()
    if len(batch):
        buffer.append(native_columns(batch), 1)
    return question.ask(buffer, json.dumps(question.plan()))


def _plan(where: Predicate, time: TimeRange) -> dict[str, Any]:
    return {"where": encode_predicate(where), "min_start": time.start, "max_start": time.end}


def _added_up(parts: Sequence[pa.Table], keys: list[str]) -> pa.Table:
    counts = ["trace_count", "error_trace_count"]
    table = pa.concat_tables(parts).group_by(keys).aggregate([(name, "sum") for name in counts])
    return table.select([*keys, *(f"{name}_sum" for name in counts)]).rename_columns([*keys, *counts])
