"""A process started in Jaeger's words: its storage, its strategies, its remarks; and spans that are repaired."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.app.conftest import Lymer

Launch = Callable[..., Lymer]

TRACE = "5b8efff798038103d269b633813fc60c"
STRATEGY = {"strategyType": "PROBABILISTIC", "probabilisticSampling": {"samplingRate": 0.5}}


def one_span(start: int, end: int) -> dict[str, object]:
    span = {
        "traceId": TRACE,
        "spanId": "eee19b7ec3c1b174",
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(end),
    }
    service = {"key": "service.name", "value": {"stringValue": "shop"}}
    return {"resourceSpans": [{"resource": {"attributes": [service]}, "scopeSpans": [{"spans": [span]}]}]}


def strategies(ratio: float) -> str:
    return json.dumps({"default_strategy": {"type": "probabilistic", "param": ratio}, "service_tiers": {"pay": "S"}})


def put(file: Path, text: str) -> None:
    """In one step, so that nobody reads half of it."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


@pytest.mark.slow
def test_badger_is_the_embedded_store_in_a_folder_that_goes(launch: Launch, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    lymer = launch(storage=None, SPAN_STORAGE_TYPE="badger", COLLECTOR_QUEUE_SIZE="9", TMPDIR=str(temporary))
    remark = json.loads(lymer.until("setting without effect"))
    assert remark["what"].startswith("COLLECTOR_QUEUE_SIZE says nothing here: ")
    lymer.until('"ready"')
    assert [folder.name.startswith("lymer-") for folder in temporary.iterdir()] == [True]
    assert list(temporary.glob("lymer-*/*"))
    lymer.process.terminate()
    code, _ = lymer.end()
    assert code == 0
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "lymer-data").exists()


def test_every_sampling_port_follows_the_file(launch: Launch, tmp_path: Path) -> None:
    file = tmp_path / "strategies.json"
    put(file, strategies(0.5))
    lymer = launch("--sampling.strategies-file", str(file), "--sampling.strategies-reload-interval=10ms")
    lymer.until('"ready"')
    for port, path in ((5778, "/sampling?service=any"), (14268, "/api/sampling?service=any")):
        assert lymer.get(port, path).json() == STRATEGY
    put(file, "{")
    assert json.loads(lymer.until("strategies refused"))["reason"].startswith(f"{file}:1:2: is not JSON")
    assert lymer.get(5778, "/?service=any").json() == STRATEGY | {"strategyType": 0}
    put(file, strategies(0.25))
    lymer.until("strategies loaded")
    assert lymer.get(5778, "/sampling?service=any").json()["probabilisticSampling"] == {"samplingRate": 0.25}
    assert lymer.get(14268, "/api/sampling?service=pay").json()["probabilisticSampling"] == {"samplingRate": 1}


@pytest.mark.slow
def test_a_collector_answers_from_the_file_too(launch: Launch, tmp_path: Path) -> None:
    file = tmp_path / "strategies.json"
    put(file, strategies(0.5))
    lymer = launch(role="collector", SAMPLING_STRATEGIES_FILE=str(file))
    lymer.until('"ready"')
    assert lymer.get(14268, "/api/sampling?service=any").json() == STRATEGY


@pytest.mark.parametrize(("text", "code", "complaint"), [("{", 2, ":1:2: is not JSON"), (None, 1, "cannot be read")])
def test_strategies_that_are_wrong_or_away_stop_the_start_with_one_line(
    launch: Launch, tmp_path: Path, text: str | None, code: int, complaint: str
) -> None:
    file = tmp_path / "strategies.json"
    if text is not None:
        put(file, text)
    ended, said = launch("--sampling.strategies-file", str(file)).end()
    assert ended == code
    assert said.splitlines()[-1].startswith(f"lymer: sampling.strategies: {file}")
    assert complaint in said.splitlines()[-1]


@pytest.mark.slow
def test_a_span_that_is_odd_is_stored_marked_and_counted(launch: Launch) -> None:
    lymer = launch(storage=None)
    lymer.until('"ready"')
    assert httpx.post(lymer.url(4318, "/v1/traces"), json=one_span(0, 0)).json() == {}
    assert 'lymer_spans_sanitized_total{cause="far_start"} 1.0' in lymer.get(14269, "/metrics").text
    lymer.process.kill()
    lymer.end()
    lymer = launch(storage=None)
    lymer.until('"ready"')
    [span] = lymer.get(16686, f"/api/traces/{TRACE}").json()["data"][0]["spans"]
    tags = {tag["key"]: tag["value"] for tag in span["tags"]}
    assert (span["operationName"], tags["lymer.sanitized"]) == ("empty-span-name", "empty_name,far_start")
