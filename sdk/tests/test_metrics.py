"""RPC metrics and the client's figures, read back by Prometheus's own parser."""

from __future__ import annotations

import lymer_sdk as lymer
import pytest
from lymer_sdk import MemoryReporter, Reporter, Sampler, prometheus
from lymer_sdk.rpc_metrics import BUCKETS_S, OTHER, RpcMetrics
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families


@pytest.fixture
def started():
    memory = MemoryReporter()

    def start(**given):
        lymer.init(
            "shop", reporter=Reporter.memory(memory), rpc_metrics=True, make_global=False, environment={}, **given
        )
        return lymer.get_tracer(), memory.spans

    yield start
    lymer.close()


def samples(registry):
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {
        (sample.name, *(value for label, value in sorted(sample.labels.items()) if label != "service")): sample.value
        for family in families
        for sample in family.samples
    }


def served(tracer, name, seconds, *, status=200, error=False):
    span = tracer.start_span(name, kind=SpanKind.SERVER, start_time=1_000_000_000)
    span.set_attribute("http.response.status_code", status)
    if error:
        span.set_status(StatusCode.ERROR)
    span.end(1_000_000_000 + int(seconds * 1e9))


@pytest.mark.parametrize("keep", [True, False])
def test_requests_are_counted_whether_they_are_sampled_or_not(started, keep):
    tracer, spans = started(sampler=Sampler.const(keep))
    for seconds in (0.001, 0.03, 20.0):
        served(tracer, "GET /", seconds)
    served(tracer, "GET /", 0.2, status=503, error=True)
    tracer.start_span("inner").end()
    registry = CollectorRegistry()
    prometheus.register(registry)
    found = samples(registry)
    assert found["lymer_rpc_requests_total", "false", "GET /"] == 3
    assert found["lymer_rpc_requests_total", "true", "GET /"] == 1
    assert found["lymer_rpc_duration_seconds_bucket", "false", "0.05", "GET /"] == 2
    assert found["lymer_rpc_duration_seconds_bucket", "false", "+Inf", "GET /"] == 3
    assert found["lymer_rpc_duration_seconds_sum", "false", "GET /"] == pytest.approx(20.031)
    assert found["lymer_rpc_http_requests_total", "GET /", "2xx"] == 3
    assert found["lymer_rpc_http_requests_total", "GET /", "5xx"] == 1
    assert found["lymer_sdk_spans_started_total",] == 5
    assert found["lymer_sdk_spans_dropped_total", "queue_full"] == 0
    assert len(spans) == (5 if keep else 0)


def test_children_of_a_request_that_is_only_counted_are_not_recorded(started):
    tracer, spans = started(sampler=Sampler.const(False))
    with tracer.start_as_current_span("GET /", kind=SpanKind.SERVER) as server:
        child = tracer.start_span("child")
        assert not child.is_recording()
        assert not server.get_span_context().trace_flags.sampled
        assert child.get_span_context().trace_id == server.get_span_context().trace_id
    assert spans == []


def test_a_request_whose_decision_waits_is_counted_once(started):
    tracer, spans = started(sampler=Sampler.delayed(Sampler.const(False)))
    served(tracer, "GET /", 0.1, error=True)
    served(tracer, "GET /", 0.1)
    counts = lymer.client.current().rpc_metrics.counts
    assert sorted(sum(buckets) for buckets in counts.values()) == [1, 1]
    assert len(spans) == 1


def test_no_client_no_figures():
    registry = CollectorRegistry()
    prometheus.register(registry)
    assert generate_latest(registry) == b""


def test_names_are_bounded(started):
    metrics = RpcMetrics(operations_max=2)
    tracer, _ = started()
    for number in range(4):
        span = tracer.start_span(f"s{number}", kind=SpanKind.SERVER, start_time=1)
        span.end(2)
        metrics.observe(span)
    assert {operation.name for operation in metrics.counts} == {"s0", "s1", OTHER}
    assert len(metrics.counts[OTHER, False]) == len(BUCKETS_S) + 1


def test_a_remote_samplers_figures(started, http_receiver):
    started(sampler=Sampler.remote(http_receiver.endpoint))
    sampler = lymer.client.current().provider.sampler
    assert not sampler.refresh()
    registry = CollectorRegistry()
    prometheus.register(registry)
    found = samples(registry)
    assert found["lymer_sdk_sampler_updates_total", "error"] == 1
    assert found["lymer_sdk_sampler", "Remote"] == 1
