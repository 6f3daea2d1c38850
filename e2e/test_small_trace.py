"""Other people's clients, unmodified, one test each: the same small trace comes back whole, whatever way it came."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from e2e.server import Server
from e2e.small_trace import check_small_trace

CLIENTS = Path(__file__).parent / "clients"


def addresses(server: Server) -> dict[str, str]:
    """Where clients send, by the kind of their address."""
    local = "127.0.0.1"
    return {
        "compact": f"{local}:{server.port('jaeger_udp_compact')}",
        "binary": f"{local}:{server.port('jaeger_udp_binary')}",
        "jaeger": f"{server.url('jaeger_http')}/api/traces",
        "jaeger with format": f"{server.url('jaeger_http')}/api/traces?format=jaeger.thrift",
        "zipkin": f"{server.url('zipkin')}/api/v2/spans",
        "otlp http": f"{server.url('otlp_http')}/v1/traces",
        "otlp grpc": f"{local}:{server.port('otlp_grpc')}",
        "otlp grpc url": server.url("otlp_grpc"),
    }


@pytest.mark.parametrize(
    ("client", "address"),
    [
        ("jaeger-udp", "compact"),
        ("jaeger-http", "jaeger with format"),
        ("zipkin", "zipkin"),
        ("otel-zipkin", "zipkin"),
        ("otlp-grpc", "otlp grpc"),
        ("otlp-http", "otlp http"),
    ],
)
def test_go(lymer: Server, cache: Path, client: str, address: str) -> None:
    command = [str(cache / "bin" / "goclients"), client, addresses(lymer)[address]]
    check_small_trace(lymer, _run(command), f"go-{client}")


@pytest.mark.parametrize(
    ("folder", "program", "client", "address"),
    [
        ("java-jaeger", "JaegerClient", "jaeger-udp", "compact"),
        ("java-jaeger", "JaegerClient", "jaeger-http", "jaeger"),
        ("java-otel", "OtelClient", "brave", "zipkin"),
        ("java-otel", "OtelClient", "otel-zipkin", "zipkin"),
        ("java-otel", "OtelClient", "otlp-grpc", "otlp grpc url"),
        ("java-otel", "OtelClient", "otlp-http", "otlp http"),
    ],
)
def test_java(lymer: Server, cache: Path, folder: str, program: str, client: str, address: str) -> None:
    classes = f"{cache / folder / 'classes'}:{cache / folder / 'jars'}/*"
    command = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", classes, program, client]
    check_small_trace(lymer, _run([*command, addresses(lymer)[address]]), f"java-{client}")


@pytest.mark.parametrize(
    ("client", "address"),
    [
        ("jaeger-udp", "binary"),
        ("jaeger-http", "jaeger"),
        ("zipkin-js", "zipkin"),
        ("otel-zipkin", "zipkin"),
        ("otlp-grpc", "otlp grpc url"),
        ("otlp-http", "otlp http"),
        ("otlp-json", "otlp http"),
    ],
)
def test_node(lymer: Server, cache: Path, client: str, address: str) -> None:
    script = cache / "node" / "node_trace.mjs"  # Node looks for packages beside the script.
    script.write_bytes((CLIENTS / script.name).read_bytes())
    check_small_trace(lymer, _run(["node", str(script), client, addresses(lymer)[address]]), f"node-{client}")


def test_python(lymer: Server, cache: Path) -> None:
    command = [str(cache / "python" / "bin" / "python"), str(CLIENTS / "python_zipkin.py"), addresses(lymer)["zipkin"]]
    check_small_trace(lymer, _run(command), "python-otel-zipkin")


def _run(command: list[str]) -> str:
    """The id that the client printed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]
