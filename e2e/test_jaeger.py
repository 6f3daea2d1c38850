"""Jaeger itself, version 2, unmodified: with Lymer as its store, as Lymer's store, as our agent's collector."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from e2e.jaeger import Jaeger
from e2e.otlp import now_nano, request, span, wide_request
from e2e.server import ENVIRONMENT, Server, eventually, free_ports

CORPUS = Path(__file__).parent.parent / "corpus"
MANY = 30_000
"""Spans of a trace that does not fit into one message of gRPC's."""

Start = Callable[..., Jaeger]


@pytest.fixture
def start_jaeger(cache: Path, tmp_path: Path) -> Iterator[Start]:
    started: list[Jaeger] = []

    def start(backend: str, **options: str) -> Jaeger:
        started.append(Jaeger(cache / "bin" / "jaeger", tmp_path, backend, **options))
        return started[-1]

    yield start
    for jaeger in started:
        jaeger.process.kill()
        jaeger.process.wait(timeout=10)


def small_requests() -> list[bytes]:
    front = span(7, 1, name="GET /", kind=2, attributes={"n": 42})
    back = span(7, 2, parent=1, name="query", kind=2, attributes={"db": "orders"})
    return [request("front", [front]), request("back", [back])]


def in_order(trace: dict) -> list[dict]:
    """Spans by their ids, each with its process: Jaeger writes what is queued in any order, and numbers processes."""
    spans = [{**one, "processID": trace["processes"][one["processID"]]} for one in trace["spans"]]
    return sorted(spans, key=lambda one: one["spanID"])


@pytest.fixture
def lymer_with_port(tmp_path: Path) -> Iterator[Server]:
    """An all-in-one that others may use as their store."""
    file = tmp_path / "lymer.yaml"
    file.write_text("remote_storage: {enabled: true}\n")
    server = Server(tmp_path / "data", options=("--config", str(file))).start()
    yield server
    server.close()


def test_jaeger_keeps_its_spans_in_lymer_and_finds_them(lymer_with_port: Server, start_jaeger: Start) -> None:
    endpoint = f"127.0.0.1:{lymer_with_port.port('remote_storage')}"
    jaeger = start_jaeger(f'{{grpc: {{endpoint: "{endpoint}", tls: {{insecure: true}}}}}}')
    assert [jaeger.post(one) for one in small_requests()] == [200, 200]
    eventually(lambda: jaeger.get("/api/services") == ["back", "front"])
    assert jaeger.get("/api/operations", service="front") == [{"name": "GET /", "spanKind": "server"}]
    (trace,) = jaeger.get("/api/traces/7")
    assert {one["operationName"] for one in trace["spans"]} == {"GET /", "query"}
    assert in_order(trace) == in_order(lymer_with_port.get("/api/traces/7")["data"][0])
    times = {"start": (now_nano() - 10**12) // 1000, "end": now_nano() // 1000, "limit": 20}
    for tags, count in (('{"n":"42"}', 1), ('{"n":"43"}', 0), ('{"db":"orders"}', 0)):
        assert len(jaeger.get("/api/traces", service="front", tags=tags, **times)) == count
    edges = jaeger.get("/api/dependencies", endTs=now_nano() // 10**6, lookback=10**7)
    assert edges == [{"parent": "front", "child": "back", "callCount": 1}]


def test_jaeger_reads_a_trace_that_fits_into_no_message(lymer_with_port: Server, start_jaeger: Start) -> None:
    endpoint = f"127.0.0.1:{lymer_with_port.port('remote_storage')}"
    jaeger = start_jaeger(f'{{grpc: {{endpoint: "{endpoint}", tls: {{insecure: true}}, timeout: 60s}}}}')
    body = wide_request("wide", 9, range(MANY), start=now_nano())
    attributes = {"text": "x" * 200}
    padded = request("wide", [span(9, MANY + 1 + number, attributes=attributes) for number in range(20_000)])
    assert [lymer_with_port.post_spans(one)[0] for one in (body, padded)] == [200, 200]
    assert len(padded) > 4 << 20
    (trace,) = jaeger.get("/api/traces/9")
    assert len(trace["spans"]) == MANY + 20_000


def test_lymer_keeps_its_spans_in_jaeger_and_finds_them(start_jaeger: Start, tmp_path: Path) -> None:
    jaeger = start_jaeger("{memory: {max_traces: 1000}}", extensions="remote_storage")
    file = tmp_path / "lymer.yaml"
    file.write_text(f'store: {{type: jaeger_grpc, server: "127.0.0.1:{jaeger.ports["remote"]}"}}\n')
    server = Server(tmp_path / "data", options=("--config", str(file))).start()
    try:
        assert [server.post_spans(one)[0] for one in small_requests()] == [200, 200]
        assert server.get("/api/services")["data"] == ["back", "front"]
        (trace,) = server.get("/api/traces/7")["data"]
        assert [one["operationName"] for one in trace["spans"]] == ["GET /", "query"]
        for tags, count in (('{"n":"42"}', 1), ('{"n":"43"}', 0)):
            assert len(server.get("/api/traces", service="front", tags=tags)["data"]) == count
    finally:
        server.close()


def test_jaegers_collector_takes_what_our_agent_sends(start_jaeger: Start, tmp_path: Path) -> None:
    jaeger = start_jaeger("{memory: {max_traces: 1000}}")
    (udp,) = free_ports(1)
    file = tmp_path / "agent.yaml"
    file.write_text(
        f"receivers: {{jaeger_udp_compact: {{port: {udp}}}, jaeger_udp_binary: {{enabled: false}}, "
        "jaeger_udp_zipkin: {enabled: false}}\n"
        "sampling: {http: {enabled: false}, grpc: {enabled: false}}\nadmin: {port: 0}\n"
        f'forward: {{collectors: ["127.0.0.1:{jaeger.ports["collector"]}"]}}\n'
    )
    command = [sys.executable, "-m", "lymer.cli", "agent", "--config", str(file), "--data-dir", str(tmp_path / "agent")]
    with (tmp_path / "agent.log").open("wb") as log:
        agent = subprocess.Popen(command, stdout=log, stderr=log, env=ENVIRONMENT)
    try:
        eventually(lambda: b'"ready"' in (tmp_path / "agent.log").read_bytes())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto((CORPUS / "jaeger" / "emit-batch-compact.bin").read_bytes(), ("127.0.0.1", udp))
        eventually(lambda: jaeger.get("/api/services") == ["frontend"])
    finally:
        agent.terminate()
        assert agent.wait(timeout=10) == 0
