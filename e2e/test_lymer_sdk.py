"""Our client's bytes, read by Jaeger and Zipkin themselves: each reporter sends the same trace, which is asked back."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.jaeger import Jaeger
from e2e.originals import running
from e2e.server import ENVIRONMENT, eventually

CLIENT = Path(__file__).parents[1] / "sdk" / ".venv" / "bin" / "python"

PROGRAM = """
import sys
from lymer_sdk import Reporter, close, init

reporter = getattr(Reporter, sys.argv[1])(sys.argv[2], **eval(sys.argv[3]))
tracer = init("till", reporter=reporter, sampler="always_on")
with tracer.span("sell", kind="server") as sale:
    sale.set_attribute("items", 3)
    sale.set_attribute("price", 9.5)
    sale.set_attribute("cash", True)
    sale.set_attribute("clerk", "Zoë 李")
    sale.add_event("scanned", {"code": "4006381"})
    try:
        with tracer.span("charge", kind="client"):
            raise ValueError("card refused")
    except ValueError:
        pass
print(format(sale.get_span_context().trace_id, "032x"))
close(10)
"""

TO_JAEGER = [
    ("otlp", "http://127.0.0.1:{otlp}", {}),
    ("otlp", "http://127.0.0.1:{otlp}", {"json": True}),
    ("otlp", "http://127.0.0.1:{otlp}", {"compress": True}),
    ("otlp_grpc", "http://127.0.0.1:{otlp_grpc}", {}),
    ("udp", "127.0.0.1:{udp_compact}", {}),
    ("udp", "127.0.0.1:{udp_binary}", {"binary": True}),
    ("thrift_http", "http://127.0.0.1:{thrift_http}", {}),
    ("zipkin", "http://127.0.0.1:{zipkin}", {}),
]


def send(reporter: str, address: str, options: dict[str, Any]) -> str:
    """Run the program; the trace's id."""
    if not CLIENT.exists():
        pytest.fail(f"{CLIENT} is not there: run `make sdk/.venv/.tools` first")
    command = [str(CLIENT), "-c", PROGRAM, reporter, address, repr(options)]
    return subprocess.run(
        command, check=True, env=ENVIRONMENT, capture_output=True, text=True, timeout=60
    ).stdout.strip()


@pytest.fixture(scope="module")
def jaeger(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jaeger]:
    """One with all its receivers."""
    started = Jaeger(cache / "bin" / "jaeger", tmp_path_factory.mktemp("jaeger"), "{memory: {max_traces: 1000}}")
    yield started
    started.process.kill()
    started.process.wait(timeout=10)


@pytest.mark.parametrize(("reporter", "address", "options"), TO_JAEGER)
def test_jaeger_reads_what_the_client_sends(
    jaeger: Jaeger, reporter: str, address: str, options: dict[str, Any]
) -> None:
    trace_id = send(reporter, address.format(**jaeger.ports), options)
    (trace,) = eventually(lambda: jaeger.get(f"/api/traces/{trace_id}"))
    spans = {one["operationName"]: one for one in trace["spans"]}
    assert set(spans) == {"sell", "charge"}
    (reference,) = spans["charge"]["references"]
    assert (reference["refType"], reference["spanID"]) == ("CHILD_OF", spans["sell"]["spanID"])
    assert {process["serviceName"] for process in trace["processes"].values()} == {"till"}
    tags = tags_of(spans["sell"])
    if reporter == "zipkin":  # Zipkin has texts alone.
        tags = {key: json.loads(value) if key in {"items", "price", "cash"} else value for key, value in tags.items()}
    expected = {"items": 3, "price": 9.5, "cash": True, "clerk": "Zoë 李", "span.kind": "server"}
    assert expected.items() <= tags.items()
    assert "scanned" in json.dumps(spans["sell"]["logs"])
    assert tags_of(spans["charge"])["error"] in (True, "true")
    assert "card refused" in json.dumps(spans["charge"]["logs"])


def test_zipkin_reads_what_the_client_sends(cache: Path, tmp_path: Path) -> None:
    with running(cache, tmp_path) as originals:
        trace_id = send("zipkin", originals.zipkin, {})
        with urllib.request.urlopen(f"{originals.zipkin}/api/v2/trace/{trace_id}", timeout=10) as answer:
            spans = {one["name"]: one for one in json.load(answer)}
    assert set(spans) == {"sell", "charge"}
    assert spans["charge"]["parentId"] == spans["sell"]["id"]
    assert (spans["sell"]["kind"], spans["charge"]["kind"]) == ("SERVER", "CLIENT")
    assert spans["sell"]["localEndpoint"]["serviceName"] == "till"
    assert {"items": "3", "cash": "true", "clerk": "Zoë 李"}.items() <= spans["sell"]["tags"].items()
    assert "scanned" in spans["sell"]["annotations"][0]["value"]
    assert "error" in spans["charge"]["tags"]


def tags_of(span: dict[str, Any]) -> dict[str, Any]:
    """By their keys."""
    return {tag["key"]: tag["value"] for tag in span["tags"]}
