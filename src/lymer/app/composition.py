"""One process of a role, composed of its parts. They start from the back door to the front, and close the other way."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Iterable

from lymer.api.health import State, build_admin, build_status
from lymer.app import parts
from lymer.app.budgets import divide
from lymer.app.config import AppConfig
from lymer.app.memory_guard import MemoryGuard
from lymer.app.parts import Ground
from lymer.app.roles import ALL_IN_ONE, Role
from lymer.app.self_tracing import SelfTracing
from lymer.component.base import Endpoint, Receiver
from lymer.component.clock import Clock, SystemClock, new_random
from lymer.component.config import MergedSettings
from lymer.component.events import Events
from lymer.component.http_server import HttpServer
from lymer.component.version import VERSION
from lymer.pipeline.in_flight import InFlight
from lymer.storage.base import SpanStore


class Composition:
    """One process. Making it checks every setting and opens nothing; raises ConfigError."""

    def __init__(self, role: Role, config: AppConfig, merged: MergedSettings, *, events: Events, clock: Clock) -> None:
        self.role = role
        self._events = events
        self._clock = clock
        budgets = divide(config.memory_limit)
        self._in_flight = InFlight(budgets.in_flight_bytes)
        self._guard = MemoryGuard(config.memory_limit, self._in_flight, events=events, clock=clock)
        self._ground = Ground(
            config=config,
            sources=merged.sources,
            budgets=budgets,
            in_flight=self._in_flight,
            events=events,
            clock=clock,
        )
        self.state = State(clock, version=VERSION)
        self._back = parts.make_back(self._ground, role)
        self._self_tracing = self._make_self_tracing() if config.self_tracing and role.has("self_tracing") else None
        self._strategies = parts.make_strategies(self._ground, role)
        self._receivers = self._make_receivers()
        self._sampling = parts.make_sampling(self._ground, self._strategies) if role.has("sampling") else []
        self._remote_storage: list[Receiver] = []
        self._api: HttpServer | None = None
        self._api_path = ""
        if self._back.store is not None:
            self._make_ways_to_ask(self._back.store)
        self._admin, self._agent_admin, self._status = self._make_admins()

    @property
    def endpoints(self) -> list[Endpoint]:
        """What listens where."""
        ui = [Endpoint("ui", f"http://{self._api.address}{self._api_path}")] if self._api else []
        health = self._status or self._admin
        return [
            *ui,
            *(door.endpoint for door in self._doors),
            Endpoint("admin", f"http://{self._admin.address}"),
            *([Endpoint("agent_admin", f"http://{self._agent_admin.address}")] if self._agent_admin else []),
            Endpoint("health", f"http://{health.address}/status"),
        ]

    def address_of(self, name: str) -> str | None:
        """The address of one endpoint; None where it does not listen."""
        return next((endpoint.address for endpoint in self.endpoints if endpoint.name == name), None)

    async def start(self) -> None:
        """As `component.base`. All ports are taken first, so that a taken one is told before the store is opened."""
        begun_s = self._clock.monotonic_s()
        listeners: list[HttpServer | Receiver] = [*self._admins, *self._apis, *self._doors]
        for listener in listeners:
            listener.bind()
        for admin in self._admins:
            await admin.start()
        await self._back.component.start()
        self.state.store_health = self._back.component.health
        self._events.watch(self._back.name, lambda: self._back.component.health().figures)
        self._events.watch_tenants(self._back.name, lambda: self._back.component.health().tenants)
        self._events.watch("requests_in_flight", self._in_flight.figures)
        for api in self._apis:
            await api.start()
        await self._guard.start()
        if self._self_tracing:
            await self._self_tracing.start()
        if self.role.has("sampling"):
            await self._strategies.start()
        for door in self._doors:
            await door.start()
        self.state.enter("ready")
        self._events.started(self.endpoints, seconds=self._clock.monotonic_s() - begun_s)

    async def close(self) -> None:
        """As `component.base`: stop taking in, answer what has begun, close the store."""
        self.state.enter("stopping")
        await _all(
            [
                *(door.close() for door in self._doors),
                *(api.close(timeout_s=1.0) for api in self._apis),
            ]
        )
        await self._strategies.close()
        await self._guard.close()
        if self._self_tracing:
            await self._self_tracing.close()
        await self._back.component.close()
        await _all(admin.close(timeout_s=0.5) for admin in self._admins)

    @property
    def _doors(self) -> list[Receiver]:
        return [*self._remote_storage, *self._receivers, *self._sampling]

    @property
    def _admins(self) -> list[HttpServer]:
        return [server for server in (self._admin, self._agent_admin, self._status) if server]

    @property
    def _apis(self) -> list[HttpServer]:
        return [self._api] if self._api else []

    def _make_admins(self) -> tuple[HttpServer, HttpServer | None, HttpServer | None]:
        """The admin port, its twin at the agent's, and the health check."""
        config, listener = self._ground.config.admin, self._ground.listener
        app = build_admin(self.state, self._events.registry)
        agent_port = None if config.agent_port == config.port else config.agent_port
        return (
            listener("Admin", app, config.port, host=config.host),
            None
            if agent_port is None
            else listener("Agent's admin (admin.agent_port)", app, agent_port, host=config.host),
            None
            if config.status_port is None
            else listener("Health check", build_status(self.state), config.status_port, host=config.host),
        )

    def _make_receivers(self) -> list[Receiver]:
        if not self.role.has("receivers"):
            return []
        front = parts.make_front(self._ground, self.role, self._back.sink)
        return parts.make_receivers(self._ground, front, self._strategies)

    def _make_ways_to_ask(self, store: SpanStore) -> None:
        if self.role.has("remote_storage"):
            self._remote_storage = parts.make_remote_storage(self._ground, store, self._back.sink)
        if self.role.has("api"):
            self._api, self._api_path = parts.make_api(self._ground, store, self._demo_command)

    def _demo_command(self) -> list[str] | None:
        """What sends the last hour of a small shop to this process, once; None where it takes no OTLP over HTTP."""
        address = self.address_of("otlp_http")
        if address is None:
            return None
        command = [sys.executable, "-m", "lymer.cli", "demo", "--once"]
        return [*command, "--endpoint", address.removesuffix("/v1/traces")]

    def _make_self_tracing(self) -> SelfTracing:
        return SelfTracing(
            self._back.sink,
            figures=lambda: self._back.component.health().figures,
            events=self._events,
            clock=self._clock,
            chance=new_random(),
        )


def check(config: AppConfig, merged: MergedSettings, role: Role = ALL_IN_ONE) -> None:
    """Check every setting as a start would, and open nothing. Raises ConfigError."""
    clock = SystemClock()
    Composition(role, config, merged, events=Events(clock=clock), clock=clock)


async def _all(closing: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*closing)
