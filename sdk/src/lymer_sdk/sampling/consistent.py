"""Consistent probability sampling: OpenTelemetry's threshold and randomness in `tracestate` (`ot=th:...;rv:...`).

Where every service samples this way, a service with a share of a quarter keeps traces that one with a half keeps too,
and a back end can weigh each span by what its threshold says. Members of others in tracestate are kept as they are.
Specification: opentelemetry-specification, "TraceState: Probability Sampling".
"""

from __future__ import annotations

from opentelemetry.trace import TraceState

from lymer_sdk.sampling.decision import Decision, Question
from lymer_sdk.sampling.probability import checked_share

_BITS = 56
_ALL = 1 << _BITS
_HEX_DIGITS = 14


class ConsistentProbability:
    """Keeps a trace whose randomness is at least the threshold of this share. Shares below 2^-56 keep nothing."""

    def __init__(self, probability: float) -> None:
        self.probability: float = checked_share(probability)
        self._threshold = _ALL - round(self.probability * _ALL)
        self._th = f"{self._threshold:014x}".rstrip("0") or "0"

    def decide(self, question: Question, /) -> Decision:
        members = read_members(question.trace_state.get("ot", ""))
        sampled = self._threshold < _ALL and randomness(question.trace_id, members) >= self._threshold
        members.pop("th", None)
        if sampled:
            members = {"th": self._th, **members}
        return Decision(sampled, None, with_members(question.trace_state, members))


def read_members(text: str) -> dict[str, str]:
    """The sub-members of the `ot` member."""
    pairs = (item.partition(":") for item in text.split(";"))
    return {key: value for key, colon, value in pairs if colon}


def randomness(trace_id: int, members: dict[str, str]) -> int:
    """56 bits: those that the first service gave, or else the lowest of the trace id."""
    given = members.get("rv", "")
    if len(given) == _HEX_DIGITS:
        try:
            return int(given, 16)
        except ValueError:
            pass
    return trace_id & (_ALL - 1)


def with_members(state: TraceState, members: dict[str, str]) -> TraceState:
    """The state with these sub-members in its `ot` member, which comes first; without any, the member goes."""
    if not members:
        return state.delete("ot") if "ot" in state else state
    value = ";".join(f"{key}:{text}" for key, text in members.items())
    if "ot" in state:
        return state.update("ot", value)
    entries = list(state.items())[:31]
    return TraceState([("ot", value), *entries])
