"""What a sampler is asked and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from opentelemetry.trace import Link, SpanKind, TraceState


class Question(NamedTuple):
    """What is known of a span before it starts."""

    trace_id: int
    name: str
    kind: SpanKind
    attributes: Mapping[str, Any] | None
    links: Sequence[Link] | None
    trace_state: TraceState
    parent_sampled: bool | None = None
    """The remote or local parent's decision; None for a root and where the parent left it open."""


class Decision(NamedTuple):
    """Whether to record, and what the sampler says of itself on the span."""

    sampled: bool
    attributes: Mapping[str, Any] | None = None
    trace_state: TraceState | None = None
    """Takes the place of the caller's; None keeps that."""
    undecided: bool = False
    """Not sampled as far as others are told, but recorded here until `Delayed` knows more."""


KEEP = Decision(True)
DROP = Decision(False)


@runtime_checkable
class Sampler(Protocol):
    """Decides for the first span of a trace in this process. Any thread may call; it neither waits nor raises."""

    def decide(self, question: Question, /) -> Decision:
        """The decision; the same for the same trace id where the sampler is of the trace id."""


def described(sampled: bool, kind: str, param: float | bool) -> Decision:
    """A decision with Jaeger's `sampler.type` and `sampler.param`, by which its adaptive sampling counts."""
    return Decision(sampled, {"sampler.type": kind, "sampler.param": param})
