"""An agent's sampling strategies: those of its collectors, asked over gRPC, remembered for a little while.

A collector that does not answer must not stop an application from knowing what it was told before: then the last answer
holds, and where there is none the question fails.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

import grpc.aio

from lymer.component.clock import Clock
from lymer.component.errors import DecodeError, UnavailableError
from lymer.component.events import Events
from lymer.exporters.collectors import Collectors
from lymer.exporters.config import ForwardConfig
from lymer.sampling.jaeger_proto import METHOD, SERVICE, decode_strategy, encode_parameters
from lymer.sampling.strategy import Strategy

FRESH_S: Final = 5.0
"""An answer so young is given again: many processes of one service ask at the same time."""

SERVICES_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class _Answer:
    strategy: Strategy
    given_s: float


class CollectorStrategies:
    """A `StrategyProvider` with a beginning and an end."""

    def __init__(
        self, config: ForwardConfig, *, port_offset: int, events: Events, clock: Clock, chance: random.Random
    ) -> None:
        targets = config.strategy_targets(port_offset)
        self._collectors = Collectors(targets, config, events=events, clock=clock, chance=chance)
        self._clock = clock
        self._answers: OrderedDict[str, _Answer] = OrderedDict()

    async def start(self) -> None:
        """As `component.base`. No collector need be there."""
        await self._collectors.start()

    async def close(self) -> None:
        """As `component.base`."""
        await self._collectors.close()

    async def strategy_for(self, service: str) -> Strategy:
        """As `StrategyProvider`."""
        known = self._answers.get(service)
        if known is not None and self._clock.monotonic_s() - known.given_s < FRESH_S:
            return known.strategy
        try:
            strategy = await self._ask(service)
        except UnavailableError:
            if known is None:
                raise
            return known.strategy
        self._remember(service, strategy)
        return strategy

    async def _ask(self, service: str) -> Strategy:
        collector = self._collectors.ready()
        if collector is None:
            raise UnavailableError("no collector can be reached")
        try:
            answer = await self._collectors.call(collector, f"/{SERVICE}/{METHOD}", encode_parameters(service))
            return decode_strategy(answer)
        except grpc.aio.AioRpcError as error:
            raise UnavailableError(f"{collector.address}: {error.details()}") from error
        except DecodeError as error:
            raise UnavailableError(f"{collector.address}: {error}") from error

    def _remember(self, service: str, strategy: Strategy) -> None:
        self._answers[service] = _Answer(strategy, self._clock.monotonic_s())
        self._answers.move_to_end(service)
        if len(self._answers) > SERVICES_MAX:
            self._answers.popitem(last=False)
