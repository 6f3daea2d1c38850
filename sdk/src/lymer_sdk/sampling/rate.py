"""So many traces a second: a bucket that fills with time; and a share that never falls below so many a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from lymer_sdk.forked import begins_again_in_child
from lymer_sdk.sampling.decision import DROP, Decision, Question, described
from lymer_sdk.sampling.probability import Probabilistic


class Bucket:
    """Fills with `per_second_max` credits a second up to its size; safe for threads."""

    def __init__(self, per_second_max: float, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        if per_second_max < 0:
            raise ValueError(f"a rate is not negative: {per_second_max}")
        self._clock = monotonic_s
        self.begin_in_child()
        self.per_second_max: float = float(per_second_max)
        self._size = max(self.per_second_max, 1.0)
        self._balance = self._size if per_second_max else 0.0
        self._filled_at = monotonic_s()
        begins_again_in_child(self)

    def begin_in_child(self) -> None:
        """A lock of the child's own."""
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take one credit, if there is one."""
        with self._lock:
            self._fill()
            if self._balance < 1.0:
                return False
            self._balance -= 1.0
            return True

    def change(self, per_second_max: float) -> None:
        """Go on with another rate; what was saved up is kept in proportion."""
        with self._lock:
            self._fill()
            size = max(float(per_second_max), 1.0)
            self._balance *= size / self._size
            self.per_second_max, self._size = float(per_second_max), size

    def _fill(self) -> None:
        now = self._clock()
        self._balance = min(self._balance + (now - self._filled_at) * self.per_second_max, self._size)
        self._filled_at = now


class RateLimiting:
    """At most so many traces a second; fractions are possible (0.1 is one in ten seconds)."""

    def __init__(self, per_second_max: float, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._bucket = Bucket(per_second_max, monotonic_s)
        self._keep = described(True, "ratelimiting", float(per_second_max))

    @property
    def per_second_max(self) -> float:
        """The rate."""
        return self._bucket.per_second_max

    def change(self, per_second_max: float) -> None:
        """Another rate from now on; what was saved up is kept."""
        self._bucket.change(per_second_max)
        self._keep = described(True, "ratelimiting", float(per_second_max))

    def decide(self, question: Question, /) -> Decision:
        return self._keep if self._bucket.take() else DROP


class LowerBound:
    """A share of traces, and where that gives too few, so many a second: Jaeger's guaranteed throughput."""

    def __init__(
        self, probability: float, per_second_min: float, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._share = Probabilistic(probability)
        self._bucket = Bucket(per_second_min, monotonic_s)
        self._keep = described(True, "lowerbound", self._share.probability)

    @property
    def probability(self) -> float:
        """The share."""
        return self._share.probability

    def change(self, probability: float, per_second_min: float) -> None:
        """Another share and bound from now on."""
        if probability != self._share.probability:
            self._share = Probabilistic(probability)
            self._keep = described(True, "lowerbound", self._share.probability)
        if per_second_min != self._bucket.per_second_max:
            self._bucket.change(per_second_min)

    def decide(self, question: Question, /) -> Decision:
        decision = self._share.decide(question)
        took = self._bucket.take()  # a trace that the share keeps counts towards the bound
        return decision if decision.sampled or not took else self._keep
