"""The short API as applications use it, from `init` to the end of the process."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lymer_sdk as lymer
import pytest
from lymer_sdk import MemoryReporter, Reporter, Sampler
from lymer_sdk.sampling import Delayed, PerOperation, RateLimiting, Remote, Rules, Tiers
from opentelemetry import trace as api
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@pytest.fixture
def memory():
    memory = MemoryReporter()
    lymer.init("shop", reporter=Reporter.memory(memory), make_global=False, environment={})
    yield memory
    lymer.close()


def test_functions_coroutines_and_generators_are_spans(memory):
    @lymer.trace
    def plain():
        return lymer.current_span()

    @lymer.trace("named", kind="client", tier="S")
    async def work():
        return plain()

    @lymer.trace()
    def numbers():
        yield 1

    inner = asyncio.run(work())
    assert list(numbers()) == [1]
    first, second, third = memory.spans
    assert first is inner
    assert first.name.endswith("plain")
    assert (second.name, second.kind, second.attributes) == ("named", api.SpanKind.CLIENT, {"tier": "S"})
    assert first.parent_span_id == second.span_id
    assert third.name.endswith("numbers")


def test_a_decorated_function_works_before_init_and_after_close():
    @lymer.trace
    def work():
        return lymer.current_span().is_recording()

    assert work() is False
    assert lymer.stats() == {}
    assert lymer.flush()
    assert lymer.close()


def test_work_in_a_pool_keeps_its_parent(memory):
    with ThreadPoolExecutor(1) as pool, lymer.get_tracer().span("parent") as parent:
        assert pool.submit(lymer.wrap(lymer.current_span)).result() is parent
        assert pool.submit(lymer.current_span).result() is api.INVALID_SPAN


def test_a_message_is_handled_below_its_sender(memory):
    with lymer.get_tracer().span("send", kind="producer") as sent:
        sent.baggage["tenant_id"] = "blue"
        headers = lymer.inject([])
    with lymer.consume(headers, "process", topic="orders") as handled:
        assert handled.parent_span_id == sent.span_id
        assert lymer.baggage("tenant_id") == "blue"
        assert handled.baggage["tenant_id"] == "blue"
        assert handled.baggage.get("other", 5) == 5
    with lymer.consume([headers, []], "batch", batch_links=True) as batch:
        assert batch.parent_span_id == 0
    assert [link.context.span_id for link in batch.links] == [sent.span_id]
    assert handled.kind is api.SpanKind.CONSUMER
    assert lymer.baggage() == {}


def test_init_a_second_time_says_so(memory, caplog):
    lymer.init("other", environment={})
    assert "changes nothing" in caplog.text
    assert lymer.stats()["started"] == 0


def test_stats_tell_what_waits_and_what_is_wrong():
    lymer.init("s", reporter="otlp", endpoint="http://127.0.0.1:9", sampler="remote", make_global=False, environment={})
    tracer = lymer.get_tracer()
    lymer.client.current().provider.sampler.last_error = "no server"
    tracer.start_span("s").end()
    stats = lymer.stats()
    assert (stats["started"], stats["sampler"], stats["sampler_error"]) == (1, "Remote", "no server")
    assert {"queue_spans", "queue_bytes", "dropped", "reported"} <= stats.keys()
    assert "endpoint = 'http://127.0.0.1:9' (code)" in lymer.settings()
    lymer.close(0.1)
    assert lymer.settings() == []


def test_samplers_are_named_in_code():
    shares = {"S": 1.0}
    choices = {
        Sampler.remote("http://c:1/x", initial=Sampler.probabilistic(0.5)): Remote,
        Sampler.remote(tiers=shares): Tiers,
        Sampler.rate_limit(5): RateLimiting,
        Sampler.per_operation({"a": 1.0}): PerOperation,
        Sampler.delayed(Sampler.const(False), slow_s=1.0): Delayed,
        Sampler.rules([], Sampler.consistent(0.5)): Rules,
        Sampler.tiers(tier="A"): Tiers,
    }
    for choice, kind in choices.items():
        lymer.init("shop", sampler=choice, reporter="none", make_global=False, environment={})
        assert isinstance(lymer.client.current().provider.sampler, kind)
        lymer.close()
    assert Sampler.remote("http://c:1/x")("shop")._url == "http://c:1/x?service=shop"


def test_reporters_add_up(http_receiver):
    memory = MemoryReporter(spans_max=2)
    reporter = (
        Reporter.otlp(http_receiver.endpoint, headers={"x": "y"}) | Reporter.memory(memory) | Reporter.log_spans()
    )
    tracer = lymer.init("shop", reporter=reporter, make_global=False, environment={})
    for name in "abc":
        tracer.start_span(name).end()
    assert lymer.flush(5)
    lymer.close()
    request = ExportTraceServiceRequest.FromString(http_receiver.received[0].body)
    assert [span.name for span in request.resource_spans[0].scope_spans[0].spans] == ["a", "b", "c"]
    assert [span.name for span in memory.spans] == ["b", "c"]


def test_log_spans_writes_a_line(caplog):
    caplog.set_level("INFO", "lymer_sdk.spans")
    lymer.init("shop", reporter=Reporter.log_spans(), make_global=False, environment={}).start_span("hello").end()
    lymer.close()
    assert "hello" in caplog.text


def run(program, endpoint, **options):
    environment = {"PYTHONPATH": os.pathsep.join(["src", *sys.path]), "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", program],
        env=environment,
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )


def names(receiver):
    requests = [ExportTraceServiceRequest.FromString(request.body) for request in receiver.received]
    return [s.name for r in requests for g in r.resource_spans for scope in g.scope_spans for s in scope.spans]


def test_one_call_is_enough_for_both_apis(http_receiver):
    program = """
