"""The same spans by two protocols, each to a server of its own, in turns: CPU of the process until all are durable.

Nothing is sealed meanwhile: sealing costs the same for both and would bring the ratio nearer to 1. Requests are written
by other people's codecs before the clock runs; the best of some rounds counts, so that a busy machine matters less.
"""

from __future__ import annotations

import http.client
import shutil
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bench.data import Requests, Shape
from bench.figures import Options
from bench.process import cpu_s, metrics
from e2e.server import Server
from lymer import _native
from lymer.model.batch import SpanBatch
from lymer.wire.columns import native_columns

SETTINGS = "store: {seal: {age: 1h, idle: 1h}}\n"
ROUNDS = 3
WARM_UP_SHARE = 10
"""One in so many requests comes before the clock runs: the first ones import, connect and fill caches."""
CONNECTIONS = 4
UDP_SPANS_PER_S = 50_000


@dataclass(frozen=True, slots=True)
class Load:
    """Requests of one protocol."""

    name: str
    requests: Sequence[bytes]
    send: Callable[[Server, Sequence[bytes]], None]
    """Returns when all were sent, and acknowledged where the protocol does."""


def span_batches(spans: int) -> list[_native.Batch]:
    """The benchmark's spans as columns, 500 a batch."""
    shape = Shape(pool_requests=max(1, spans // 500))  # The pool once: nothing repeats.
    return [_native.decode_otlp_proto(bytes(payload))[0] for payload in Requests(shape).take(spans // 500)]


def otlp_requests(batches: Sequence[_native.Batch], spans_each: int) -> list[bytes]:
    """The spans as OTLP protobuf, so many a request."""
    return [
        _native.encode_otlp_proto(native_columns(SpanBatch(rows.slice(start, spans_each))))
        for rows in (SpanBatch(batch).record_batch for batch in batches)
        for start in range(0, len(rows), spans_each)
    ]


def poster(port: str, path: str, content_type: str) -> Callable[[Server, Sequence[bytes]], None]:
    """Sends by HTTP over some connections, each as fast as it is answered."""

    def send(server: Server, requests: Sequence[bytes]) -> None:
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            parts = [requests[number::CONNECTIONS] for number in range(CONNECTIONS)]
            list(threads.map(lambda part: _post_all(server.port(port), path, content_type, part), parts))

    return send


def datagrams(port: str, spans_each: float) -> Callable[[Server, Sequence[bytes]], None]:
    """Sends by UDP at a rate at which nothing is dropped, on a busy machine too."""

    def send(server: Server, requests: Sequence[bytes]) -> None:
        began = time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", server.port(port)))
            for number, request in enumerate(requests):
                due = began + number * spans_each / UDP_SPANS_PER_S
                if (ahead := due - time.monotonic()) > 0.001:
                    time.sleep(ahead)
                client.send(request)

    return send


def cpu_us(loads: Sequence[Load], spans: int, options: Options) -> list[float]:
    """CPU of the server, us a span, for each load; the best of the rounds, all loads in turn."""
    best = [float("inf")] * len(loads)
    for _ in range(ROUNDS):
        for position, load in enumerate(loads):
            best[position] = min(best[position], _measure(load, spans, options))
    return best


def _measure(load: Load, spans: int, options: Options) -> float:
    folder = options.folder / f"ingest-{load.name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "lymer.yaml").write_text(SETTINGS)
    server = Server(folder / "data", options=["--config", str(folder / "lymer.yaml")]).start()
    try:
        warm_up = max(1, len(load.requests) // WARM_UP_SHARE)
        load.send(server, load.requests[:warm_up])
        warm = _stored_when_quiet(server)
        before = cpu_s(server.pid)
        load.send(server, load.requests[warm_up:])
        _wait_until_stored(server, spans, load.name)
        return (cpu_s(server.pid) - before) / (spans - warm) * 1e6
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _stored_when_quiet(server: Server) -> int:
    """How many spans are stored, once no more come."""
    stored = -1
    while stored != (stored := int(metrics(server).get("lymer_spans_stored_total", 0))) or not stored:
        time.sleep(0.3)
    return stored


def _wait_until_stored(server: Server, spans: int, name: str) -> None:
    deadline = time.monotonic() + 10
    while (stored := metrics(server).get("lymer_spans_stored_total", 0)) != spans:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{name}: {spans} spans were sent, {stored:.0f} are stored")
        time.sleep(0.2)


def _post_all(port: int, path: str, content_type: str, requests: Sequence[bytes]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for request in requests:
        connection.request("POST", path, request, {"Content-Type": content_type})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 202):
            raise RuntimeError(f"HTTP {answer.status}: {text[:200]!r}")
    connection.close()
