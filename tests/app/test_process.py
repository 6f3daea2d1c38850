"""`lymer` as a process: readiness, signals, clear errors, exit codes."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.app.conftest import Lymer, free_offset

Launch = Callable[..., Lymer]
STOP_S = 5.0


def a_span() -> bytes:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    spans.add(
        trace_id=b"t" * 16, span_id=b"s" * 8, name="work", start_time_unix_nano=10**18, end_time_unix_nano=10**18 + 5
    )
    return request.SerializeToString()


def send(lymer: Lymer) -> httpx.Response:
    return httpx.post(
        lymer.url(4318, "/v1/traces"), content=a_span(), headers={"content-type": "application/x-protobuf"}, timeout=10
    )


def test_it_says_once_what_listens_where_when_it_is_ready(launch: Launch) -> None:
    lymer = launch()
    ready = json.loads(lymer.until('"ready"'))
    assert ready["ui"] == lymer.url(16686)
    assert ready["otlp_http"] == lymer.url(4318, "/v1/traces")
    assert ready["otlp_grpc"] == f"127.0.0.1:{4317 + lymer.offset}"
    assert lymer.get(14269).json()["status"] == "Server available"
    assert lymer.get(13133, "/status").json()["status"] == "StatusOK"
    assert lymer.get(14269, "/version").json()["gitVersion"].startswith("v")


def test_the_all_in_one_answers_where_the_agent_of_jaeger_has_its_admin_port(launch: Launch) -> None:
    lymer = launch()
    assert json.loads(lymer.until('"ready"'))["agent_admin"] == lymer.url(14271).rstrip("/")
    assert lymer.get(14271).json()["status"] == "Server available"
    for path in ("/version", "/status"):
        assert lymer.get(14271, path).json() == lymer.get(14269, path).json()
    assert "lymer_spans_received_total" in lymer.get(14271, "/metrics").text


def test_the_admin_port_may_be_the_agents(launch: Launch) -> None:
    lymer = launch("--admin.http.host-port=127.0.0.1:14271")
    assert "agent_admin" not in json.loads(lymer.until('"ready"'))
    assert lymer.get(14271).status_code == 200


def test_spans_that_came_in_are_counted_and_found(launch: Launch) -> None:
    lymer = launch()
    lymer.until('"ready"')
    assert send(lymer).status_code == 200
    metrics = lymer.get(14269, "/metrics").text
    assert 'lymer_spans_received_total{format="otlp_proto",transport="http"} 1.0' in metrics
    assert 'lymer_spans_stored_total{tenant="default"} 1.0' in metrics
    assert lymer.get(16686, "/api/services").json()["data"] == ["missing-service-name"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well_and_soon(launch: Launch, number: signal.Signals) -> None:
    lymer = launch()
    lymer.until('"ready"')
    lymer.process.send_signal(number)
    code, said = lymer.end(STOP_S)
    assert code == 0
    assert [json.loads(line)["message"] for line in said.splitlines()] == ["stopping", "stopped"]


@pytest.mark.slow
def test_an_open_connection_does_not_hold_up_the_end(launch: Launch) -> None:
    lymer = launch()
    lymer.until('"ready"')
    with socket.create_connection(("127.0.0.1", 4318 + lymer.offset)) as idle:
        idle.sendall(
            b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"
        )
        assert send(lymer).status_code == 200
        lymer.process.terminate()
        assert lymer.end(STOP_S)[0] == 0


@pytest.mark.slow
def test_a_second_signal_ends_it_at_once(launch: Launch) -> None:
    lymer = launch()
    lymer.until('"ready"')
    with socket.create_connection(("127.0.0.1", 4318 + lymer.offset)) as idle:
        idle.sendall(
            b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"
        )
        assert send(lymer).status_code == 200
        lymer.process.terminate()
        lymer.until('"stopping"')
        time.sleep(0.4)  # Signals that come together are one.
        lymer.process.terminate()
        assert lymer.end(1.0)[0] == 130


@pytest.mark.slow
def test_two_signals_at_the_same_moment_are_one(launch: Launch) -> None:
    lymer = launch()
    lymer.until('"ready"')
    lymer.process.terminate()
    lymer.process.terminate()
    assert lymer.end(STOP_S)[0] == 0


@pytest.mark.slow
def test_spans_on_their_way_at_the_end_are_answered(launch: Launch) -> None:
    """Whoever got no 200 was not told that its spans are safe; nobody gets half an answer."""
    lymer = launch()
    lymer.until('"ready"')
    answers: list[int | str] = []

    def keep_sending() -> None:
        try:
            while True:
                answers.append(send(lymer).status_code)
        except httpx.HTTPError as error:
            answers.append(type(error).__name__)

    sender = threading.Thread(target=keep_sending)
    sender.start()
    while len(answers) < 5:
        time.sleep(0.01)
    lymer.process.terminate()
    assert lymer.end(STOP_S)[0] == 0
    sender.join()
    assert set(answers[:-1]) == {200}
    assert isinstance(answers[-1], str)


@pytest.mark.parametrize("port", [4317, 4318, 13133, 14269, 14271, 16686])
def test_a_taken_port_is_one_line_with_the_cure(launch: Launch, port: int) -> None:
    offset = free_offset()
    with socket.create_server(("127.0.0.1", port + offset)):
        code, said = launch(offset=offset).end()
    assert code == 1
    assert said.count("\n") == 1
    assert f"port {port + offset} is taken" in said
    assert "--port-offset" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--retention", "soon"], "retention: not a duration: 'soon'"),
        (["--memory-limit", "1MiB"], "memory_limit: must be at least 256MiB"),
        (["--storage", "papyrus"], "there is no 'papyrus'; there are: embedded, grpc, jaeger_grpc, memory"),
        (["--host", "no.such.host.invalid"], "is not an address of this machine"),
        (["--base-path", "no-slash"], "base_path: "),
        (["--config", "none.yaml"], "none.yaml: cannot be read"),
        (["--log-level", "loud"], "logs.level: "),
    ],
)
def test_a_bad_setting_is_one_line(launch: Launch, arguments: list[str], said: str) -> None:
    storage = None if "--storage" in arguments else "memory"
    code, line = launch(*arguments, storage=storage).end()
    assert code in (1, 2)
    assert line.count("\n") == 1
    assert line.startswith("lymer: ")
    assert said in line


def test_settings_come_from_file_environment_and_flags(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "lymer.yaml").write_text(
        "store: {type: '${env:WHICH:-memory}'}\nreceivers: {otlp_grpc: {enabled: false}}\napi: {base_path: /file}\n"
    )
    lymer = launch("--config", "lymer.yaml", storage=None, LYMER_BASE_PATH="/environment")
    ready = json.loads(lymer.until('"ready"'))
    assert ready["ui"] == lymer.url(16686, "/environment/")
    assert "otlp_grpc" not in ready
    assert lymer.get(16686, "/environment/api/services").status_code == 200


@pytest.mark.slow
def test_variables_of_jaeger_are_understood(launch: Launch) -> None:
    lymer = launch(storage=None, SPAN_STORAGE_TYPE="memory", QUERY_BASE_PATH="/jaeger")
    assert json.loads(lymer.until('"ready"'))["ui"] == lymer.url(16686, "/jaeger/")


def test_a_start_needs_little_work(launch: Launch) -> None:
    lymer = launch()
    lymer.until('"ready"')
    user, system = Path(f"/proc/{lymer.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    # Processor time, which others on the machine do not lengthen much; bench/ has the goal of 1.5 s to ready.
    assert (int(user) + int(system)) / os.sysconf("SC_CLK_TCK") < 5


@pytest.mark.slow
def test_its_own_work_is_found_when_it_traces_itself(launch: Launch) -> None:
    lymer = launch("--self-tracing")
    lymer.until('"ready"')
    lymer.get(16686, "/api/services")
    deadline = time.monotonic() + 10
    while lymer.get(16686, "/api/services").json()["data"] != ["lymer"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.slow
def test_the_demo_runs_beside_it_and_ends_with_it(launch: Launch) -> None:
    lymer = launch("--demo")
    lymer.until("Ctrl-C ends it")
    assert "checkout" in lymer.get(16686, "/api/services").json()["data"]
    lymer.process.terminate()
    assert lymer.end(STOP_S)[0] == 0  # Reading its output to the end means that the demo has ended too.
