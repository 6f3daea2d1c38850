"""The parts of a process, each made from its section of the configuration.

Making one opens nothing; it raises ConfigError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from lymer.api.config import ApiConfig
from lymer.app.budgets import Budgets
from lymer.app.config import AppConfig
from lymer.app.roles import Role
from lymer.component import registry
from lymer.component.base import Component, Receiver, SpanSink
from lymer.component.clock import Clock, new_random
from lymer.component.config import MergedSettings, read_config
from lymer.component.errors import ConfigError
from lymer.component.events import Events
from lymer.component.http_server import HttpServer
from lymer.exporters.config import ForwardConfig
from lymer.exporters.forward import Forwarder
from lymer.exporters.store import StoreExporter
from lymer.exporters.strategies import CollectorStrategies
from lymer.pipeline.in_flight import InFlight
from lymer.processors.resource_tags import ResourceTags
from lymer.processors.sanitize import Sanitizer
from lymer.query.admission import Admission, QueryConfig
from lymer.query.service import QueryService
from lymer.sampling.provider import FileStrategies, StrategyService
from lymer.sampling.strategy import StrategyProvider
from lymer.storage.base import Health, SpanStore


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What all parts of one process stand on."""

    config: AppConfig
    sources: Mapping[str, str]
    """Where each setting came from, for errors."""
    budgets: Budgets
    in_flight: InFlight
    events: Events
    clock: Clock

    @cached_property
    def admission(self) -> Admission:
        """Through which every question of the process goes: they share turns and memory."""
        return Admission(query_config(self), self.events, self.clock)

    def port(self, port: int) -> int:
        """The port that is meant by this one."""
        return port + self.config.port_offset if port else 0

    def listener(self, what: str, app: Any, port: int, *, host: str | None = None) -> HttpServer:
        """An HTTP server on that port of our address, or of another one."""
        return HttpServer(app, what=what, host=host or self.config.host, port=self.port(port))


class BackComponent(Component, Protocol):
    """A store, or what sends spans on."""

    def health(self) -> Health:
        """How it is, without waiting."""


@dataclass(frozen=True, slots=True)
class Back:
    """The back door: where spans go to."""

    name: str
    """What its figures begin with at `/metrics`."""
    component: BackComponent
    sink: SpanSink
    store: SpanStore | None = None
    """None in an agent, which keeps nothing."""


def make_back(ground: Ground, role: Role) -> Back:
    """The store of the configuration, or the way on to collectors."""
    if role.has("forward"):
        forwarder = make_forwarder(ground)
        return Back("forward", forwarder, forwarder)
    store = make_store(ground)
    return Back("store", store, StoreExporter(store, ground.events), store)


def make_forwarder(ground: Ground) -> Forwarder:
    """What sends spans on."""
    return Forwarder(
        _forward_config(ground),
        data_dir=ground.config.data_dir,
        port_offset=ground.config.port_offset,
        events=ground.events,
        clock=ground.clock,
        chance=new_random(),
    )


def make_strategies(ground: Ground, role: Role) -> StrategyService:
    """Who knows the sampling strategies: our own source; an agent without one asks its collectors."""
    if not role.has("forward") or ground.config.sampling.strategies:
        return FileStrategies(ground.config.sampling, events=ground.events, clock=ground.clock)
    return CollectorStrategies(
        _forward_config(ground),
        port_offset=ground.config.port_offset,
        events=ground.events,
        clock=ground.clock,
        chance=new_random(),
    )


def _forward_config(ground: Ground) -> ForwardConfig:
    return read_config(ForwardConfig, ground.config.forward, path="forward", sources=ground.sources)


def make_store(ground: Ground) -> SpanStore:
    """The store of the configuration, with its part of the memory."""
    settings = dict(ground.config.store)
    name = str(settings.pop("type", "embedded"))
    kind = registry.find("stores", name)
    general = {"memory_bytes": ground.budgets.store_bytes, "retention_s": ground.config.retention}
    given = {key: value for key, value in general.items() if value is not None}
    if given:
        if not hasattr(kind, "settings_for"):
            raise ConfigError(f"store: {name!r} knows no memory limit and no retention; set its own settings instead")
        settings = MergedSettings(kind.settings_for(**given)).over(settings, source="").values
    if hasattr(kind, "settings_beside"):
        settings = {**kind.settings_beside(ground.config.port_offset), **settings}
    store: SpanStore = kind.from_config(settings, data_dir=ground.config.data_dir, clock=ground.clock)
    return store


