"""An OpenTelemetry Collector in front sends everything twice, gRPC with gzip, HTTP with zstd: it is there once."""

import contextlib
import os
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bench.data import Requests, Shape
from e2e.server import Server, eventually

CONFIGURATION = Path(__file__).parent / "collector" / "collector.yaml"
REQUESTS = 20


@pytest.fixture
def collector(lymer: Server, cache: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a Collector that sends to Lymer."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "IN_PORT": str(port),
        "OTLP_GRPC_PORT": str(lymer.port("otlp_grpc")),
        "OTLP_HTTP_PORT": str(lymer.port("otlp_http")),
    }
    log = (tmp_path / "collector.log").open("wb")
    command = [str(cache / "bin" / "otelcol"), "--config", str(CONFIGURATION)]
    with log, subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process:
        url = f"http://127.0.0.1:{port}/v1/traces"
        eventually(lambda: _answers(port))
        yield url
        process.terminate()
        assert process.wait(timeout=20) == 0, (tmp_path / "collector.log").read_text()


def test_what_the_collector_hands_on_is_found_once(collector: str, lymer: Server) -> None:
    payloads = list(Requests(Shape(seed=77, pool_requests=REQUESTS)).take(REQUESTS))
    sent: dict[str, set[str]] = {}
    for payload in payloads:
        request = urllib.request.Request(collector, payload, {"Content-Type": "application/x-protobuf"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 200
        for group in ExportTraceServiceRequest.FromString(payload).resource_spans:
            for span in group.scope_spans[0].spans:
                sent.setdefault(span.trace_id.hex(), set()).add(span.span_id.hex())
    for trace_id, span_ids in sent.items():
        eventually(lambda trace_id=trace_id, span_ids=span_ids: _span_ids(lymer, trace_id) == sorted(span_ids))


def _span_ids(lymer: Server, trace_id: str) -> list[str]:
    return sorted(
        span["spanId"]
        for group in lymer.otlp_trace(trace_id)
        for scope in group["scopeSpans"]
        for span in scope["spans"]
    )


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
