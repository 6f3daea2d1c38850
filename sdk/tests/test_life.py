"""The client in real processes: servers that fork, pools, gevent, signals, the end of the interpreter."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from lymer_sdk import forked
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PROGRAMS = Path(__file__).parent / "programs"
BIN = Path(sys.executable).parent


def spans_at(receiver):
    requests = [ExportTraceServiceRequest.FromString(request.body) for request in receiver.received]
    return [span for r in requests for g in r.resource_spans for s in g.scope_spans for span in s.spans]


def names_at(receiver):
    return sorted(span.name for span in spans_at(receiver))


def pids_at(receiver):
    return {pair.value.int_value for span in spans_at(receiver) for pair in span.attributes if pair.key == "pid"}


def wait_for(true, seconds=40):
    deadline = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def environment(receiver, **more):
    known = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    return {**known, "LYMER_ENDPOINT": receiver.endpoint, "PYTHONPATH": str(PROGRAMS), **more}


@contextlib.contextmanager
def running(command, receiver, end=signal.SIGTERM, **more):
    process = subprocess.Popen(command, env=environment(receiver, **more), stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)  # fmt: skip
    try:
        yield process
        process.send_signal(end)
        process.wait(30)
    finally:
        process.kill()
        process.communicate()


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def asked(port):
    def ask():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as response:
                return int(response.read())
        except OSError:
            return 0

    return ask


SERVERS = {
    "gunicorn preload": (signal.SIGTERM, "gunicorn", "--preload", "--workers", "2", "--bind", "127.0.0.1:{port}",
                         "web"),
    "gunicorn threads": (signal.SIGTERM, "gunicorn", "--threads", "2", "--bind", "127.0.0.1:{port}", "web"),
    "gunicorn gevent": (signal.SIGTERM, "gunicorn", "-k", "gevent", "--bind", "127.0.0.1:{port}", "web"),
    "uwsgi": (signal.SIGINT, "uwsgi", "--http-socket", "127.0.0.1:{port}", "--master", "--processes", "2",
              "--stats", "127.0.0.1:{stats}", "--enable-threads", "--module", "web"),
    "uwsgi without threads": (signal.SIGINT, "uwsgi", "--http-socket", "127.0.0.1:{port}", "--master", "--processes",
                              "2", "--stats", "127.0.0.1:{stats}", "--module", "web"),
}  # fmt: skip


def idle(port):
    """Whether every worker of uWSGI is ready and in no request: what the port of its statistics says.

    uWSGI runs the end's hooks of idle workers alone, and a client has the whole answer some time before its worker is
    idle again. A worker that is stopped before it is ready misses the signal: its master waits a minute for it.
    """
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as stats:
            said = json.loads(b"".join(iter(lambda: stats.recv(65536), b"")))
    except ConnectionError:  # the master listens there later than its workers for requests
        return False
    return all(worker["accepting"] and worker["status"] == "idle" for worker in said["workers"])


@pytest.mark.slow
@pytest.mark.parametrize("server", SERVERS)
def test_a_server_that_forks_reports_each_request_and_what_was_before(http_receiver, server):
    port, stats = free_port(), free_port()
    end, program, *arguments = SERVERS[server]
    command = [str(BIN / program), *(argument.format(port=port, stats=stats) for argument in arguments)]
    with running(command, http_receiver, end) as process:
        pids = {wait_for(asked(port))} | {asked(port)() for _ in range(5)}
        assert 0 not in pids, process.poll()
        assert program != "uwsgi" or wait_for(lambda: idle(stats))
    assert wait_for(lambda: names_at(http_receiver).count("GET /") >= 6, 5), names_at(http_receiver)
    names = names_at(http_receiver)
    assert names.count("GET /") == 6
    assert "loaded" in names
    assert pids_at(http_receiver) == pids
    ids = [span.span_id for span in spans_at(http_receiver)]
    assert len(set(ids)) == len(ids)


@pytest.mark.slow
def test_without_threads_uwsgi_sends_after_requests(http_receiver):
    port, stats = free_port(), free_port()
    command = [str(BIN / "uwsgi"), "--http-socket", f"127.0.0.1:{port}", "--stats", f"127.0.0.1:{stats}", "--master",
               "--module", "web"]  # fmt: skip
    with running(command, http_receiver, signal.SIGINT):
        assert wait_for(asked(port))
        assert wait_for(lambda: asked(port)() and "GET /" in names_at(http_receiver))
        assert wait_for(lambda: idle(stats))


@pytest.mark.slow
def test_celerys_children_report_before_they_are_recycled(http_receiver, tmp_path):
    more = {"BROKER_FOLDER": str(tmp_path)}
    program = "import tasks; [tasks.work.delay(number) for number in range(3)]"
    subprocess.run([sys.executable, "-c", program], env=environment(http_receiver, **more), check=True, timeout=60)
    http_receiver.received.clear()
    command = [str(BIN / "celery"), "-A", "tasks:application", "worker", "-P", "prefork", "-c", "1"]
    with running(command, http_receiver, **more):
        wait_for(lambda: {"work 0", "work 1", "work 2"} <= set(names_at(http_receiver)))
    assert names_at(http_receiver) == ["loaded", "work 0", "work 1", "work 2"]
    assert len(pids_at(http_receiver)) == 3


HEAD = "import lymer_sdk, os, sys, time\nlymer_sdk.init('s', interval_s=30.0)\ntracer = lymer_sdk.get_tracer()\n"
ENDS = {
    "a fork that ends by itself": """
