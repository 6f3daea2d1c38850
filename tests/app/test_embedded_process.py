"""`lymer` as people start it, over the embedded store: durable, locked, restarted."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.app.conftest import Lymer
from tests.app.test_process import STOP_S, send

Launch = Callable[..., Lymer]


def services(lymer: Lymer) -> list[str]:
    found: list[str] = httpx.get(lymer.url(16686, "/api/services"), timeout=10).json()["data"]
    return found


def test_an_acknowledged_span_survives_kill_9(launch: Launch) -> None:
    first = launch(storage=None)
    first.until('"ready"')
    assert send(first).status_code == 200
    first.process.kill()
    first.end()
    second = launch(storage=None)
    second.until('"ready"')
    assert services(second) == ["missing-service-name"]


@pytest.mark.slow
def test_a_span_survives_a_clean_end(launch: Launch) -> None:
    first = launch(storage=None)
    first.until('"ready"')
    assert send(first).status_code == 200
    first.process.terminate()
    assert first.end(STOP_S)[0] == 0
    second = launch(storage=None)
    second.until('"ready"')
    assert services(second) == ["missing-service-name"]


def test_a_folder_in_use_is_one_line_with_the_cure(launch: Launch) -> None:
    first = launch(storage=None)
    first.until('"ready"')
    code, said = launch(storage=None).end()
    assert code == 1
    assert said.count("\n") == 1
    assert str(first.process.pid) in said
    assert services(first) == []


@pytest.mark.slow
def test_memory_limit_and_retention_reach_the_store(launch: Launch) -> None:
    lymer = launch("--memory-limit", "512MiB", "--retention", "72h", storage=None)
    lymer.until('"ready"')
    assert send(lymer).status_code == 200
    assert "lymer_store_buffer_spans 1.0" in lymer.get(14269, "/metrics").text
