"""The way out against a real receiver on a socket: acknowledged, slow, refusing, gone; fork and exit."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from lymer_sdk import BatchReporter, ReporterConfig, Resource, TracerProvider
from lymer_sdk.counters import Stats
from lymer_sdk.http_sender import otlp_sender
from lymer_sdk.reporter import Sent
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


class Receiver:
    def __init__(self):
        self.names, self.answers, self.requests = [], [], 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                receiver.requests += 1
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers, answer = receiver.answers.pop(0) if receiver.answers else (200, {}, b"")
                if status == 200:
                    request = ExportTraceServiceRequest.FromString(body)
                    receiver.names += [s.name for r in request.resource_spans for g in r.scope_spans for s in g.spans]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


def start(endpoint, **config):
    stats, resource = Stats(), Resource({"service.name": "t"})
    reporter = BatchReporter(otlp_sender(endpoint, resource), stats, ReporterConfig(**{"interval_s": 0.05, **config}))
    return reporter, stats, TracerProvider(resource=resource, stats=stats, report=reporter.report).get_tracer("t")


def test_all_spans_arrive_and_are_counted(receiver):
    reporter, stats, tracer = start(receiver.endpoint)
    for number in range(2000):
        tracer.start_span(f"s{number}").end()
    assert reporter.flush(5)
    assert receiver.names == [f"s{number}" for number in range(2000)]
    assert (stats.reported, stats.dropped) == (2000, 0)
    reporter.close()


def test_a_busy_receiver_gets_them_later(receiver):
    receiver.answers = [(503, {"Retry-After": "0"}, b""), (429, {}, b"")]
    reporter, stats, tracer = start(receiver.endpoint)
    tracer.start_span("late").end()
    assert reporter.flush(10)
    assert receiver.names == ["late"]
    assert stats.reported == 1
    reporter.close()


def test_what_is_refused_for_good_is_counted_and_not_sent_again(receiver):
    receiver.answers = [(400, {}, b"")]
    reporter, stats, tracer = start(receiver.endpoint)
    tracer.start_span("bad").end()
    assert reporter.flush(5)
    assert (receiver.requests, stats.dropped_by_receiver) == (1, 1)
    assert "400" in stats.last_error
    reporter.close()


def test_partial_success_is_counted(receiver):
    partial = ExportTraceServiceResponse(
        partial_success=ExportTracePartialSuccess(rejected_spans=2, error_message="ids")
    )
    receiver.answers = [(200, {}, partial.SerializeToString())]
    reporter, stats, tracer = start(receiver.endpoint)
    for _ in range(3):
        tracer.start_span("s").end()
    assert reporter.flush(5)
    assert stats.dropped_by_receiver == 2
    reporter.close()


def test_the_queue_is_bounded_and_says_what_it_lost(caplog):
    reporter, stats, tracer = start("http://127.0.0.1:9", queue_spans_max=100, tries_max=1)
    for _ in range(1000):
        tracer.start_span("s").end()
    reporter.close(0.5)
    assert stats.dropped == 1000
    assert stats.reported == 0


def test_the_end_with_a_dead_receiver_takes_no_longer_than_its_deadline():
    reporter, stats, tracer = start("http://127.0.0.1:9")
    tracer.start_span("s").end()
    began = time.monotonic()
    reporter.close(1.0)
    assert time.monotonic() - began < 1.6
    assert stats.dropped == 1


def test_a_process_that_ends_sends_what_it_has(receiver):
    program = f"""
from lymer_sdk import BatchReporter, Resource, TracerProvider
from lymer_sdk.http_sender import otlp_sender
from lymer_sdk.reporter import Sent
from lymer_sdk.counters import Stats
import os
resource, stats = Resource({{}}), Stats()
reporter = BatchReporter(otlp_sender("{receiver.endpoint}", resource), stats)
tracer = TracerProvider(resource=resource, stats=stats, report=reporter.report).get_tracer("t")
tracer.start_span("parent").end()
reporter.flush(5)
if os.fork() == 0:
    tracer.start_span("child").end()
"""
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        check=True,
        timeout=20,
        env={"PYTHONPATH": "src"},
        cwd=Path(__file__).parents[1],
    )
    deadline = time.monotonic() + 10
    while len(receiver.names) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sorted(receiver.names) == ["child", "parent"]


def test_a_sender_that_fails_in_an_unknown_way_does_not_stop_the_reporter():
    sent = []

    class Broken:
        def __call__(self, spans, timeout_s):
            sent.append(len(spans))
            if len(sent) == 1:
                raise RuntimeError("a fault")
            return Sent()

        def close(self):
            pass

    stats = Stats()
    reporter = BatchReporter(Broken(), stats, ReporterConfig(interval_s=0.01))
    tracer = TracerProvider(resource=Resource({}), stats=stats, report=reporter.report).get_tracer("t")
    tracer.start_span("a").end()
    assert reporter.flush(5)
    tracer.start_span("b").end()
    assert reporter.flush(5)
    reporter.close()
    assert (stats.reported, stats.dropped_after_retries, sent) == (1, 1, [1, 1])
    assert stats.last_error == "RuntimeError: a fault"


def test_a_span_after_the_end_is_counted_as_lost():
    reporter, stats, tracer = start("http://127.0.0.1:9")
    reporter.close(0.1)
    reporter.close(0.1)
    tracer.start_span("late").end()
    assert stats.dropped_at_exit == 1


def test_a_send_that_hangs_at_the_end_is_counted_once():
    hang = threading.Event()

    class Hanging:
        def __call__(self, spans, timeout_s):
            hang.wait(10)
            return Sent()

        def close(self):
            pass

    stats = Stats()
    reporter = BatchReporter(Hanging(), stats, ReporterConfig(interval_s=0.01))
    tracer = TracerProvider(resource=Resource({}), stats=stats, report=reporter.report).get_tracer("t")
    tracer.start_span("s").end()
    assert not reporter.close(0.3)
    assert stats.dropped_at_exit == 1
    thread = reporter._thread
    hang.set()
    thread.join(5)
    assert (stats.dropped, stats.reported) == (1, 0)


def test_spans_that_end_when_no_thread_can_start_any_more_are_sent_at_the_end(receiver, monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    reporter, stats, tracer = start(receiver.endpoint)
    tracer.start_span("late").end()
    monkeypatch.undo()
    assert reporter.close(5)
    assert receiver.names == ["late"]
    assert stats.reported == 1
