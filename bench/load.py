"""The load generator: sends spans over OTLP from a process of its own, as fast as it is answered or at a given rate.

    python -m bench.load http://127.0.0.1:4318 --spans 1000000
    python -m bench.load grpc://127.0.0.1:4317 --seconds 60 --rate 50000

Prints one JSON object: spans acknowledged, seconds, latencies of the acknowledgements in ms, answers that were not OK.
A request is timed from when it should have been sent, so that a stall of the server is seen in full.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import grpc
import numpy as np

from bench.data import Requests, Shape

Send = Callable[[bytes], bool]
"""Sends a request; whether it was acknowledged."""
_METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_RETRYABLE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)


@dataclass(slots=True)
class Outcome:
    """What one connection saw."""

    requests: int = 0
    retries: int = 0
    latencies_s: list[float] = field(default_factory=list)


def run_load(url: str, *options: str, core: int | None = 0) -> dict[str, Any]:
    """Run the load generator and wait for it."""
    return finish(start_load(url, *options, core=core))


def start_load(url: str, *options: str, core: int | None = 0) -> subprocess.Popen[str]:
    """Start the load generator, by default on core 0."""
    pin = [] if core is None else ["--core", str(core)]
    command = [sys.executable, "-m", "bench.load", url, *options, *pin]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What it printed."""
    output, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the load generator ended with {process.returncode}")
    outcome: dict[str, Any] = json.loads(output)
    return outcome


def main() -> None:
    options = _parser().parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    shape = Shape(options.seed, options.spans_per_request, options.keys)
    interval = 10**9 // (options.rate or 250_000)
    requests = Requests(shape, start_unix_nano=options.start or time.time_ns(), span_interval_nano=interval)
    count = options.spans // options.spans_per_request if options.spans else None
    work: queue.Queue[tuple[float, bytes] | None] = queue.Queue(maxsize=2 * options.connections)
    outcomes = [Outcome() for _ in range(options.connections)]
    threads = [threading.Thread(target=_work, args=(options.url, work, outcome)) for outcome in outcomes]
    requests.next()  # The pool is built before the clock runs.
    for thread in threads:
        thread.start()
    began = time.monotonic()
    _feed(work, requests, count, options, began)
    for _ in threads:
        work.put(None)
    for thread in threads:
        thread.join()
    print(json.dumps(_summary(outcomes, options.spans_per_request, time.monotonic() - began)))


def _feed(
    work: queue.Queue[tuple[float, bytes] | None],
    requests: Requests,
    count: int | None,
    options: argparse.Namespace,
    began: float,
) -> None:
    sent = 0
    while count is None or sent < count:
        due = began + sent * options.spans_per_request / options.rate if options.rate else time.monotonic()
        if options.seconds and max(due, time.monotonic()) - began > options.seconds:
            return
        payload = requests.next()
        time.sleep(max(0.0, due - time.monotonic()))
        work.put((due, payload))
        sent += 1


def _work(url: str, work: queue.Queue[tuple[float, bytes] | None], outcome: Outcome) -> None:
    send = _grpc_sender(url) if url.startswith("grpc://") else _http_sender(url)
    while (item := work.get()) is not None:
        due, payload = item
        while not send(payload):
            outcome.retries += 1
            time.sleep(0.05)
        outcome.requests += 1
        outcome.latencies_s.append(time.monotonic() - due)


def _http_sender(url: str) -> Send:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=60)
    headers = {"Content-Type": "application/x-protobuf"}

    def send(payload: bytes) -> bool:
        connection.request("POST", "/v1/traces", payload, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 429, 503):
            raise RuntimeError(f"HTTP {answer.status}: {text[:200]!r}")
        return answer.status == 200

    return send


def _grpc_sender(url: str) -> Send:
    # A subchannel pool of its own gives every sender a connection of its own.
    channel = grpc.insecure_channel(urlsplit(url).netloc, options=[("grpc.use_local_subchannel_pool", 1)])
    export = channel.unary_unary(_METHOD)

    def send(payload: bytes) -> bool:
        try:
            export(payload, timeout=60)
        except grpc.RpcError as error:
            if error.code() not in _RETRYABLE:
                raise
            return False
        return True

    return send


def _summary(outcomes: Sequence[Outcome], spans_per_request: int, seconds: float) -> dict[str, Any]:
    latencies = np.array([latency for outcome in outcomes for latency in outcome.latencies_s]) * 1000
    spans = sum(outcome.requests for outcome in outcomes) * spans_per_request
    p50, p99 = np.percentile(latencies, (50, 99)) if len(latencies) else (0.0, 0.0)
    return {
        "spans": spans,
        "seconds": seconds,
        "spans_per_s": spans / seconds,
        "retries": sum(outcome.retries for outcome in outcomes),
        "ack_p50_ms": float(p50),
        "ack_p99_ms": float(p99),
        "ack_max_ms": float(latencies.max(initial=0.0)),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Send spans over OTLP.")
    option = parser.add_argument
    option("url", help="http://HOST:PORT or grpc://HOST:PORT")
    option("--spans", type=int, help="how many")
    option("--seconds", type=float, help="how long")
    option("--rate", type=int, help="spans a second; without it as fast as it is answered")
    option("--connections", type=int, default=4)
    option("--spans-per-request", type=int, default=500)
    option("--keys", type=int, default=38)
    option("--seed", type=int, default=1)
    option("--start", type=int, help="where the time axis begins, in ns since 1970 (now)")
    option("--core", type=int, help="the CPU to run on")
    return parser


if __name__ == "__main__":
    main()
