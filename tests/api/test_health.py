"""The admin ports: Jaeger's health, version and metrics; the Collector's status."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from lymer.api.health import State, build_admin, build_status, go_duration
from lymer.component.clock import ManualClock
from lymer.component.events import Events
from lymer.storage.base import Health


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def state(clock: ManualClock) -> State:
    return State(clock, version="1.2.3")


async def get(app: object, path: str, method: str = "GET") -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://admin") as client:  # type: ignore[arg-type]
        return await client.request(method, path)


async def test_before_it_is_ready_the_server_is_not_available(state: State) -> None:
    answer = await get(build_admin(state, Events().registry), "/")
    assert answer.status_code == 503
    assert answer.json() == {"status": "Server not available", "upSince": "0001-01-01T00:00:00Z", "uptime": ""}


async def test_when_ready_it_says_since_when(state: State, clock: ManualClock) -> None:
    state.enter("ready")
    clock.advance(3723.5)
    answer = await get(build_admin(state, Events().registry), "/")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "Server available",
        "upSince": "2023-11-14T22:13:20Z",
        "uptime": "1h2m3.5s",
    }


async def test_while_it_stops_it_takes_no_more_work(state: State) -> None:
    state.enter("ready")
    state.enter("stopping")
    assert (await get(build_admin(state, Events().registry), "/")).status_code == 503
    status = await get(build_status(state), "/status")
    assert (status.status_code, status.json()["status"]) == (503, "StatusStopping")


async def test_version_has_jaegers_keys(state: State) -> None:
    answer = await get(build_admin(state, Events().registry), "/version")
    assert answer.json() == {"gitCommit": "", "gitVersion": "v1.2.3", "buildDate": ""}


async def test_metrics_can_be_read_by_prometheus(state: State) -> None:
    events = Events()
    events.query_answered("services", 0.1)
    answer = await get(build_admin(state, events.registry), "/metrics")
    names = {family.name for family in text_string_to_metric_families(answer.text)}
    assert {"lymer_ready", "lymer_query_seconds", "lymer_spans_received"} <= names
    assert answer.headers["content-type"].startswith("text/plain; version=")


async def test_status_is_that_of_the_collectors_health_check(state: State) -> None:
    state.enter("ready")
    answer = await get(build_status(state), "/status")
    assert answer.status_code == 200
    assert answer.json() == {
        "start_time": "2023-11-14T22:13:20Z",
        "healthy": True,
        "status": "StatusOK",
        "status_time": "2023-11-14T22:13:20Z",
    }


async def test_a_store_that_cannot_write_is_told_and_is_no_reason_for_a_restart(state: State) -> None:
    state.enter("ready")
    state.store_health = lambda: Health(can_write=False, reason="the disk is full")
    answer = await get(build_status(state), "/status?verbose")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["healthy"], told["status"], told["error"]) == (False, "StatusRecoverableError", "the disk is full")
    assert told["components"]["store"]["healthy"] is False


@pytest.mark.parametrize(("path", "method", "status"), [("/nope", "GET", 404), ("/", "POST", 405), ("/", "HEAD", 503)])
async def test_other_requests_are_answered_plainly(state: State, path: str, method: str, status: int) -> None:
    assert (await get(build_admin(state, Events().registry), path, method)).status_code == status


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (0.5, "500ms"), (59.25, "59.25s"), (60, "1m0s"), (7322, "2h2m2s")]
)
def test_durations_are_written_as_go_writes_them(seconds: float, text: str) -> None:
    assert go_duration(seconds) == text
