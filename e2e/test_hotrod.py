"""Jaeger's own demonstration, unmodified: a request through its four services is one trace, found in every way."""

from __future__ import annotations

import os
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.server import Server, eventually, free_ports

SERVICES = {"frontend", "customer", "driver", "route", "mysql", "redis-manual"}


@pytest.fixture
def frontend(lymer: Server, cache: Path, tmp_path: Path) -> Iterator[str]:
    """The address of the running demonstration."""
    ports = free_ports(4)
    names = ("frontend", "customer", "driver", "route")
    options = [f"--{name}-service-port={port}" for name, port in zip(names, ports, strict=True)]
    environment = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": lymer.url("otlp_http")}
    with (tmp_path / "hotrod.log").open("wb") as log:
        process = subprocess.Popen(
            [str(cache / "bin" / "hotrod"), "all", *options], env=environment, stdout=log, stderr=log
        )
        try:
            yield f"http://127.0.0.1:{ports[0]}"
        finally:
            process.terminate()
            process.wait(timeout=10)


def test_a_ride_is_one_trace_of_all_services(lymer: Server, frontend: str) -> None:
    eventually(lambda: _asked(f"{frontend}/dispatch?customer=123&nonse=0.1"))
    trace = eventually(lambda: _whole_trace(lymer))
    services = {process["serviceName"] for process in trace["processes"].values()}
    assert services == SERVICES
    assert len(_roots(trace)) == 1
    edges = lymer.get("/api/dependencies", endTs=4_000_000_000_000, lookback=4_000_000_000_000)["data"]
    assert ("frontend", "driver") in {(edge["parent"], edge["child"]) for edge in edges}


def _asked(url: str) -> bool:
    """Whether the ride was dispatched; false until all services listen."""
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _whole_trace(server: Server) -> dict | None:
    """The longest trace of the frontend, once every service has sent its spans of it; the root is sent last."""
    traces = server.get("/api/traces", service="frontend", limit=20)["data"]
    long = [trace for trace in traces if len(trace["processes"]) >= len(SERVICES) and len(trace["spans"]) >= 30]
    longest = max(long, key=lambda trace: len(trace["spans"]), default=None)
    return longest if longest and _roots(longest) else None


def _roots(trace: dict) -> list[dict]:
    return [span for span in trace["spans"] if not span["references"]]
