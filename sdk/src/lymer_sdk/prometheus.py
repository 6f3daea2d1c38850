"""The client's figures for Prometheus: what was started, sent and lost, how sampling goes, RPC metrics if asked.

Needs `lymer-sdk[prometheus]`. `register()` is enough: the collector reads the client that is current at each scrape.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from lymer_sdk import client
from lymer_sdk.rpc_metrics import BUCKETS_S, RpcMetrics

_REASONS = ("queue_full", "by_receiver", "after_retries", "too_large", "at_exit")
_BOUNDS = (*map(str, BUCKETS_S), "+Inf")


class Collector:
    """What `prometheus_client` calls at each scrape."""

    def collect(self) -> Iterator[Any]:
        """The families; none without a client."""
        built = client.current()
        if built is None:
            return
        service = str(built.provider.resource.attributes.get("service.name", ""))
        yield from _spans(client.stats(), service)
        yield from _sampler(built.provider.sampler, service)
        if built.rpc_metrics is not None:
            yield from _rpc(built.rpc_metrics, service)

    def describe(self) -> Iterator[Any]:
        """Nothing is said before there is a client."""
        return iter(())


def register(registry: CollectorRegistry = REGISTRY) -> Collector:
    """Show the figures in this registry."""
    collector = Collector()
    registry.register(collector)
    return collector


def _spans(stats: dict[str, Any], service: str) -> Iterator[Any]:
    for name, said in (("started", "Spans started, sampled or not."), ("reported", "Spans that a receiver took.")):
        family = CounterMetricFamily(f"lymer_sdk_spans_{name}", said, labels=["service"])
        family.add_metric([service], stats[name])
        yield family
    dropped = CounterMetricFamily("lymer_sdk_spans_dropped", "Spans lost, by reason.", labels=["service", "reason"])
    for reason in _REASONS:
        dropped.add_metric([service, reason], stats[f"dropped_{reason}"])
    yield dropped
    for name, said in (("spans", "Spans that wait."), ("bytes", "About how many bytes they hold.")):
        gauge = GaugeMetricFamily(f"lymer_sdk_queue_{name}", said, labels=["service"])
        gauge.add_metric([service], stats[f"queue_{name}"])
        yield gauge


def _sampler(sampler: Any, service: str) -> Iterator[Any]:
    kind = GaugeMetricFamily("lymer_sdk_sampler", "1 for the sampler in use.", labels=["service", "sampler"])
    kind.add_metric([service, type(sampler).__name__], 1)
    yield kind
    updates = CounterMetricFamily(
        "lymer_sdk_sampler_updates", "Strategies asked for, by result.", labels=["service", "result"]
    )
    updates.add_metric([service, "ok"], getattr(sampler, "updates", 0))
    updates.add_metric([service, "error"], getattr(sampler, "failures", 0))
    yield updates


def _rpc(metrics: RpcMetrics, service: str) -> Iterator[Any]:
    labels = ["service", "operation", "error"]
    requests = CounterMetricFamily("lymer_rpc_requests", "Requests served.", labels=labels)
    durations = HistogramMetricFamily("lymer_rpc_duration_seconds", "How long they took.", labels=labels)
    for operation, counts in list(metrics.counts.items()):
        values = [service, operation.name, "true" if operation.error else "false"]
        sums = list(accumulate(counts))
        requests.add_metric(values, sums[-1])
        durations.add_metric(values, list(zip(_BOUNDS, sums, strict=True)), metrics.seconds[operation])
    yield requests
    yield durations
    statuses = CounterMetricFamily(
        "lymer_rpc_http_requests", "Requests by HTTP status class.", labels=["service", "operation", "status_code"]
    )
    for (name, status), count in list(metrics.statuses.items()):
        statuses.add_metric([service, name, status], count)
    yield statuses
