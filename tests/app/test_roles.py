"""Roles as processes: what one takes in another one shows, and nothing is lost when one of them is away."""

from __future__ import annotations

import json
import re
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from lymer.app.composition import check
from lymer.app.config import merge_settings, read_app_config
from lymer.app.roles import ROLES
from tests.app.conftest import Lymer, free_offset
from tests.app.test_process import STOP_S, send
from tests.wire.thrift_oracles import jaeger, write

Launch = Callable[..., Lymer]

DATAGRAM = (Path(__file__).parents[2] / "corpus/jaeger/emit-batch-compact.bin").read_bytes()
WAIT_S = 20.0


def ready(lymer: Lymer) -> dict[str, str]:
    return json.loads(lymer.until('"ready"'))


def send_datagrams(lymer: Lymer, count: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(count):
            sender.sendto(DATAGRAM, ("127.0.0.1", 6831 + lymer.offset))


def metric(lymer: Lymer, port: int, pattern: str) -> float:
    """The sum of the samples that match."""
    found = re.findall(rf"^lymer_{pattern}(?:{{[^}}]*}})? ([0-9.e+]+)$", lymer.get(port, "/metrics").text, re.MULTILINE)
    return sum(map(float, found))


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def services(lymer: Lymer) -> list[str]:
    return httpx.get(lymer.url(16686, "/api/services"), timeout=10).json()["data"] or []


def test_a_query_shows_what_a_collector_beside_it_keeps(launch: Launch) -> None:
    collector = launch(role="collector", storage="embedded")
    assert "ui" not in ready(collector)
    query = launch(role="query", storage=None, offset=collector.offset)
    assert "otlp_grpc" not in ready(query)
    assert send(collector).status_code == 200
    assert services(query) == ["missing-service-name"]
    trace = query.get(16686, f"/api/traces/{(b't' * 16).hex()}").json()["data"]
    assert [len(one["spans"]) for one in trace] == [1]
    assert query.get(16687, "/status").json()["healthy"]
    for process in (collector, query):
        process.process.terminate()
        assert process.end(STOP_S)[0] == 0


@pytest.mark.slow
def test_a_query_may_start_first_and_says_what_it_waits_for(launch: Launch) -> None:
    offset = free_offset()
    query = launch(role="query", storage=None, offset=offset)
    ready(query)
    answer = query.get(16686, "/api/services")
    assert answer.status_code == 503
    assert f"127.0.0.1:{17271 + offset}" in answer.text
    ready(launch(role="collector", storage="memory", offset=offset))
    until(lambda: query.get(16686, "/api/services").status_code == 200)


@pytest.mark.slow
def test_two_collectors_may_share_a_remote_storage(launch: Launch) -> None:
    store = launch(role="remote-storage")
    ready(store)
    server = f"127.0.0.1:{17271 + store.offset}"
    for _ in range(2):
        collector = launch(role="collector", storage="grpc", GRPC_STORAGE_SERVER=server)
        assert "remote_storage" not in ready(collector)
        assert send(collector).status_code == 200
    query = launch(role="query", storage=None, SPAN_STORAGE_TYPE="grpc", GRPC_STORAGE_SERVER=server)
    ready(query)
    assert services(query) == ["missing-service-name"]
    agents = {"REPORTER_GRPC_HOST_PORT": f"127.0.0.1:{14250 + collector.offset}", "AGENT_TAGS": "zone=${ZONE:eu}"}
    agent = launch(role="agent", storage=None, **agents)
    ready(agent)
    send_datagrams(agent, 1)
    until(lambda: len(services(query)) > 1)
    service = next(name for name in services(query) if name != "missing-service-name")
    trace = query.get(16686, f"/api/traces?service={service}&start=1&end={2**62}").json()["data"][0]
    tags = [{tag["key"]: tag["value"] for tag in process["tags"]} for process in trace["processes"].values()]
    assert {process.get("zone") for process in tags} == {"eu"}


@pytest.mark.slow
def test_zipkin_spans_that_arrive_twice_are_kept_once(launch: Launch) -> None:
    lymer = launch(storage="embedded")
    ready(lymer)
    now = int(time.time() * 1e6)
    span = {"traceId": "a" * 32, "id": "b" * 16, "name": "get /", "timestamp": now, "duration": 1000}
    for _ in range(2):
        assert httpx.post(lymer.url(9411, "/api/v2/spans"), json=[span], timeout=10).status_code == 202
    trace = lymer.get(16686, f"/api/traces/{'a' * 32}").json()["data"]
    assert [len(one["spans"]) for one in trace] == [1]


def test_an_agent_sends_on_what_comes_by_udp(launch: Launch) -> None:
    collector = launch()
    ready(collector)
    agent = launch(role="agent", storage=None, REPORTER_GRPC_HOST_PORT=f"127.0.0.1:{14250 + collector.offset}")
    assert set(ready(agent)) >= {"jaeger_udp_compact", "sampling_http", "admin"}
    send_datagrams(agent, 3)
    until(lambda: services(collector))
    taken = metric(agent, 14271, "spans_received_total")
    assert taken == metric(agent, 14271, "spans_sent_total") > 0
    assert metric(agent, 14271, "forward_collectors_up") == 1


@pytest.mark.slow
def test_an_agent_asks_the_collector_for_strategies(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "strategies.json").write_text(
        '{"default_strategy": {"type": "probabilistic", "param": 0.25}, "service_strategies": []}'
    )
    collector = launch(SAMPLING_STRATEGIES_FILE=str(tmp_path / "strategies.json"))
    ready(collector)
    agent = launch(role="agent", storage=None, REPORTER_GRPC_HOST_PORT=f"127.0.0.1:{14250 + collector.offset}")
    ready(agent)
    until(lambda: agent.get(5778, "/sampling?service=s").status_code == 200)
    assert agent.get(5778, "/sampling?service=s").json()["probabilisticSampling"]["samplingRate"] == 0.25


@pytest.mark.slow
def test_spans_wait_for_a_collector_over_a_kill_of_the_agent(launch: Launch) -> None:
    """The collector is away, the agent is killed and started again: everything that it took in arrives."""
    offset = free_offset()
    where = {"REPORTER_GRPC_HOST_PORT": f"127.0.0.1:{14250 + offset}"}
    agent = launch(role="agent", storage=None, **where)
    ready(agent)
    send_datagrams(agent, 50)
    until(lambda: metric(agent, 14271, "spans_received_total") == 50 * metric_of_one_datagram())
    waiting = metric(agent, 14271, "forward_spool_spans")
    assert waiting == metric(agent, 14271, "spans_received_total")
    agent.process.send_signal(signal.SIGKILL)
    agent.end()
    collector = launch(offset=offset)
    ready(collector)
    again = launch(role="agent", storage=None, offset=agent.offset, **where)
    ready(again)
    until(lambda: metric(again, 14271, "spans_sent_total") == waiting)
    assert metric(again, 14271, "forward_spool_spans") == 0
    assert metric(collector, 14269, "spans_received_total") == waiting


@pytest.mark.slow
def test_a_killed_collector_costs_no_span_and_none_comes_twice(launch: Launch) -> None:
    """The collector is killed in the middle and comes back over the same data: every trace is there, once."""
    offset = free_offset()
    collector = launch(offset=offset, storage="embedded")
    ready(collector)
    agent = launch(role="agent", storage=None, REPORTER_GRPC_HOST_PORT=f"127.0.0.1:{14250 + offset}")
    ready(agent)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", 6831 + agent.offset))
        for number in range(1, 301):
            sender.send(datagram_of_trace(number))
            time.sleep(0.002)
            if number == 150:
                collector.process.send_signal(signal.SIGKILL)
                collector.end()
    again = launch(offset=offset, storage="embedded")
    ready(again)
    until(lambda: metric(agent, 14271, "forward_spool_spans") == 0)
    found = again.get(16686, "/api/lymer/v1/traces?limit=1000&total=true").json()
    assert found["total"] == 300
    assert {trace["spanCount"] for trace in found["traces"]} == {1}


def datagram_of_trace(number: int) -> bytes:
    """A trace of one span, as another Thrift library writes it."""
    begun_us = time.time_ns() // 1000
    span = jaeger.Span(
        traceIdLow=number,
        traceIdHigh=0,
        spanId=1,
        parentSpanId=0,
        operationName="work",
        flags=1,
        startTime=begun_us,
        duration=9,
    )
    batch = jaeger.Batch(process=jaeger.Process(serviceName="shop"), spans=[span])
    return write("apache compact", jaeger.EmitBatchArguments(batch=batch), "emitBatch")


def metric_of_one_datagram() -> int:
    """How many spans one of our datagrams has."""
    expected = json.loads((Path(__file__).parents[2] / "corpus/jaeger/expected.json").read_text())
    return int(expected["emit-batch-compact.bin"]["rows"])


@pytest.mark.slow
def test_a_full_spool_counts_exactly_what_it_drops(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "agent.yaml").write_text("forward: {spool: {bytes_max: 64KiB}}\n")
    offset = free_offset()
    agent = launch("--config", "agent.yaml", role="agent", storage=None, offset=offset)
    ready(agent)
    for _ in range(20):
        send_datagrams(agent, 40)
        time.sleep(0.02)
    until(lambda: metric(agent, 14271, "spans_received_total") == 800 * metric_of_one_datagram())
    dropped = metric(agent, 14271, "spans_dropped_total")
    assert dropped > 0
    assert dropped + metric(agent, 14271, "forward_spool_spans") == 800 * metric_of_one_datagram()
    assert metric(agent, 14271, "forward_spool_bytes") <= 64 << 10
    ready(launch(role="collector", storage="memory", offset=offset))
    until(lambda: metric(agent, 14271, "forward_spool_spans") == 0)
    sent = metric(agent, 14271, "spans_sent_total")
    assert sent + metric(agent, 14271, "spans_dropped_total") == 800 * metric_of_one_datagram()


@pytest.mark.slow
@pytest.mark.parametrize("role", ["collector", "query", "remote-storage", "agent"])
def test_every_role_starts_and_ends_well(launch: Launch, role: str) -> None:
    lymer = launch(role=role, storage=None)
    told = ready(lymer)
    assert httpx.get(told["health"], timeout=10).status_code == 200
    lymer.process.terminate()
    assert lymer.end(STOP_S)[0] == 0


@pytest.mark.parametrize("role", ["agent", "collector", "query", "remote-storage"])
def test_the_shipped_configuration_is_good(role: str) -> None:
    file = Path(__file__).parents[2] / "deploy" / f"{role}.yaml"
    merged = merge_settings(file=file, environment={}, flags={}, role=ROLES[role])
    check(read_app_config(merged), merged, ROLES[role])


def test_sections_of_another_role_are_remarked_on() -> None:
    file = Path(__file__).parents[2] / "deploy" / "agent.yaml"
    merged = merge_settings(file=file, environment={}, flags={}, role=ROLES["query"])
    assert set(merged.remarks) == {
        f"{section} in {file} says nothing to `lymer query`" for section in ("forward", "resource_attributes")
    }
    assert merge_settings(file=file, environment={}, flags={}, role=ROLES["agent"]).remarks == ()
