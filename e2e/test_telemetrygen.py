"""The Collector project's own load tool: all that it says it sent is there."""

import subprocess
from pathlib import Path

import pytest

from e2e.server import Server

TRACES, CHILDREN = 500, 4


@pytest.mark.parametrize("transport", ["grpc", "http"])
def test_every_trace_is_found_whole(transport: str, lymer: Server, cache: Path) -> None:
    service = f"telemetrygen-{transport}"
    port = lymer.port("otlp_grpc" if transport == "grpc" else "otlp_http")
    command = [
        str(cache / "bin" / "telemetrygen"),
        "traces",
        "--otlp-insecure",
        *(["--otlp-http"] if transport == "http" else []),
        f"--otlp-endpoint=127.0.0.1:{port}",
        f"--traces={TRACES}",
        f"--child-spans={CHILDREN}",
        "--workers=1",
        "--rate=250",  # Faster than that, its own queue drops spans.
        f"--service={service}",
        '--telemetry-attributes=e2e.key="e2e value"',
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    traces = lymer.get("/api/traces", service=service, limit=2 * TRACES, tags='{"e2e.key":"e2e value"}')["data"]
    assert len(traces) == TRACES
    assert {len(trace["spans"]) for trace in traces} == {1 + CHILDREN}
    assert {process["serviceName"] for trace in traces for process in trace["processes"].values()} == {service}
