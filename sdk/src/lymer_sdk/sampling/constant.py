"""All or nothing."""

from __future__ import annotations

from lymer_sdk.sampling.decision import DROP, KEEP, Decision, Question


class AlwaysOn:
    """Records everything."""

    def decide(self, question: Question, /) -> Decision:
        return KEEP


class AlwaysOff:
    """Records nothing."""

    def decide(self, question: Question, /) -> Decision:
        return DROP
