"""`lymer` as people start it, over the embedded store: durable, locked, restarted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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


@pytest.mark.slow
def test_a_tenant_beyond_its_rate_is_told_to_come_again_and_a_person_once(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "lymer.yaml").write_text("store: {tenants: {default: {spans_per_s_max: 1}}}")
    lymer = launch("--config", "lymer.yaml", storage=None)
    lymer.until('"ready"')
    refused = [answer for answer in (send(lymer) for _ in range(40)) if answer.status_code == 429]
    assert int(refused[0].headers["retry-after"]) >= 1
    metrics = lymer.get(14269, "/metrics").text
    assert f'lymer_store_tenant_writes_refused_rate{{tenant="default"}} {len(refused)}.0' in metrics
    lymer.process.terminate()
    said = [line for line in lymer.end(STOP_S)[1].splitlines() if "store write failed" in line]
    assert len(said) < len(refused)
    assert "tenant default has passed spans_per_s_max (1)" in said[0]
