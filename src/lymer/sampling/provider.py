"""The strategies of a file or an address, looked after while the process runs.

A change is taken over whole or not at all: what cannot be read or is wrong is told once, and the strategies from before
stay. The first reading is stricter, because somebody is watching: it stops the start.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Protocol

from lymer.component.base import Component
from lymer.component.clock import Clock
from lymer.component.errors import ConfigError, StartError, UnavailableError
from lymer.component.events import Events
from lymer.sampling.config import SamplingConfig
from lymer.sampling.sources import Source, source_of
from lymer.sampling.strategies import Strategies, default_strategies, read_strategies
from lymer.sampling.strategy import Strategy, StrategyProvider


class StrategyService(Component, StrategyProvider, Protocol):
    """A provider with a beginning and an end."""


class FileStrategies:
    """Strategies from the source that the settings name; the default for everybody where they name none."""

    def __init__(self, config: SamplingConfig, *, events: Events, clock: Clock) -> None:
        self._config = config
        self._events = events
        self._clock = clock
        self._source = source_of(config.strategies, timeout_s=config.url_timeout) if config.strategies else None
        self._strategies = default_strategies(config.default_ratio)
        self._data: bytes | None = None
        self._complaint = ""
        self._watching: asyncio.Task[None] | None = None
        self._counts = {"questions": 0, "loads": 0, "loads_refused": 0, "loaded_unix_s": 0}

    async def strategy_for(self, service: str) -> Strategy:
        """As `StrategyProvider`."""
        self._counts["questions"] += 1
        return self._strategies.of(service)

    async def start(self) -> None:
        """Read the strategies and watch them. Raises ConfigError when they are wrong, StartError when out of reach."""
        self._events.watch("sampling", self._figures)
        if self._source is None:
            return
        try:
            await self._load(self._source)
        except UnavailableError as error:
            raise StartError(f"sampling.strategies: {error}; put it right, or start without it") from error
        except ConfigError as error:
            raise ConfigError(f"sampling.strategies: {error}") from error
        if self._config.reload_interval:
            self._watching = asyncio.create_task(self._watch(self._source), name="watch strategies")

    async def close(self) -> None:
        """As `component.base`."""
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
            self._watching = None

    async def refresh(self) -> bool:
        """Look now. True when other strategies hold from now on; never raises for what the source holds."""
        if self._source is None:
            return False
        try:
            return await self._load(self._source)
        except (ConfigError, UnavailableError) as error:
            self._complain(str(error))
            return False

    async def _watch(self, source: Source) -> None:
        while True:
            await asyncio.sleep(self._config.reload_interval)
            try:
                await self.refresh()
            except Exception as error:
                self._events.unexpected("strategies", error)

    async def _load(self, source: Source) -> bool:
        data = await asyncio.to_thread(source.read)
        if data is None:
            return False
        if data == self._data:
            self._complaint = ""
            return False
        strategies = await asyncio.to_thread(
            read_strategies, data, source=source.name, default_ratio=self._config.default_ratio
        )
        self._take(strategies, data, source)
        return True

    def _take(self, strategies: Strategies, data: bytes, source: Source) -> None:
        self._strategies = strategies
        self._data = data
        self._complaint = ""
        self._counts["loads"] += 1
        self._counts["loaded_unix_s"] = self._clock.now_unix_nano() // 1_000_000_000
        for warning in strategies.warnings:
            self._events.warned("strategies are odd", what=warning)
        self._events.noticed("strategies loaded", source=source.name, services=len(strategies.services))

    def _complain(self, complaint: str) -> None:
        """Once for each mistake, however often it is seen."""
        if complaint != self._complaint:
            self._complaint = complaint
            self._counts["loads_refused"] += 1
            self._events.warned("strategies refused, those from before stay", reason=complaint)

    def _figures(self) -> dict[str, float]:
        return {**self._counts, "services": len(self._strategies.services), "stale": int(bool(self._complaint))}
