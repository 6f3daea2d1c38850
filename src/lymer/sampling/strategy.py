"""What a client is told about which traces to record, and the seam that everybody asks.

A `Strategy` is what Jaeger's clients understand: a ratio or a rate for the service, and ratios for single operations.
Not here: where strategies come from (`strategies`), and how they look as bytes (`jaeger_compat`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

DEFAULT_RATIO = 0.001
"""What Jaeger's collector answers when nobody has said anything."""


@dataclass(frozen=True, slots=True)
class OperationRatio:
    """Of the traces that begin with this operation, so many are recorded."""

    operation: str
    ratio: float


@dataclass(frozen=True, slots=True)
class OperationRatios:
    """What holds for single operations of a service."""

    default_ratio: float
    """For operations that are not listed."""
    ratios: tuple[OperationRatio, ...]
    lower_bound_per_s: float = 0.0
    """So many traces of each operation are recorded in a second at least, whatever its ratio."""
    upper_bound_per_s: float = 0.0
    """And so many at most; 0 is no bound."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """How one service shall sample the traces that begin in it."""

    kind: Literal["probabilistic", "ratelimiting"]
    param: float
    """The ratio of traces from 0 to 1, or how many traces in a second."""
    operations: OperationRatios | None = None
    """None where the service's own rule holds for all its operations."""


class StrategyProvider(Protocol):
    """Who knows the strategies: a file, a collector that is asked, later a controller."""

    async def strategy_for(self, service: str) -> Strategy:
        """The strategy of a service; the default for one that nobody has named, never an error for that.

        May be called by many at once. Raises UnavailableError when it cannot be known now.
        """


@dataclass(frozen=True, slots=True)
class FixedStrategy:
    """The same strategy for every service."""

    strategy: Strategy = Strategy("probabilistic", DEFAULT_RATIO)

    async def strategy_for(self, service: str) -> Strategy:
        """As `StrategyProvider`."""
        return self.strategy