def make_front(ground: Ground, role: Role, sink: SpanSink) -> SpanSink:
    """What receivers hand to: the processors of the role, then the sink."""
    config = ground.config.sanitizer
    if ground.config.resource_attributes:
        sink = ResourceTags(ground.config.resource_attributes, sink)
    if not role.has("sanitizer") or not config.enabled:
        return sink
    return Sanitizer(config, sink, events=ground.events, clock=ground.clock)


def make_receivers(ground: Ground, sink: SpanSink, strategies: StrategyProvider) -> list[Receiver]:
    """All front doors that are not switched off."""
    receivers: list[Receiver] = []
    for key, settings in ground.config.receivers.items():
        kind = registry.find("receivers", key.partition("/")[0])
        config = read_config(kind.config_type, settings or {}, path=f"receivers.{key}", sources=ground.sources)
        if not config.enabled:
            continue
        asked = {"strategies": strategies} if getattr(kind, "answers_strategies", False) else {}
        receivers.append(
            kind(
                config,
                sink,
                in_flight=ground.in_flight,
                events=ground.events,
                clock=ground.clock,
                host=config.host or ground.config.host,
                port=ground.port(config.port),
                **asked,
            )
        )
    return receivers


def make_sampling(ground: Ground, provider: StrategyProvider) -> list[Receiver]:
    """The ports of the sampling service that are not switched off."""
    from lymer.api.sampling import SamplingGrpc, SamplingHttp

    config = ground.config.sampling
    return [
        kind(provider, events=ground.events, host=door.host or ground.config.host, port=ground.port(door.port))
        for kind, door in ((SamplingHttp, config.http), (SamplingGrpc, config.grpc))
        if door.enabled
    ]


def make_api(ground: Ground, store: SpanStore, demo: Callable[[], list[str] | None]) -> tuple[HttpServer, str]:
    """The page and the APIs, and the path of the page. `demo` is the command that sends demo traffic here."""
    from lymer.api.server import build_api

    config = read_config(ApiConfig, ground.config.api, path="api", sources=ground.sources)
    query = QueryService(store, admission=ground.admission)
    app = build_api(query, config=config, events=ground.events, clock=ground.clock, demo=demo)
    return ground.listener("UI and API", app, config.port, host=config.host), f"{config.prefix}/"


def make_remote_storage(ground: Ground, store: SpanStore, sink: SpanSink) -> list[Receiver]:
    """The port at which others use our store, unless it is switched off."""
    from lymer.api.jaeger_storage import JaegerStorage
    from lymer.api.lymer_storage import LymerStorage
    from lymer.api.remote_storage import RemoteStorage, RemoteStorageConfig
    from lymer.receivers.otlp_grpc import OtlpGrpcConfig, OtlpGrpcReceiver

    config = read_config(
        RemoteStorageConfig, ground.config.remote_storage, path="remote_storage", sources=ground.sources
    )
    if not config.enabled or (_is_elsewhere(store) and "enabled" not in ground.config.remote_storage):
        return []
    events, clock = ground.events, ground.clock
    host, port = config.host or ground.config.host, ground.port(config.port)
    intake = OtlpGrpcConfig(message_bytes_max=config.message_bytes_max)
    otlp = OtlpGrpcReceiver(intake, sink, in_flight=ground.in_flight, events=events, clock=clock, host=host, port=port)
    ours = LymerStorage(
        store,
        lambda place, tenant: StoreExporter(place, events, tenant=tenant),
        ground.admission,
        in_flight=ground.in_flight,
        events=events,
    )
    jaeger = JaegerStorage(QueryService(store, admission=ground.admission), events)
    handlers = [*jaeger.handlers(), *ours.handlers(), otlp.handler]
    return [RemoteStorage(config, handlers, beside=[otlp], host=host, port=port)]


def _is_elsewhere(store: SpanStore) -> bool:
    """Whether others had better ask where the store is than here."""
    return hasattr(store, "settings_beside")


def query_config(ground: Ground) -> QueryConfig:
    """How much questions may cost."""
    general = {} if ground.budgets.query_bytes is None else {"memory_bytes_max": ground.budgets.query_bytes}
    return read_config(QueryConfig, {**general, **ground.config.query}, path="query", sources=ground.sources)
