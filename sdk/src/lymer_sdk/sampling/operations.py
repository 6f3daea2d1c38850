"""A sampler per operation: each has its share and is never silent; new names begin with the default."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from lymer_sdk.sampling.decision import Decision, Question
from lymer_sdk.sampling.probability import Probabilistic
from lymer_sdk.sampling.rate import LowerBound


class PerOperation:
    """Jaeger's per-operation sampler: probabilities by span name, a default, a lower bound for each.

    At most `operations_max` names are remembered; the names after that share the default probability without a bound.
    """

    def __init__(
        self,
        probabilities: Mapping[str, float],
        *,
        default: float = 0.001,
        per_second_min: float = 0.0,
        operations_max: int = 2000,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = monotonic_s
        self.operations_max = operations_max
        self._samplers: dict[str, LowerBound] = {}
        self.change(probabilities, default=default, per_second_min=per_second_min)

    def change(self, probabilities: Mapping[str, float], *, default: float, per_second_min: float) -> None:
        """Go on with other figures; what each operation saved up is kept."""
        self._default = Probabilistic(default)
        self._per_second_min = per_second_min
        for name, sampler in list(self._samplers.items()):
            sampler.change(probabilities.get(name, default), per_second_min)
        for name, probability in probabilities.items():
            if name not in self._samplers and len(self._samplers) < self.operations_max:
                self._samplers[name] = LowerBound(probability, per_second_min, self._clock)

    def decide(self, question: Question, /) -> Decision:
        sampler = self._samplers.get(question.name)
        if sampler is not None:
            return sampler.decide(question)
        if len(self._samplers) >= self.operations_max:
            return self._default.decide(question)
        fresh = LowerBound(self._default.probability, self._per_second_min, self._clock)
        return self._samplers.setdefault(question.name, fresh).decide(question)
