"""A real Python application with OpenTelemetry's instrumentations: every span comes back, attribute by attribute."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from e2e.server import Server, eventually
from e2e.spans import PlainSpan, plain_spans

APP = Path(__file__).parent / "clients" / "python_app.py"


def run_app(cache: Path, *arguments: str) -> list[dict[str, Any]]:
    command = [str(cache / "python" / "bin" / "python"), str(APP), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    spans: list[dict[str, Any]] = json.loads(done.stdout)
    return spans


def comparable(span: dict[str, Any]) -> PlainSpan:
    """Lists where JSON made lists of tuples."""
    plain: PlainSpan = json.loads(json.dumps(span))
    return plain


@pytest.fixture(scope="module", params=["grpc", "http"])
def sent(request: pytest.FixtureRequest, lymer: Server, cache: Path) -> list[dict[str, Any]]:
    endpoint = lymer.url("otlp_grpc" if request.param == "grpc" else "otlp_http")
    return run_app(cache, request.param, endpoint)


def test_every_span_comes_back_as_the_sdk_saw_it(sent: list[dict[str, Any]], lymer: Server) -> None:
    assert len(sent) > 30
    for trace_id in {span["trace_id"] for span in sent}:
        found = plain_spans(lymer.otlp_trace(trace_id))
        expected = {span["span_id"]: comparable(span) for span in sent if span["trace_id"] == trace_id}
        assert {key: comparable(span) for key, span in found.items()} == expected


def test_jaegers_api_finds_the_trace_of_a_request_by_its_tag(sent: list[dict[str, Any]], lymer: Server) -> None:
    expected = {
        span["trace_id"] for span in sent if span["kind"] == 2 and span["attributes"].get("http.route") == "/broken"
    }
    ours = {span["trace_id"] for span in sent}
    answer = lymer.get("/api/traces", service="books", tags=json.dumps({"http.route": "/broken"}), limit=1000)
    assert expected and {trace["traceID"].rjust(32, "0") for trace in answer["data"]} & ours == expected


def test_jaegers_api_shows_the_same_tags(sent: list[dict[str, Any]], lymer: Server) -> None:
    odd = next(span for span in sent if span["name"] == "odd")
    trace = lymer.get(f"/api/traces/{odd['trace_id']}")["data"][0]
    shown = next(span for span in trace["spans"] if span["spanID"] == odd["span_id"])
    tags = {tag["key"]: tag["value"] for tag in shown["tags"]}
    for key in ("text", "negative", "tiny", "yes"):
        assert tags[key] == odd["attributes"][key], key
    assert json.loads(tags["words"]) == odd["attributes"]["words"]


def test_the_service_and_its_operations_are_listed(sent: list[dict[str, Any]], lymer: Server) -> None:
    assert "books" in lymer.get("/api/services")["data"]
    names = set(eventually(lambda: lymer.get("/api/services/books/operations")["data"]))
    assert {span["name"] for span in sent} <= names
