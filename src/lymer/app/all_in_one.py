"""Everything in one process: receivers, store, queries, APIs, admin. Starts back to front, closes front to back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any

from lymer.api.config import ApiConfig
from lymer.api.health import State, build_admin, build_status
from lymer.app.budgets import divide
from lymer.app.config import AppConfig
from lymer.app.memory_guard import MemoryGuard
from lymer.app.self_tracing import SelfTracing
from lymer.component import registry
from lymer.component.base import Endpoint, Receiver
from lymer.component.clock import Clock, SystemClock, new_random
from lymer.component.config import MergedSettings, read_config
from lymer.component.errors import ConfigError
from lymer.component.events import Events
from lymer.component.http_server import HttpServer
from lymer.component.version import VERSION
from lymer.exporters.store import StoreExporter
from lymer.pipeline.in_flight import InFlight
from lymer.query.admission import QueryConfig
from lymer.query.service import QueryService
from lymer.storage.base import SpanStore

API_PORT = 16686


class AllInOne:
    """One process. Making it checks every setting and opens nothing; raises ConfigError."""

    def __init__(self, config: AppConfig, merged: MergedSettings, *, events: Events, clock: Clock) -> None:
        self._config = config
        self._sources = merged.sources
        self._events = events
        self._clock = clock
        self._budgets = divide(config.memory_limit)
        self._in_flight = InFlight(self._budgets.in_flight_bytes)
        self._guard = MemoryGuard(config.memory_limit, self._in_flight, events=events, clock=clock)
        self.state = State(clock, version=VERSION)
        self._store = self._make_store()
        self._admin = self._listener("Admin", build_admin(self.state, events.registry), config.admin.port)
        self._status = self._listener("Health check", build_status(self.state), config.admin.status_port)
        self._sink = StoreExporter(self._store, events)
        self._self_tracing = self._make_self_tracing() if config.self_tracing else None
        self._receivers = self._make_receivers()
        self._api, self._api_path = self._make_api()

    @property
    def endpoints(self) -> list[Endpoint]:
        """What listens where."""
        return [
            Endpoint("ui", f"http://{self._api.address}{self._api_path}"),
            *(receiver.endpoint for receiver in self._receivers),
            Endpoint("admin", f"http://{self._admin.address}"),
            Endpoint("health", f"http://{self._status.address}/status"),
        ]

    def address_of(self, name: str) -> str | None:
        """The address of one endpoint; None where it does not listen."""
        return next((endpoint.address for endpoint in self.endpoints if endpoint.name == name), None)

    async def start(self) -> None:
        """As `component.base`. All ports are taken first, so that a taken one is told before the store is opened."""
        begun_s = self._clock.monotonic_s()
        for server in (self._admin, self._status, self._api):
            server.bind()
        for receiver in self._receivers:
            receiver.bind()
        await self._admin.start()
        await self._status.start()
        await self._store.start()
        self.state.store_health = self._store.health
        self._events.watch("store", lambda: self._store.health().figures)
        self._events.watch("requests_in_flight", self._in_flight.figures)
        await self._api.start()
        await self._guard.start()
        if self._self_tracing:
            await self._self_tracing.start()
        for receiver in self._receivers:
            await receiver.start()
        self.state.enter("ready")
        self._events.started(self.endpoints, seconds=self._clock.monotonic_s() - begun_s)

    async def close(self) -> None:
        """As `component.base`: stop taking in, answer what has begun, close the store."""
        self.state.enter("stopping")
        await _all([*(receiver.close() for receiver in self._receivers), self._api.close(timeout_s=1.0)])
        await self._guard.close()
        if self._self_tracing:
            await self._self_tracing.close()
        await self._store.close()
        await _all(server.close(timeout_s=0.5) for server in (self._admin, self._status))

    def _make_store(self) -> SpanStore:
        settings = dict(self._config.store)
        name = str(settings.pop("type", "embedded"))
        kind = registry.find("stores", name)
        general = {
            "memory_bytes": self._budgets.store_bytes,
            "retention_s": self._config.retention,
        }
        given = {key: value for key, value in general.items() if value is not None}
        if given:
            if not hasattr(kind, "settings_for"):
                raise ConfigError(
                    f"store: {name!r} knows no memory limit and no retention; set its own settings instead"
                )
            settings = MergedSettings(kind.settings_for(**given)).over(settings, source="").values
        store: SpanStore = kind.from_config(settings, data_dir=self._config.data_dir, clock=self._clock)
        return store

    def _make_self_tracing(self) -> SelfTracing:
        return SelfTracing(
            self._sink,
            figures=lambda: self._store.health().figures,
            events=self._events,
            clock=self._clock,
            chance=new_random(),
        )

    def _make_receivers(self) -> list[Receiver]:
        receivers: list[Receiver] = []
        for key, settings in self._config.receivers.items():
            kind = registry.find("receivers", key.partition("/")[0])
            config = read_config(kind.config_type, settings or {}, path=f"receivers.{key}", sources=self._sources)
            if not config.enabled:
                continue
            receivers.append(
                kind(
                    config,
                    self._sink,
                    in_flight=self._in_flight,
                    events=self._events,
                    clock=self._clock,
                    host=config.host or self._config.host,
                    port=self._port(config.port),
                )
            )
        return receivers

    def _make_api(self) -> tuple[HttpServer, str]:
        from lymer.api.server import build_api

        settings = dict(self._config.api)
        port = settings.pop("port", API_PORT)
        if not str(port).isdigit():
            raise ConfigError(f"api.port: must be a number, not {port!r}")
        config = read_config(ApiConfig, settings, path="api", sources=self._sources)
        query = QueryService(self._store, self._query_config(), self._events, self._clock)
        app = build_api(query, config=config, events=self._events, clock=self._clock)
        return self._listener("UI and API", app, int(port)), f"{config.prefix}/"

    def _query_config(self) -> QueryConfig:
        general = {} if self._budgets.query_bytes is None else {"memory_bytes_max": self._budgets.query_bytes}
        return read_config(QueryConfig, {**general, **self._config.query}, path="query", sources=self._sources)

    def _listener(self, what: str, app: Any, port: int) -> HttpServer:
        return HttpServer(app, what=what, host=self._config.host, port=self._port(port))

    def _port(self, port: int) -> int:
        return port + self._config.port_offset if port else 0


def check(config: AppConfig, merged: MergedSettings) -> None:
    """Check every setting as a start would, and open nothing. Raises ConfigError."""
    clock = SystemClock()
    AllInOne(config, merged, events=Events(clock=clock), clock=clock)


async def _all(closing: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*closing)
