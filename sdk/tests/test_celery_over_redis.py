"""Celery's prefork workers with a real Redis between them and the sender: one trace, whole, whatever ends first."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

pytestmark = pytest.mark.slow
PROGRAM = Path(__file__).parent / "programs" / "queue_tasks.py"
TASKS = 5


@pytest.fixture
def redis_url(tmp_path):
    """A server of its own."""
    program = shutil.which("redis-server")
    if program is None:
        reason = "redis-server is not here: apt-get install redis-server"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: answers(port))
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
        connection.sendall(b"PING\r\n")
        return connection.recv(16) == b"+PONG\r\n"


def wait_for(true, seconds=40):
    deadline = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found
    return found


def spans_at(receiver):
    requests = [ExportTraceServiceRequest.FromString(request.body) for request in receiver.received]
    return [span for r in requests for g in r.resource_spans for s in g.scope_spans for span in s.spans]


def tags(span):
    return {pair.key: pair.value.string_value or pair.value.int_value for pair in span.attributes}


@pytest.fixture
def spans(http_receiver, redis_url):
    """What two workers and the sender reported; the workers are told to end as soon as the answers are there."""
    known = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    environment = {**known, "LYMER_ENDPOINT": http_receiver.endpoint, "REDIS_URL": redis_url,
                   "PYTHONPATH": str(PROGRAM.parent)}  # fmt: skip
    celery = str(Path(sys.executable).parent / "celery")
    command = [celery, "-A", "queue_tasks:application", "worker", "-P", "prefork", "-c", "2", "-l", "warning"]
    worker = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        sender = subprocess.run(
            [sys.executable, str(PROGRAM), str(TASKS)], env=environment, capture_output=True, timeout=60, text=True,
            check=False,
        )  # fmt: skip
        assert sender.returncode == 0, sender.stderr
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)
    finally:
        worker.kill()
        worker.communicate()
    assert "no card" in sender.stdout
    return spans_at(http_receiver)


def way(span, by_id):
    """Names from the root to the span."""
    above = by_id.get(span.parent_span_id)
    return [*(way(above, by_id) if above else []), span.name]


def test_a_task_is_below_what_sent_it_and_nothing_is_lost(spans):
    by_id = {span.span_id: span for span in spans}
    assert len(by_id) == len(spans)
    charges = [span for span in spans if span.name.startswith("charge ")]
    assert sorted(span.name for span in charges) == [f"charge {number}" for number in (0, 1, 1, 2, 3, 4)]
    for span in charges:
        assert way(span, by_id)[:2] == ["order", "send charge"]
        assert way(span, by_id)[-2:] == ["process charge", span.name]
    assert {tags(span)["tenant"] for span in charges} == {"blue"}
    assert len({tags(span)["pid"] for span in charges}) >= 3, "children are recycled after two tasks"
    states = {"SUCCESS": [], "RETRY": [], "FAILURE": []}
    for span in spans:
        if span.name == "process charge":
            states[tags(span)["celery.task.state"]].append(span)
    assert {state: len(found) for state, found in states.items()} == {"SUCCESS": 4, "RETRY": 1, "FAILURE": 1}
    (failed,), (retried,) = states["FAILURE"], states["RETRY"]
    assert (failed.status.code, tags(failed)["error.type"]) == (2, "ValueError")
    assert [event.name for event in retried.events] == ["retry"]
    ways = [way(span, by_id) for span in spans if tags(span).get("db.system.name") == "redis"]
    assert ["order", "send charge", "LPUSH"] in ways, "Redis itself is in the trace"
