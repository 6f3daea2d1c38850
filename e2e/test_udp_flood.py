"""Spans by UDP as fast as they come: nothing that reached the socket is lost, and what did not is counted, exactly."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from e2e.server import Server, eventually

SPANS_PER_S, SECONDS = 50_000, 5
OVERLOAD_S = 2.0
MESSAGE = (Path(__file__).parents[1] / "corpus" / "jaeger" / "emit-batch-compact.bin").read_bytes()
MESSAGE_SPANS = 2


def test_fifty_thousand_spans_a_second_of_jaeger_client_go_are_all_stored(
    new_server: Callable[..., Server], cache: Path
) -> None:
    server = new_server()
    address = f"127.0.0.1:{server.port('jaeger_udp_compact')}"
    command = [str(cache / "bin" / "goclients"), "jaeger-flood", address, str(SPANS_PER_S), str(SECONDS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    sent = int(done.stdout.split()[-1])
    eventually(lambda: _counter(server, "lymer_spans_stored_total") == sent)
    assert _counter(server, "lymer_datagrams_dropped_total") == 0


def test_at_overload_what_is_stored_and_what_is_dropped_are_what_was_sent(new_server: Callable[..., Server]) -> None:
    server = new_server()
    sent = 0
    end = time.monotonic() + OVERLOAD_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", server.port("jaeger_udp_compact")))
        while time.monotonic() < end:
            for _ in range(100):
                client.send(MESSAGE)
            sent += 100
    eventually(
        lambda: (
            _counter(server, "lymer_datagrams_received_total")
            + _counter(server, "lymer_datagrams_dropped_total", 'cause="kernel"')
            == sent
        )
    )
    received = _counter(server, "lymer_datagrams_received_total")
    eventually(lambda: _counter(server, "lymer_spans_stored_total") == received * MESSAGE_SPANS)
    assert _counter(server, "lymer_datagrams_dropped_total") == sent - received


def _counter(server: Server, name: str, labels: str = "") -> int:
    """The sum of a counter over its labels, or over those that have this text."""
    with urllib.request.urlopen(server.url("admin") + "/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    found = [line for line in lines if line.startswith(f"{name}{{") and labels in line]
    return round(sum(float(line.rpartition(" ")[2]) for line in found))