with tracer.span('parent'): pass
if os.fork() == 0:
    with tracer.span('child'): pass
else:
    os.wait()
""",
    "multiprocessing fork": """
import multiprocessing
def work():
    with tracer.span('child'): pass
with tracer.span('parent'): pass
process = multiprocessing.get_context('fork').Process(target=work)
process.start(); process.join()
""",
    "a pool": """
import concurrent.futures, multiprocessing
def work():
    with tracer.span('child'): pass
with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context('fork')) as pool:
    pool.submit(work).result()
with tracer.span('parent'): pass
""",
    "gevent": """
import gevent
def work():
    with tracer.span('child'):
        gevent.sleep(0.01)
gevent.joinall([gevent.spawn(work)])
with tracer.span('parent'): pass
""",
    "an exception": """
with tracer.span('child'): pass
with tracer.span('parent'): raise SystemExit(0)
""",
    "a thread that goes on": """
import threading
def work():
    time.sleep(0.1)
    with tracer.span('child'): pass
threading.Thread(target=work).start()
with tracer.span('parent'): pass
""",
    "an object that ends with the interpreter": """
import atexit
def last():
    with tracer.span('child'): pass
atexit.register(last)
with tracer.span('parent'): pass
""",
    "SIGTERM": """
import signal
lymer_sdk.close(); lymer_sdk.init('s', interval_s=30.0, flush_on_sigterm=True)
tracer = lymer_sdk.get_tracer()
with tracer.span('child'): pass
with tracer.span('parent'): pass
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(30)
""",
    "SIGTERM with a handler of its own": """
import signal
signal.signal(signal.SIGTERM, lambda *given: sys.exit(0))
with tracer.span('child'): pass
with tracer.span('parent'): pass
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(30)
""",
}


def test_where_nobody_takes_the_spans_uwsgis_worker_waits_less_and_less_often(monkeypatch):
    now, asked_at, own = [0.0], [], []
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    taken = [True, False, False, False, True, True]
    hook = forked._after_requests(lambda timeout_s: asked_at.append(now[0]) or taken[len(asked_at) - 1],
                                  lambda: own.append(1))  # fmt: skip
    while len(asked_at) < len(taken):
        hook()
        now[0] += 0.5
    assert asked_at == [0.0, 1.0, 3.0, 7.0, 15.0, 16.0]
    assert len(own) == 33, "the application's own hook runs after each request"


@pytest.mark.parametrize("end", ENDS)
def test_what_ended_is_reported_when_the_process_ends(http_receiver, end):
    patch = "from gevent import monkey\nmonkey.patch_all()\n" if end == "gevent" else ""
    command = [sys.executable, "-W", "ignore", "-c", patch + HEAD + ENDS[end]]
    subprocess.run(command, env=environment(http_receiver), timeout=60, check=False)
    assert wait_for(lambda: names_at(http_receiver) == ["child", "parent"], 5), names_at(http_receiver)


def test_a_spawned_process_has_a_client_of_its_own(http_receiver, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import multiprocessing, lymer_sdk\n"
        "lymer_sdk.init('s', interval_s=30.0)\n"
        "def work(name):\n    with lymer_sdk.get_tracer().span(name): pass\n"
        "if __name__ == '__main__':\n"
        "    process = multiprocessing.get_context('spawn').Process(target=work, args=('child',))\n"
        "    process.start(); process.join(); work('parent')\n"
    )
    subprocess.run([sys.executable, str(program)], env=environment(http_receiver), timeout=60, check=True)
    assert names_at(http_receiver) == ["child", "parent"]
