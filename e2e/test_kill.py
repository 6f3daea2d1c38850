"""`kill -9` at full speed, through the real port: what was acknowledged is there, once."""

from __future__ import annotations

import random
import threading
import time
import urllib.error
from collections.abc import Callable
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

import lymer
from bench.data import Requests, Shape
from e2e.server import Server

SENDERS = 4
SAMPLE = 50


@pytest.mark.parametrize("seed", range(10))
def test_every_acknowledged_span_is_there_exactly_once(
    new_server: Callable[..., Server], tmp_path: Path, seed: int
) -> None:
    settings = tmp_path / "lymer.yaml"
    settings.write_text("store: {seal: {spans: 5000, idle: 200ms}}\n")  # So that it dies in the middle of seals too.
    chance = random.Random(seed)
    print(f"seed {seed}")
    server = new_server("--config", str(settings))
    senders = [Sender(server, seed=100 * seed + number) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    time.sleep(chance.uniform(0.3, 1.5))  # The moment of the kill is what is tested; nothing is waited for.
    server.kill()
    for sender in senders:
        sender.join()
    acknowledged = [payload for sender in senders for payload in sender.acknowledged]
    assert acknowledged
    server.start()
    expected = _span_ids(acknowledged)
    _check_sample(server, expected, chance)
    assert server.stop() == 0
    _check_all(server, expected)


class Sender(threading.Thread):
    """Sends until the server has gone."""

    def __init__(self, server: Server, *, seed: int) -> None:
        super().__init__()
        self._server = server
        self._requests = Requests(
            Shape(seed=seed, spans_per_request=100, pool_requests=20), start_unix_nano=time.time_ns()
        )
        self.acknowledged: list[bytes] = []

    def run(self) -> None:
        while True:
            payload = self._requests.next()
            try:
                status, _ = self._server.post_spans(payload)
            except (OSError, urllib.error.URLError):
                return
            if status == 200:
                self.acknowledged.append(payload)


def _span_ids(acknowledged: list[bytes]) -> dict[str, set[str]]:
    """What was acknowledged: the spans of each trace."""
    expected: dict[str, set[str]] = {}
    for payload in acknowledged:
        for group in ExportTraceServiceRequest.FromString(payload).resource_spans:
            for span in group.scope_spans[0].spans:
                expected.setdefault(span.trace_id.hex(), set()).add(span.span_id.hex())
    return expected


def _check_sample(server: Server, expected: dict[str, set[str]], chance: random.Random) -> None:
    """Through the API, while the server does what it does after such a start."""
    for trace_id in chance.sample(sorted(expected), min(SAMPLE, len(expected))):
        found = [
            span["spanId"]
            for group in server.otlp_trace(trace_id)
            for scope in group["scopeSpans"]
            for span in scope["spans"]
        ]
        assert expected[trace_id] <= set(found), f"{trace_id}: acknowledged, but lost"
        assert len(found) == len(set(found)), f"{trace_id}: doubled"


def _check_all(server: Server, expected: dict[str, set[str]]) -> None:
    """Every span, through the library. Sent but not acknowledged ones may be there, too, but not twice either."""
    with lymer.open(server.data_dir) as folder:
        table = folder.spans(bytes.fromhex(trace_id) for trace_id in expected)
    found = [
        (trace_id.hex(), span_id.hex())
        for trace_id, span_id in zip(table["trace_id"].to_pylist(), table["span_id"].to_pylist(), strict=True)
    ]
    wanted = {(trace_id, span_id) for trace_id, span_ids in expected.items() for span_id in span_ids}
    assert len(found) == len(set(found)), "doubled"
    assert wanted <= set(found), f"{len(wanted - set(found))} of {len(wanted)} acknowledged spans are lost"
