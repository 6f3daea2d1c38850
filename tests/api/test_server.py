"""The query port as a whole: methods, prefixes, overload, clients that leave, answers that are large."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from lymer.api import traces_json
from lymer.api.config import ApiConfig
from lymer.api.server import build_api
from lymer.component.clock import ManualClock
from lymer.component.errors import BudgetError, ConfigError, OverloadedError, UnavailableError
from lymer.component.events import Events
from lymer.query.service import QueryService
from lymer.storage.base import Budget
from lymer.storage.memory import MemoryStore
from tests.api.conftest import NOW, otlp_batch


class StubbornStore(MemoryStore):
    """A store that fails, or never answers."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__()
        self.error = error
        self.asked = asyncio.Event()
        self.budget: Budget | None = None

    async def services(self, budget: Budget, /, **_: Any) -> list[str]:
        self.budget = budget
        self.asked.set()
        if self.error:
            raise self.error
        await asyncio.Event().wait()
        return []


def client_of(store: MemoryStore, config: ApiConfig | None = None, events: Events | None = None) -> httpx.AsyncClient:
    clock = ManualClock(NOW)
    app = build_api(QueryService(store, clock=clock), config=config, events=events, clock=clock)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://lymer")


async def test_head_answers_as_get_does(http: httpx.AsyncClient) -> None:
    answer = await http.head("/api/services")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/services", "GET, HEAD, OPTIONS"),
        ("/api/archive/1", "OPTIONS, POST"),
        ("/api/lymer/v1/traces/1", "DELETE, GET, HEAD, OPTIONS"),
        ("/search", "GET, HEAD, OPTIONS"),
    ],
)
async def test_options_says_what_is_allowed(http: httpx.AsyncClient, path: str, allowed: str) -> None:
    answer = await http.options(path)
    assert answer.status_code == 204
    assert answer.headers["allow"] == allowed


async def test_a_wrong_method_is_told_the_right_ones(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/services")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


async def test_nothing_below_api_falls_through_to_the_page(http: httpx.AsyncClient) -> None:
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        answer = await http.request(method, "/api/nothing/here")
        assert (answer.status_code, answer.text) == (404, "404 page not found\n")


async def test_a_service_name_may_hold_anything() -> None:
    store = MemoryStore()
    await store.start()
    name = "a/b c+d?é"
    span = {"traceId": "01" * 16, "spanId": "01" * 8, "name": "x", "startTimeUnixNano": "1", "endTimeUnixNano": "2"}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": name}}]}
    await store.write(otlp_batch({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}))
    async with client_of(store) as http:
        answer = await http.get("/api/services/a%2Fb%20c%2Bd%3F%C3%A9/operations")
        assert answer.json()["data"] == ["x"]
        assert (await http.get("/api/operations", params={"service": name})).json()["total"] == 1


async def test_behind_a_prefix_only_the_prefix_answers() -> None:
    store = MemoryStore()
    await store.start()
    async with client_of(store, ApiConfig(base_path="/deep/lymer")) as http:
        assert (await http.get("/deep/lymer/api/services")).json()["data"] == []
        assert (await http.get("/deep/lymer/api/v3/services")).json() == {"services": []}
        assert (await http.get("/deep/lymer/api/nothing")).status_code == 404
        assert (await http.get("/api/services")).status_code == 404
        assert 'href="/deep/lymer/"' in (await http.get("/deep/lymer/search")).text or not_built()


def not_built() -> bool:
    from lymer.api.page import BUILT

    return not (BUILT / "index.html").exists()


async def test_more_headers_are_added_to_every_answer() -> None:
    store = MemoryStore()
    await store.start()
    async with client_of(store, ApiConfig(additional_headers={"Access-Control-Allow-Origin": "*"})) as http:
        for path in ("/api/services", "/api/nothing", "/"):
            assert (await http.get(path)).headers["access-control-allow-origin"] == "*"


def test_a_header_that_cannot_be_sent_stops_the_start() -> None:
    with pytest.raises(ConfigError, match="additional_headers"):
        build_api(QueryService(MemoryStore()), config=ApiConfig(additional_headers={"x": "中"}))


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OverloadedError("64 queries are already waiting", retry_after_s=3), 503),
        (UnavailableError("disk"), 503),
        (BudgetError("too long"), 504),
    ],
)
@pytest.mark.parametrize("path", ["/api/services", "/api/v3/services", "/api/lymer/v1/services"])
async def test_every_api_says_in_its_own_form_why_it_cannot(error: Exception, status: int, path: str) -> None:
    async with client_of(StubbornStore(error)) as http:
        answer = await http.get(path)
    assert answer.status_code == status
    assert str(error) in answer.text
    assert json.loads(answer.text)
    assert ("retry-after" in answer.headers) == (status == 503)


