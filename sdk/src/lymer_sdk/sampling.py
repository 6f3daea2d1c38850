"""Samplers: whether a new trace is recorded. Pure decisions; the one that asks a server is in `remote_sampling`.

A sampler is asked only for spans without a local decision; `ParentBased` is the tracer's rule, not each sampler's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from opentelemetry.trace import Link, SpanKind, TraceState


@dataclass(frozen=True, slots=True)
class Question:
    """What is known of a span before it starts."""

    trace_id: int
    name: str
    kind: SpanKind
    attributes: Mapping[str, Any] | None
    links: Sequence[Link] | None
    trace_state: TraceState


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to record, and what the sampler says of itself on the span."""

    sampled: bool
    attributes: Mapping[str, Any] | None = None


KEEP = Decision(True)
DROP = Decision(False)


class Sampler(Protocol):
    """Decides for the first span of a trace in this process."""

    def decide(self, question: Question, /) -> Decision:
        """The decision; the same for the same trace id where the sampler is of the trace id."""


class AlwaysOn:
    """Records everything."""

    def decide(self, question: Question, /) -> Decision:
        return KEEP


class AlwaysOff:
    """Records nothing."""

    def decide(self, question: Question, /) -> Decision:
        return DROP


class TraceIdRatio:
    """Records the given share of traces, by the lower 63 bits of their ids, as OpenTelemetry's SDKs do.

    Two services with ratios a < b record the same traces in the share a.
    """

    def __init__(self, ratio: float) -> None:
        if not 0 <= ratio <= 1:
            raise ValueError(f"a ratio lies between 0 and 1: {ratio}")
        self.ratio = ratio
        self._bound = round(ratio * (1 << 64))

    def decide(self, question: Question, /) -> Decision:
        return KEEP if question.trace_id & 0xFFFF_FFFF_FFFF_FFFF < self._bound else DROP