import lymer_sdk, opentracing
from opentelemetry import trace, propagate
lymer_sdk.init("shop")
with trace.get_tracer("m").start_as_current_span("telemetry"):
    with opentracing.global_tracer().start_active_span("tracing"):
        carrier = {}
        propagate.inject(carrier)
print(carrier["traceparent"])
"""
    process = run(program, http_receiver.endpoint)
    output, _ = process.communicate(timeout=20)
    assert output.startswith("00-")
    assert names(http_receiver) == ["tracing", "telemetry"]


@pytest.mark.parametrize("own_handler", [False, True])
def test_sigterm_does_not_lose_the_queue_if_asked(http_receiver, own_handler):
    handler = "signal.signal(signal.SIGTERM, lambda *a: sys.exit(7))" if own_handler else ""
    program = f"""
import signal, sys, time, lymer_sdk
{handler}
tracer = lymer_sdk.init("shop", interval_s=60, flush_on_sigterm=True)
tracer.start_span("last words").end()
print("ready", flush=True)
time.sleep(20)
"""
    process = run(program, http_receiver.endpoint)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == (7 if own_handler else -signal.SIGTERM)
    assert names(http_receiver) == ["last words"]


def test_a_child_forked_while_a_batch_is_on_its_way_sends_its_own_and_nothing_twice(http_receiver):
    program = """
import os, lymer_sdk
tracer = lymer_sdk.init("shop", interval_s=0.01)
for number in range(3000):
    tracer.start_span(f"parent {number}").end()
children = []
for child in range(3):
    pid = os.fork()
    if pid == 0:
        tracer.start_span(f"child {child}").end()
        assert lymer_sdk.stats()["started"] == 1
        raise SystemExit
    children.append(pid)
for pid in children:
    os.waitpid(pid, 0)
"""
    process = run(program, http_receiver.endpoint)
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert sorted(names(http_receiver)) == sorted(
        [*(f"parent {number}" for number in range(3000)), *(f"child {number}" for number in range(3))]
    )


def test_the_first_span_is_there_soon():
    program = """
import time
began = time.process_time()
import lymer_sdk
lymer_sdk.init("shop", reporter="memory").start_span("s").end()
print(time.process_time() - began)
"""
    seconds = []
    for _ in range(3):
        output, _ = run(program, "http://127.0.0.1:9").communicate(timeout=20)
        seconds.append(float(output))
    assert min(seconds) < 0.15, "60 ms on an idle machine; three times that here"
    assert time.process_time() > 0
