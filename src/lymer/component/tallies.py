"""Counters and histograms of what happens with every request: counted in plain numbers, a tenth of the usual price.

They become Prometheus' metrics when somebody asks; what is shown is what its own would show. Not here: which there are,
and what they mean (`component.events`).
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from lymer.component.clock import Clock


class Tally(Collector):
    """A counter with labels. For any thread."""

    def __init__(self, name: str, meaning: str, labels: Sequence[str], *, clock: Clock) -> None:
        self._name, self._meaning, self._labels = name, meaning, labels
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, ...], int] = {}
        self._created_s: dict[tuple[str, ...], float] = {}

    def add(self, count: int, *labels: str) -> None:
        """So many more with these labels. 0 shows that they are there."""
        with self._lock:
            if labels in self._counts:
                self._counts[labels] += count
            else:
                self._created_s[labels] = self._clock.now_unix_nano() / 1e9
                self._counts[labels] = count

    def describe(self) -> list[CounterMetricFamily]:
        """The name alone."""
        return [CounterMetricFamily(self._name, self._meaning, labels=self._labels)]

    def collect(self) -> Iterator[CounterMetricFamily]:
        (family,) = self.describe()
        for labels, count in tuple(self._counts.items()):
            family.add_metric(labels, count, created=self._created_s[labels])
        yield family


@dataclass(slots=True)
class _Cell:
    """What was observed with some labels."""

    created_s: float
    counts: list[int]
    """By bucket; the last is for what is above all bounds."""
    sum: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


class TallyOfSeconds(Collector):
    """A histogram with labels. For any thread."""

    def __init__(
        self, name: str, meaning: str, labels: Sequence[str], *, buckets_s: Sequence[float], clock: Clock
    ) -> None:
        self._name, self._meaning, self._labels = name, meaning, labels
        self._bounds_s = buckets_s
        self._clock = clock
        self._cells: dict[tuple[str, ...], _Cell] = {}

    def observe(self, seconds: float, *labels: str) -> None:
        """Something with these labels took so long."""
        cell = self._cells.get(labels) or self._cells.setdefault(labels, self._new_cell())
        with cell.lock:
            cell.counts[bisect_left(self._bounds_s, seconds)] += 1
            cell.sum += seconds

    def describe(self) -> list[HistogramMetricFamily]:
        """The name alone."""
        return [HistogramMetricFamily(self._name, self._meaning, labels=self._labels)]

    def collect(self) -> Iterator[HistogramMetricFamily]:
        (family,) = self.describe()
        bounds = [*(repr(float(bound)) for bound in self._bounds_s), "+Inf"]
        for labels, cell in tuple(self._cells.items()):
            with cell.lock:
                counts, total_s = tuple(accumulate(cell.counts)), cell.sum
            family.add_metric(labels, list(zip(bounds, counts, strict=True)), total_s)
            family.add_sample(f"{self._name}_created", dict(zip(self._labels, labels, strict=True)), cell.created_s)
        yield family

    def _new_cell(self) -> _Cell:
        return _Cell(self._clock.now_unix_nano() / 1e9, [0] * (len(self._bounds_s) + 1))
