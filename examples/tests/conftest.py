"""A Lymer for all examples, a Python that has lymer-sdk, and traces as they come back."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.server import Server, eventually

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PYTHON = os.environ.get("EXAMPLES_PYTHON", str(ROOT / "sdk" / ".venv" / "bin" / "python"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(EXAMPLES):
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def lymer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that all tests share; it must end well."""
    if not Path(PYTHON).exists():
        pytest.fail(f"{PYTHON} is not there: `make examples` makes it")
    server = Server(tmp_path_factory.mktemp("lymer") / "data").start()
    yield server
    try:
        assert server.stop() == 0
    finally:
        server.close()


@pytest.fixture
def environment(lymer: Server) -> dict[str, str]:
    """What an example finds its Lymer by."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "JAEGER_", "LYMER_"))}
    return {
        **kept,
        "OTEL_EXPORTER_OTLP_ENDPOINT": lymer.url("otlp_http"),
        "PYTHONWARNINGS": "error::UserWarning",
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture
def run(environment: dict[str, str]) -> Callable[..., Run]:
    """Runs an example to its end."""

    def start(script: str, *arguments: str, **variables: str) -> Run:
        command = [PYTHON, str(EXAMPLES / script), *arguments]
        done = subprocess.run(
            command, env={**environment, **variables}, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return Run(done.stdout, done.stderr)

    return start


class Run:
    """What an example said."""

    def __init__(self, output: str, errors: str) -> None:
        self.output = output
        self.errors = errors
        self.lines = output.splitlines()

    @property
    def trace_ids(self) -> list[str]:
        """Of the lines `trace ID`."""
        return self.after("trace ")

    def after(self, mark: str) -> list[str]:
        """What follows the mark, of the lines that begin with it."""
        return [line.removeprefix(mark) for line in self.lines if line.startswith(mark)]


class Span:
    """A span as Jaeger's API says it."""

    def __init__(self, said: dict[str, Any], processes: dict[str, Any]) -> None:
        self.id = said["spanID"]
        self.name = said["operationName"]
        self.service = processes[said["processID"]]["serviceName"]
        self.resource = {tag["key"]: tag["value"] for tag in processes[said["processID"]]["tags"]}
        self.parent = next((one["spanID"] for one in said["references"] if one["refType"] == "CHILD_OF"), None)
        self.links = [one["spanID"] for one in said["references"] if one["refType"] == "FOLLOWS_FROM"]
        self.tags = {tag["key"]: tag["value"] for tag in said["tags"]}
        self.logs = [{field["key"]: field["value"] for field in log["fields"]} for log in said["logs"]]
        self.duration_us = said["duration"]

    def __repr__(self) -> str:
        return f"{self.service}:{self.name}"


class Trace:
    """A trace as it came back."""

    def __init__(self, answer: dict[str, Any]) -> None:
        found = answer["data"][0]
        self.spans = [Span(span, found["processes"]) for span in found["spans"]]
        self._by_id = {span.id: span for span in self.spans}

    @property
    def is_whole(self) -> bool:
        """Whether every parent is there."""
        return all(span.parent is None or span.parent in self._by_id for span in self.spans)

    @property
    def services(self) -> set[str]:
        """Who took part."""
        return {span.service for span in self.spans}

    def all(self, name: str, service: str | None = None) -> list[Span]:
        """Spans of this name."""
        return [span for span in self.spans if span.name == name and service in (None, span.service)]

    def one(self, name: str, service: str | None = None) -> Span:
        """The span of this name; there is one."""
        found = self.all(name, service)
        assert len(found) == 1, f"{name}: {found} of {self.spans}"
        return found[0]

    def parent(self, span: Span) -> Span | None:
        """The span above."""
        return self._by_id.get(span.parent or "")

    def way(self, span: Span) -> list[str]:
        """Names from the root to the span, a service's own before each."""
        above = self.parent(span)
        return [*(self.way(above) if above else []), repr(span)]


@pytest.fixture
def trace(lymer: Server) -> Callable[..., Trace]:
    """The trace of this id, as soon as it has so many spans, or spans of all these services, and every parent."""

    def fetch(trace_id: str, span_count: int = 0, services: Collection[str] = ()) -> Trace:
        def whole() -> Trace | None:
            answer = lymer.get_or_none(f"/api/traces/{trace_id}")
            found = Trace(answer) if answer and answer["data"] else None
            there = found and found.is_whole and found.services >= set(services)
            return found if there and len(found.spans) >= span_count else None

        found: Trace = eventually(whole)
        assert span_count in (0, len(found.spans)), found.spans
        return found

    return fetch
