"""What the page asks about many traces, over HTTP: histogram, facets, map, rates, live."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from lymer.api.config import ApiConfig
from lymer.api.native_overview import duration_edges
from lymer.api.server import build_api
from lymer.component.clock import ManualClock
from lymer.conformance.spans import NOON, batch, span
from lymer.query.service import QueryService
from lymer.storage.memory import MemoryStore

PREFIX = "/api/lymer/v1"
SECOND = 1_000_000_000
NOON_US = NOON // 1000
ROWS = [
    span(1, 1, service="web", name="GET /buy", kind="server", duration=SECOND, attributes={"route": "/buy"}),
    span(1, 2, 1, service="cart", name="add", kind="server", start=10, duration=3_000, status="error"),
    span(2, 1, service="web", name="GET /see", kind="server", start=60 * SECOND, duration=2_000),
    span(2, 2, 1, service="web", name="render", start=60 * SECOND + 1, duration=1_000),
    span(3, 1, service="web", name="GET /buy", kind="server", start=90 * SECOND, duration=5_000),
]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON + 120 * SECOND)


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    store = MemoryStore()
    await store.start()
    await store.write(batch(ROWS))
    yield store
    await store.close()


@pytest.fixture
async def http(store, clock, tmp_path) -> AsyncIterator[httpx.AsyncClient]:
    settings = tmp_path / "ui.json"
    settings.write_text('{"menu": []}')
    app = build_api(QueryService(store, clock=clock), config=ApiConfig(ui_config=settings), clock=clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://lymer") as client:
        yield client


async def get(http: httpx.AsyncClient, path: str, **parameters: Any) -> Any:
    answer = await http.get(f"{PREFIX}{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def post(http: httpx.AsyncClient, path: str, body: Any) -> Any:
    answer = await http.post(f"{PREFIX}{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def where(**fields: str) -> dict[str, Any]:
    [(field, value)] = fields.items()
    return {"op": "any_span", "where": {"op": "compare", "field": field, "cmp": "=", "value": value}}


async def test_a_histogram_of_all_matches(http):
    window = {"start": NOON_US, "end": NOON_US + 119_999_999}
    found = await get(http, "/histogram", **window, timeBuckets=2)
    edges = found["durationEdgesNano"]
    assert (found["total"], found["errorTotal"], found["bucketNano"]) == (3, 1, 60 * SECOND)
    assert found["cells"] == [
        [0, edges.index(SECOND), 1, 1],
        [1, max(place for place, edge in enumerate(edges) if edge <= 2_000), 1, 0],
        [1, max(place for place, edge in enumerate(edges) if edge <= 5_000), 1, 0],
    ]
    posted = await post(http, "/histogram", {**window, "timeBuckets": 2, "where": where(service="cart")})
    assert posted["cells"] == found["cells"][:1]


async def test_an_open_histogram_begins_with_the_first_match(http):
    found = await post(http, "/histogram", {"where": where(name="GET /buy"), "timeBuckets": 10})
    assert (found["start"], found["end"], found["total"]) == (NOON_US, NOON_US + 90_000_000, 2)
    nothing = await post(http, "/histogram", {"where": where(name="none")})
    assert (nothing["total"], nothing["cells"]) == (0, [])


def test_edges_are_even_on_a_logarithmic_scale():
    assert duration_edges(1) == tuple(10**power for power in range(3, 14))
    assert list(duration_edges(6)[:4]) == [1000, 1468, 2154, 3162]


async def test_facets(http):
    found = await get(http, "/facets", facets=["service", "operation", "status", "attribute:route"])
    assert found == {
        "total": 3,
        "facets": [
            {
                "facet": "service",
                "valueCount": 2,
                "values": [
                    {"value": "web", "traceCount": 3, "errorTraceCount": 1},
                    {"value": "cart", "traceCount": 1, "errorTraceCount": 1},
                ],
            },
            {
                "facet": "operation",
                "valueCount": 2,
                "values": [
                    {"value": "GET /buy", "service": "web", "traceCount": 2, "errorTraceCount": 1},
                    {"value": "GET /see", "service": "web", "traceCount": 1, "errorTraceCount": 0},
                ],
            },
            {
                "facet": "status",
                "valueCount": 2,
                "values": [
                    {"value": "ok", "traceCount": 2, "errorTraceCount": 0},
                    {"value": "error", "traceCount": 1, "errorTraceCount": 1},
                ],
            },
            {
                "facet": "attribute:route",
                "valueCount": 1,
                "values": [{"value": "/buy", "traceCount": 1, "errorTraceCount": 1}],
            },
        ],
    }
    posted = await post(http, "/facets", {"where": where(service="cart"), "facets": ["service"], "limit": 1})
    assert (posted["total"], posted["facets"][0]["valueCount"], len(posted["facets"][0]["values"])) == (1, 2, 1)


async def test_rates_of_services(http):
    window = {"start": NOON_US, "end": NOON_US + 119_999_999}
    found = await get(http, "/red", **window, buckets=2, previous="true")
    assert (found["buckets"], found["bucketNano"]) == (2, 60 * SECOND)
    web, cart = found["groups"]
    assert (web["service"], web["operation"], web["callCount"], web["rate"]) == ("web", None, 3, 3 / 120)
    assert web["impact"] + cart["impact"] == pytest.approx(1)
    assert web["series"]["callCount"] == [1, 2]
    assert web["series"]["p99Nano"] == [SECOND, 5_000]
    assert cart["series"]["p50Nano"] == [3_000, None]
    assert (cart["errorCount"], cart["errorShare"]) == (1, 1.0)
    assert cart["previous"]["callCount"] == 0
    assert cart["previous"]["p50Nano"] is None


async def test_rates_of_operations_and_the_window_before(http):
    later = {"start": NOON_US + 60_000_000, "end": NOON_US + 119_999_999}
    found = await get(http, "/red", **later, group="operation", previous="true", buckets=0, kind="any", service="web")
    groups = {group["operation"]: group for group in found["groups"]}
    assert set(groups) == {"GET /buy", "GET /see", "render"}
    assert groups["GET /buy"]["previous"]["totalNano"] == SECOND
    assert groups["GET /buy"]["series"] is None
    one = await get(http, "/red", **later, group="operation", operation="GET /see", buckets=1)
    assert [group["operation"] for group in one["groups"]] == ["GET /see"]
    assert one["groups"][0]["series"]["callCount"] == [1]


async def test_the_map_has_nodes(http):
    found = await get(http, "/graph")
    assert [(edge["parent"], edge["child"]) for edge in found["edges"]] == [("web", "cart")]
    assert [(node["service"], node["spanCount"], node["callCount"]) for node in found["nodes"]] == [
        ("cart", 1, 1),
        ("web", 4, 3),
    ]
    assert "nodes" not in await get(http, "/graph", nodes="false")


async def test_live_traces_come_again_while_they_are_young(http, store, clock):
    first = await get(http, "/live")
    assert [trace["rootName"] for trace in first["traces"]] == ["GET /buy", "GET /see"]
    await store.write(batch([span(4, 1, start=100 * SECOND, name="new")]))
    clock.advance(1)
    again = await get(http, "/live", cursor=first["cursor"])
    assert [trace["rootName"] for trace in again["traces"]] == ["new", "GET /buy"]
    clock.advance(60)
    later = await get(http, "/live", cursor=again["cursor"], service="shop")
    assert [trace["rootName"] for trace in later["traces"]] == ["new"]


async def test_summaries_by_id(http):
    found = await get(http, "/traces", traceId=["3", f"{77:x}", "1", "3"])
    assert [trace["rootName"] for trace in found["traces"]] == ["GET /buy", "GET /buy"]
    assert [int(trace["traceId"], 16) for trace in found["traces"]] == [3, 1]
    assert (await post(http, "/traces", {"ids": ["2"]}))["total"] == 1


async def test_values_for_completion(http):
    assert (await get(http, "/attributes/route/values", prefix="/b"))["values"] == [{"value": "/buy", "spanCount": 1}]
    assert (await get(http, "/attributes/route/values", prefix="b"))["values"] == []


async def test_the_settings_of_the_page(http):
    assert await get(http, "/ui-config") == {"menu": []}


@pytest.mark.parametrize(
    "path",
    [
        "/red",
        "/red?start=2&end=1",
        "/red?start=1&end=2&kind=odd",
        "/red?start=1&end=2&buckets=501",
        "/histogram?timeBuckets=0",
        "/facets?facets=colour",
        "/facets?limit=0",
        "/live?limit=0",
        "/live?cursor=x",
    ],
)
async def test_nonsense_is_refused(http, path):
    answer = await http.get(PREFIX + path)
    assert answer.status_code == 400, answer.text
    assert json.loads(answer.text)["error"]["message"]
