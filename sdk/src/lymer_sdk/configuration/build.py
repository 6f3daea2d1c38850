"""From settings to what runs: resource, reporters, propagators, provider."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from lymer_sdk.configuration.resolve import Settings
from lymer_sdk.configuration.samplers import Sampling, sampling_of
from lymer_sdk.counters import Stats
from lymer_sdk.http_sender import otlp_sender, thrift_sender, zipkin_sender
from lymer_sdk.ids import new_short_trace_id, new_trace_id
from lymer_sdk.limits import SpanLimits
from lymer_sdk.propagation import Composite, Jaeger, propagators_named
from lymer_sdk.provider import TracerProvider
from lymer_sdk.reporter import BatchReporter, ReporterConfig, Sender
from lymer_sdk.reporters import Fanout, LogReporter, MemoryReporter, SpanReporter
from lymer_sdk.resource import Resource
from lymer_sdk.rpc_metrics import RpcMetrics
from lymer_sdk.sampling import AlwaysOff, Sampler
from lymer_sdk.tls import Tls

MakeSampler = Callable[[str], Sampler]
"""A sampler for a service."""
MakeReporter = Callable[[Resource, Stats, ReporterConfig], SpanReporter]


class Built(NamedTuple):
    """One client: what `lymer_sdk.init` makes current."""

    settings: Settings
    provider: TracerProvider
    reporter: SpanReporter
    propagator: Composite
    rpc_metrics: RpcMetrics | None = None


def build(
    settings: Settings,
    *,
    environment: Mapping[str, str] = os.environ,
    make_sampler: MakeSampler | None = None,
    make_reporters: Sequence[MakeReporter] = (),
) -> Built:
    """All parts, nothing started: threads and sockets begin with the first span. Given parts come before settings."""
    resource = _resource(settings, environment)
    stats = Stats()
    service = str(resource.attributes["service.name"])
    sampling = Sampling(make_sampler(service)) if make_sampler else sampling_of(settings, service)
    reporter = _reporter(settings, resource, stats, make_reporters)
    metrics = RpcMetrics() if settings["rpc_metrics"] else None
    provider = TracerProvider(
        resource=resource,
        sampler=sampling.sampler if settings["enabled"] else AlwaysOff(),
        parent_decides=settings["enabled"] and sampling.parent_decides,
        limits=SpanLimits(**{key: settings[key] for key in SpanLimits._fields}),
        report=reporter.report if settings["enabled"] else None,
        stats=stats,
        new_trace_id=new_trace_id if settings["trace_id_128bit"] else new_short_trace_id,
        measure=metrics.observe if metrics else None,
        report_open_s=settings["report_open_s"] if settings["enabled"] else None,
    )
    return Built(settings, provider, reporter, _propagator(settings), metrics)


def _resource(settings: Settings, environment: Mapping[str, str]) -> Resource:
    attributes = dict(settings["tags"])
    if settings["service"]:
        attributes["service.name"] = settings["service"]
    return Resource.detect(attributes, environment)


def _propagator(settings: Settings) -> Composite:
    named = propagators_named(settings["propagators"])
    jaeger = Jaeger(
        trace_id_header=settings["trace_id_header"],
        baggage_prefix=settings["baggage_prefix"],
        debug_id_header=settings["debug_id_header"],
        debug_per_second_max=settings["debug_per_second_max"],
    )
    return Composite(jaeger if type(one) is Jaeger else one for one in named.propagators)


def _reporter(
    settings: Settings, resource: Resource, stats: Stats, make_reporters: Sequence[MakeReporter]
) -> SpanReporter:
    config = ReporterConfig(**{key: settings[key] for key in _REPORTER_KEYS})
    made = [make(resource, stats, config) for make in make_reporters]
    if not made:
        made = [_named(name, settings, resource, stats, config) for name in settings["reporter"]]
    if settings["log_spans"] and not any(isinstance(reporter, LogReporter) for reporter in made):
        made.append(LogReporter())
    return made[0] if len(made) == 1 else Fanout(made)


def _named(name: str, settings: Settings, resource: Resource, stats: Stats, config: ReporterConfig) -> SpanReporter:
    if name == "log":
        return LogReporter()
    if name == "memory":
        return MemoryReporter()
    if name == "none":
        return Fanout(())
    return BatchReporter(_sender(name, settings, resource), stats, config)


_REPORTER_KEYS = frozenset(
    ("queue_spans_max", "queue_bytes_max", "batch_spans_max", "interval_s", "send_timeout_s", "exit_timeout_s")
)


def _sender(name: str, settings: Settings, resource: Resource) -> Sender:
    if name == "thrift":
        return thrift_sender(
            settings["thrift_endpoint"], resource, user=settings["user"], password=settings["password"]
        )
    if name == "zipkin":
        return zipkin_sender(settings["zipkin_endpoint"], resource)
    if name in ("udp", "udp_binary"):
        from lymer_sdk.udp_sender import UdpSender

        return UdpSender(
            settings["agent_host"],
            settings["agent_port"] or (6831 if name == "udp" else 6832),
            resource,
            binary=name == "udp_binary",
            resolve_interval_s=settings["resolve_interval_s"] if settings["resolve"] else float("inf"),
        )
    if name == "file":
        from lymer_sdk.file_sender import FileSender  # as gRPC: who does not ask for it does not wait for its import

        return FileSender(settings["file_path"], resource)
    return _otlp(settings, resource)


def _otlp(settings: Settings, resource: Resource) -> Sender:
    endpoint, headers, compress = settings["endpoint"], settings["headers"], settings["compress"]
    tls = Tls(settings["certificate"], settings["client_certificate"], settings["client_key"])
    if settings["protocol"] != "grpc":
        as_json = settings["protocol"] == "http/json"
        return otlp_sender(endpoint, resource, headers=headers, compress=compress, as_json=as_json, tls=tls)
    from lymer_sdk.grpc_sender import GrpcSender

    endpoint = endpoint if settings.given("endpoint") else "http://localhost:4317"
    return GrpcSender(endpoint, resource, headers=headers, compress=compress, tls=tls)
