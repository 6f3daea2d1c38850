"""Rules (the first that fits decides) and tiers (the level of a service or operation decides)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from opentelemetry.trace import SpanKind

from lymer_sdk.sampling.decision import Decision, Question, Sampler
from lymer_sdk.sampling.probability import Probabilistic

TIERS = {"S": 1.0, "A": 0.5, "B": 0.1}
"""Payment and login; orders and queries; reports and event tracking."""


@dataclass(frozen=True)
class Rule:
    """Fits a span when all that is given fits: name and attribute values are shell patterns (`GET /health*`)."""

    sampler: Sampler
    name: str = "*"
    kind: SpanKind | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    def fits(self, question: Question) -> bool:
        """Whether this rule is for that span."""
        if self.kind is not None and question.kind is not self.kind:
            return False
        return fnmatchcase(question.name, self.name) and self._attributes_fit(question.attributes or {})

    def _attributes_fit(self, attributes: Mapping[str, Any]) -> bool:
        return all(
            key in attributes and fnmatchcase(_text(attributes[key]), pattern)
            for key, pattern in self.attributes.items()
        )


class Rules:
    """The first rule that fits decides; none fits, then `otherwise`."""

    def __init__(self, rules: Sequence[Rule], otherwise: Sampler) -> None:
        self._rules = tuple(rules)
        self._otherwise = otherwise

    def decide(self, question: Question, /) -> Decision:
        for rule in self._rules:
            if rule.fits(question):
                return rule.sampler.decide(question)
        return self._otherwise.decide(question)


class Tiers:
    """The attribute `tier` of a new trace's first span names its share; without a known one, `otherwise` decides.

    `tier` here is that of the whole service: it counts where the span does not name one.
    """

    def __init__(
        self, otherwise: Sampler, shares: Mapping[str, float] | None = None, *, tier: str = "", attribute: str = "tier"
    ) -> None:
        self._samplers = {name: Probabilistic(share) for name, share in (shares or TIERS).items()}
        if tier and tier not in self._samplers:
            raise ValueError(f"no tier {tier!r}: there are {', '.join(self._samplers)}")
        self._otherwise = otherwise
        self._tier = tier
        self._attribute = attribute

    def decide(self, question: Question, /) -> Decision:
        attributes = question.attributes
        tier = attributes.get(self._attribute, self._tier) if attributes else self._tier
        return self._samplers.get(str(tier), self._otherwise).decide(question)


def _text(value: Any) -> str:
    return ("false", "true")[value] if isinstance(value, bool) else str(value)
