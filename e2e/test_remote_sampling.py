"""Other people's remote samplers, unmodified: a change of the file of strategies is followed within their poll."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.server import Server, eventually

SCRIPT = Path(__file__).parent / "clients" / "node_sampler.mjs"

Ask = Callable[[str], int]


def put(file: Path, **strategies: Any) -> None:
    new = file.with_suffix(".new")
    new.write_text(json.dumps(strategies))
    new.replace(file)


def probabilistic(ratio: float, **more: Any) -> dict[str, Any]:
    return {"type": "probabilistic", "param": ratio, **more}


@pytest.fixture
def strategies(tmp_path: Path) -> Path:
    return tmp_path / "strategies.json"


@pytest.fixture
def server(new_server: Callable[..., Server], strategies: Path) -> Server:
    put(strategies, default_strategy=probabilistic(0))
    return new_server("--sampling.strategies-file", str(strategies), "--sampling.strategies-reload-interval", "100ms")


@pytest.fixture(params=[("sampling_http", "/sampling"), ("jaeger_http", "/api/sampling")], ids=["agent", "collector"])
def ask(request: pytest.FixtureRequest, server: Server, cache: Path) -> Iterator[Ask]:
    """How many of a hundred traces of an operation the client would record."""
    port, path = request.param
    script = cache / "node" / SCRIPT.name  # Node looks for packages beside the script.
    script.write_bytes(SCRIPT.read_bytes())
    command = ["node", str(script), "checkout", "127.0.0.1", str(server.port(port)), path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as client:
        assert client.stdin is not None
        assert client.stdout is not None

        def ask(operation: str) -> int:
            client.stdin.write(f"{operation}\n")
            return int(client.stdout.readline())

        yield ask
        client.stdin.close()


def test_jaeger_client_for_node_follows_the_file(ask: Ask, strategies: Path) -> None:
    assert ask("GET /") == 0
    put(strategies, default_strategy=probabilistic(0), service_tiers={"checkout": "S"})
    eventually(lambda: ask("GET /") == 100)
    operations = [probabilistic(0, operation="/health")]
    put(strategies, service_strategies=[probabilistic(1, service="checkout", operation_strategies=operations)])
    eventually(lambda: ask("/health") == 0)
    assert ask("GET /") == 100
    put(strategies, service_strategies=[{"service": "checkout", "type": "ratelimiting", "param": 5}])
    eventually(lambda: 0 < ask("GET /") <= 10)
    strategies.write_text("{")
    put(strategies, default_strategy=probabilistic(0))
    eventually(lambda: ask("GET /") == 0)