async def test_an_unforeseen_error_is_counted_and_not_told_to_strangers() -> None:
    events = Events()
    async with client_of(StubbornStore(ZeroDivisionError("secret")), events=events) as http:
        answer = await http.get("/api/services")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json()["errors"][0]["code"] == 500
    assert events.registry.get_sample_value("lymer_unexpected_errors_total", {"where": "api /api/services"}) == 1


async def test_a_client_that_hangs_up_ends_its_query() -> None:
    store = StubbornStore(None)
    app = build_api(QueryService(store))
    hung_up = asyncio.Event()
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        await hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/services",
        "query_string": b"",
        "headers": [],
        "root_path": "",
    }
    asking = asyncio.create_task(app(scope, receive, send))
    await store.asked.wait()
    hung_up.set()
    await asyncio.wait_for(asking, 5)
    assert store.budget is not None
    assert store.budget.cancelled
    assert sent[0]["status"] == 499


async def test_a_body_beyond_the_limit_is_refused() -> None:
    store = MemoryStore()
    await store.start()
    async with client_of(store, ApiConfig(body_bytes_max=1 << 20)) as http:
        for path in ("/api/transform", "/api/lymer/v1/traces", "/api/lymer/v1/graph"):
            assert (await http.post(path, content=b" " * ((1 << 20) + 1))).status_code == 413


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"limit": "x"}', b"\xff", b"[" * 100_000])
async def test_a_body_that_makes_no_sense_is_refused(http: httpx.AsyncClient, body: bytes) -> None:
    answer = await http.post("/api/lymer/v1/traces", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("the body: ")


async def test_cursors_visit_every_trace_once() -> None:
    store = MemoryStore()
    await store.start()
    await store.write(many_traces(25, 1))
    seen: list[str] = []
    async with client_of(store) as http:
        cursor: str | None = ""
        while cursor is not None:
            page = (
                await http.get("/api/lymer/v1/traces", params={"limit": 10, "cursor": cursor, "total": "true"})
            ).json()
            seen += [trace["traceId"] for trace in page["traces"]]
            cursor = page["cursor"]
    assert len(seen) == len(set(seen)) == 25


@pytest.fixture
def little_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers stream from a few spans on: the memory store takes many seconds for many, and a question has 30."""
    monkeypatch.setattr(traces_json, "PORTION_ROWS", 512)
    monkeypatch.setattr(traces_json, "STREAM_BYTES_MIN", 64 << 10)


@pytest.mark.usefixtures("little_is_large")
@pytest.mark.parametrize("accepted", ["gzip", "identity"])
async def test_large_answers_arrive_whole(accepted: str) -> None:
    store = MemoryStore()
    await store.start()
    await store.write(many_traces(40, 60))
    async with client_of(store) as http:
        http.headers["accept-encoding"] = accepted
        v1 = await http.get("/api/traces?service=many&limit=40&start=0")
        v3 = await http.get(
            "/api/v3/traces?query.startTimeMin=1970-01-01T00:00:00Z&query.startTimeMax=2030-01-01T00:00:00Z"
            "&query.searchDepth=40"
        )
    assert "content-length" not in v1.headers
    assert [len(trace["spans"]) for trace in v1.json()["data"]] == [60] * 40
    spans = [
        span
        for group in v3.json()["result"]["resourceSpans"]
        for scope in group["scopeSpans"]
        for span in scope["spans"]
    ]
    assert len({(span["traceId"], span["spanId"]) for span in spans}) == 40 * 60


@pytest.mark.usefixtures("little_is_large")
async def test_a_client_that_hangs_up_ends_a_stream() -> None:
    store = MemoryStore()
    await store.start()
    await store.write(many_traces(100, 60))
    app = build_api(QueryService(store))
    begun = asyncio.Event()
    bodies: list[bytes] = []

    async def receive() -> dict[str, Any]:
        await begun.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            bodies.append(message["body"])
            begun.set()
            await asyncio.sleep(0)

    query = b"service=many&limit=100&start=0"
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/api/traces",
        "query_string": query,
        "headers": [],
        "root_path": "",
    }
    await asyncio.wait_for(app(scope, receive, send), 30)
    with pytest.raises(json.JSONDecodeError):
        json.loads(b"".join(bodies))


def many_traces(traces: int, spans: int) -> Any:
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "many"}}]}
    written = [
        {
            "traceId": f"{trace + 1:032x}",
            "spanId": f"{span + 1:016x}",
            "name": "step",
            "startTimeUnixNano": str(NOW - 10**9 + trace),
            "endTimeUnixNano": str(NOW),
        }
        for trace in range(traces)
        for span in range(spans)
    ]
    return otlp_batch({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": written}]}]})


async def test_the_store_tells_how_it_is(http: httpx.AsyncClient) -> None:
    answer = (await http.get("/api/lymer/v1/store")).json()
    assert answer["canWrite"]
    assert answer["canRead"]
    assert answer["reason"] == ""
    assert all(isinstance(value, int | float) for value in answer["figures"].values())


async def test_a_forgotten_trace_is_gone_from_every_api_and_from_the_archive(http: httpx.AsyncClient) -> None:
    assert (await http.post("/api/archive/aaaaaaaaaaaaaaa1")).status_code == 200
    assert (await http.delete("/api/lymer/v1/traces/aaaaaaaaaaaaaaa1")).status_code == 204
    for path in (
        "/api/traces/aaaaaaaaaaaaaaa1",
        "/api/v3/traces/aaaaaaaaaaaaaaa1",
        "/api/lymer/v1/traces/aaaaaaaaaaaaaaa1",
    ):
        assert (await http.get(path)).status_code == 404
    assert (await http.get("/api/lymer/v1/traces?total=true")).json()["total"] == 1


async def test_an_archive_that_is_not_there_is_said_in_the_words_of_jaeger(store: MemoryStore) -> None:
    class Bare(MemoryStore):
        def archive(self, tenant: str = "default", /) -> None:
            return None

    async with client_of(Bare()) as http:
        answer = await http.post("/api/archive/aaaaaaaaaaaaaaa1")
    assert answer.status_code == 500
    assert answer.json()["errors"] == [{"code": 500, "msg": "archive span storage was not configured"}]


async def test_ids_shared_by_client_and_server_are_parted_unless_raw() -> None:
    store = MemoryStore()
    await store.start()
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shared"}}]}
    span = {
        "traceId": "0c" * 16,
        "spanId": "0d" * 8,
        "name": "call",
        "startTimeUnixNano": "1000",
        "endTimeUnixNano": "9000",
    }
    spans = [span | {"kind": 3}, span | {"kind": 2}]
    await store.write(otlp_batch({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]}))
    async with client_of(store) as http:
        adjusted = (await http.get("/api/traces/" + "0c" * 16)).json()["data"][0]["spans"]
        raw = (await http.get("/api/traces/" + "0c" * 16 + "?raw=true")).json()["data"][0]["spans"]
    assert [span["spanID"] for span in raw] == ["0d" * 8] * 2
    assert len({span["spanID"] for span in adjusted}) == 2
    child = next(span for span in adjusted if span["references"])
    assert child["references"][0]["spanID"] == "0d" * 8
