"""A share of all traces, chosen by their ids, so that every service that asks the same way chooses the same ones.

Jaeger's rule and OpenTelemetry's read different bits of the id: do not mix them along one path, or only the product of
the shares stays whole.
"""

from __future__ import annotations

from lymer_sdk.sampling.decision import DROP, KEEP, Decision, Question, described

_LOW_63 = (1 << 63) - 1
_LOW_64 = (1 << 64) - 1


class Probabilistic:
    """Jaeger's rule: the lower 63 bits of the trace id are at most `probability` of their range."""

    def __init__(self, probability: float) -> None:
        self.probability: float = checked_share(probability)
        self._bound = round(self.probability * _LOW_63)
        self._keep = described(True, "probabilistic", self.probability)

    def keeps(self, trace_id: int) -> bool:
        """Whether this trace is in the share."""
        return trace_id & _LOW_63 <= self._bound and self._bound > 0

    def decide(self, question: Question, /) -> Decision:
        return self._keep if self.keeps(question.trace_id) else DROP


class TraceIdRatio:
    """OpenTelemetry's rule of `traceidratio`: the lower 64 bits of the trace id are below `ratio` of their range.

    Two services with ratios a < b record the same traces in the share a.
    """

    def __init__(self, ratio: float) -> None:
        self.ratio: float = checked_share(ratio)
        self._bound = round(self.ratio * (1 << 64))

    def decide(self, question: Question, /) -> Decision:
        return KEEP if question.trace_id & _LOW_64 < self._bound else DROP


def checked_share(share: float) -> float:
    """The share, if it is one."""
    if not 0 <= share <= 1:
        raise ValueError(f"a share of traces lies between 0 and 1: {share}")
    return float(share)
