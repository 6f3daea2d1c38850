"""Receivers that are slow, refuse, hang or are gone: the application does not wait, and every lost span is counted."""

from __future__ import annotations

import socket
import threading
import time
from typing import NamedTuple

import pytest
from lymer_sdk import BatchReporter, ReporterConfig, Resource, TracerProvider
from lymer_sdk.counters import Stats
from lymer_sdk.http_sender import otlp_sender

SPANS = 3_000


class Trouble:
    """Takes connections and answers in its own way; `behave` gets each connection."""

    def __init__(self, behave):
        self._server = socket.create_server(("127.0.0.1", 0))
        self._behave = behave
        self.endpoint = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._connections = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._behave, args=(connection,), daemon=True).start()

    def close(self):
        self._server.close()
        for connection in self._connections:
            connection.close()


def request_of(connection):
    """Reads a request to its end; false when the sender is gone."""
    read = b""
    while b"\r\n\r\n" not in read:
        part = connection.recv(65536)
        if not part:
            return False
        read += part
    head, _, body = read.partition(b"\r\n\r\n")
    size = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    while len(body) < size:
        body += connection.recv(65536)
    return True


def answering(status, pause_s=0.0):
    def behave(connection):
        try:
            while request_of(connection):
                time.sleep(pause_s)
                connection.sendall(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
        except OSError:
            pass

    return behave


def hanging(connection):
    """Reads nothing, answers nothing."""


TROUBLES = {"slow": answering(200, 0.3), "refusing": answering(400), "busy": answering(503), "hanging": hanging}


class Run(NamedTuple):
    """What a span cost the application's thread: CPU, and how long it waited; microseconds."""

    cpu: float
    middle: float
    hundredth: float
    """Only one span in a hundred took longer."""
    closing_s: float
    stats: Stats


def run(endpoint):
    stats, resource = Stats(), Resource({"service.name": "t"})
    config = ReporterConfig(interval_s=0.02, queue_spans_max=1_000, send_timeout_s=0.3, tries_max=2)
    reporter = BatchReporter(otlp_sender(endpoint, resource), stats, config)
    tracer = TracerProvider(resource=resource, stats=stats, report=reporter.report).get_tracer("t")
    times = []
    began = time.thread_time()
    for _ in range(SPANS):
        at = time.perf_counter_ns()
        with tracer.start_as_current_span("s") as span:
            span.set_attribute("k", "v")
        times.append(time.perf_counter_ns() - at)
    spent = time.thread_time() - began
    closing = time.monotonic()
    reporter.close(0.5)
    times.sort()
    middle, hundredth = times[SPANS // 2] / 1e3, times[SPANS * 99 // 100] / 1e3
    return Run(spent / SPANS * 1e6, middle, hundredth, time.monotonic() - closing, stats)


@pytest.mark.parametrize("kind", [*TROUBLES, "gone"])
def test_the_application_does_not_wait_and_every_span_is_accounted_for(kind, record_property):
    trouble = Trouble(TROUBLES[kind]) if kind != "gone" else None
    healthy = Trouble(answering(200))
    try:
        usual = [run(healthy.endpoint) for _ in range(3)]
        runs = [run(trouble.endpoint if trouble else "http://127.0.0.1:9") for _ in range(3)]
    finally:
        healthy.close()
        if trouble:
            trouble.close()
    for figure in ("cpu", "middle", "hundredth"):
        before, now = (min(getattr(one, figure) for one in those) for those in (usual, runs))
        record_property(f"{figure} us a span", (round(before, 2), round(now, 2)))
        print(f"{kind}: {figure} {now:.2f} us a span; {before:.2f} with a healthy receiver")
        assert figure == "hundredth" or now < 2 * before + 2  # a hundredth is the machine's, too
    for _, _, _, closing_s, stats in runs:
        assert closing_s < 2.0
        assert stats.started == SPANS
        assert stats.reported + stats.dropped == SPANS, stats.snapshot()
