"""Jaeger's and Zipkin's ports under input that no client should send: an answer each, bounded memory, others served."""

from __future__ import annotations

import gzip
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from bench.process import anonymous_bytes
from e2e.server import Server, eventually

CORPUS = Path(__file__).parents[1] / "corpus"
MIB = 1 << 20
MEMORY_BYTES_MAX = 400 * MIB


def test_bombs_floods_and_damage_cost_bounded_memory_and_the_ports_go_on(new_server: Callable[..., Server]) -> None:
    server = new_server()
    spans, thrift = server.url("zipkin") + "/api/v2/spans", server.url("jaeger_http") + "/api/traces"
    bomb = gzip.compress(b"[" + b" " * (200 * MIB) + b"]", compresslevel=9)
    assert _post(spans, bomb, "application/json", "gzip") == 413
    assert _post(thrift, bomb, "application/x-thrift", "gzip") == 413
    assert _post(spans, b"[" * (10 * MIB), "application/json") == 400
    assert _post(spans, b"x" * (21 * MIB), "application/json") == 413
    # Two million empty structs where spans are wanted, none of which may become a row.
    assert _post(thrift, b"\x0f\x00\x02\x0c\x00\x1e\x84\x80" + b"\x00" * 2_000_001, "application/x-thrift") == 202
    _send_corpus(server)
    assert anonymous_bytes(server.pid) < MEMORY_BYTES_MAX
    _still_serves(server, spans)
    assert server.stop() == 0
    assert '"level": "error"' not in server.log.read_text()


def _send_corpus(server: Server) -> None:
    """Every piece of it to every UDP port, whole and cut."""
    payloads = [path.read_bytes() for folder in ("jaeger", "zipkin") for path in sorted((CORPUS / folder).iterdir())]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for port in ("jaeger_udp_compact", "jaeger_udp_binary", "jaeger_udp_zipkin"):
            for payload in payloads:
                for end in (len(payload), len(payload) // 2, 1):
                    client.sendto(payload[:end], ("127.0.0.1", server.port(port)))
            client.sendto(b"\x82" * 65_000, ("127.0.0.1", server.port(port)))


def _still_serves(server: Server, url: str) -> None:
    span = {"traceId": "abc1", "id": "1", "name": "polite", "timestamp": 1_763_000_000_000_000}
    assert _post(url, json.dumps([span]).encode(), "application/json") == 202
    assert eventually(lambda: server.get_or_none("/api/traces/abc1"))


def _post(url: str, body: bytes, content_type: str, encoding: str = "identity") -> int:
    headers = {"Content-Type": content_type, "Content-Encoding": encoding}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
