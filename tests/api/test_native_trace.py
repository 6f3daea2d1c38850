"""What the page asks about one trace, over HTTP, of every kind of place where it can lie."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from lymer.api import answers
from lymer.api.config import ApiConfig
from lymer.api.server import build_api
from lymer.component.clock import ManualClock
from lymer.conformance.spans import NOON, batch, event, link, span
from lymer.query.service import QueryService
from lymer.storage.embedded.store import EmbeddedStore
from lymer.storage.memory import MemoryStore
from lymer.wire.skeleton import read_skeleton

PREFIX = "/api/lymer/v1"
TRACE = f"{PREFIX}/traces/{1:032x}"
ROWS = [
    span(1, 1, service="web", name="GET /buy", kind="server", duration=1_000_000, attributes={"http.route": "/buy"}),
    span(
        1,
        2,
        1,
        service="cart",
        name="SELECT",
        kind="client",
        start=100,
        duration=500,
        status="error",
        status_message="gone",
        attributes=[("n", 2**60), ("d", float("nan")), ("b", b"\x01"), ("l", [1, "a"]), ("m", True), ("n", "again")],
        events=[event("exception", 7, {"exception.type": "Boom"})],
        links=[link(9, 8, {"why": "x"})],
        scope_name="lib",
        scope_version="2",
        resource={"host.name": "a"},
    ),
    span(1, 3, 7, service="cart", name="lost", start=200),
]


@pytest.fixture(params=["memory", "buffer", "segment", "split"])
async def http(request, tmp_path) -> AsyncIterator[httpx.AsyncClient]:
    clock = ManualClock(NOON)
    if request.param == "memory":
        store = MemoryStore()
    else:
        store = EmbeddedStore.from_config({}, data_dir=tmp_path, clock=clock)
    await store.start()
    if request.param == "split":
        await store.write(batch(ROWS[:2]))
        await store.seal()
        await store.write(batch(ROWS[2:]))
    else:
        await store.write(batch(ROWS))
    if request.param == "segment":
        await store.seal()
    app = build_api(QueryService(store, clock=clock), config=ApiConfig(), clock=clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://lymer") as client:
        yield client
    await store.close()


async def ok(http: httpx.AsyncClient, path: str, **parameters):
    answer = await http.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer


async def test_the_skeleton(http):
    answer = await ok(http, f"{TRACE}/skeleton")
    assert answer.headers["content-type"] == "application/vnd.lymer.skeleton"
    skeleton = read_skeleton(answer.content)
    assert [skeleton.names[code] for code in skeleton.name] == ["GET /buy", "SELECT", "lost"]
    assert skeleton.header["missingParents"] == [{"spanId": f"{7:016x}", "count": 1, "rows": [2]}]
    plain = (await ok(http, f"{TRACE}/skeleton", format="json", times="adjusted")).json()
    assert (plain["times"], plain["columns"]["parent"]) == ("adjusted", [None, 0, None])


async def test_a_skeleton_is_packed_for_who_is_far(http, monkeypatch):
    monkeypatch.setattr(answers, "GZIP_BYTES_MIN", 1)
    near, far = [
        await http.get(f"{TRACE}/skeleton", headers=headers)
        for headers in ({"accept-encoding": "gzip"}, {"accept-encoding": "gzip", "x-forwarded-for": "10.0.0.1"})
    ]
    assert "content-encoding" not in near.headers
    assert far.headers["content-encoding"] == "gzip"
    assert near.content == far.content


async def test_spans_in_full(http):
    answer = (await ok(http, f"{TRACE}/spans", row=1)).json()
    assert answer["spanCount"] == 3
    assert answer["spans"] == [
        {
            "row": 1,
            "spanId": f"{2:016x}",
            "parentSpanId": f"{1:016x}",
            "traceState": "",
            "flags": 0,
            "name": "SELECT",
            "kind": "client",
            "service": "cart",
            "status": "error",
            "statusMessage": "gone",
            "startTimeUnixNano": str(NOON + 100),
            "durationNano": 500,
            "attributes": [
                {"key": "n", "type": "int", "value": str(2**60)},
                {"key": "d", "type": "double", "value": "NaN"},
                {"key": "b", "type": "bytes", "value": "AQ=="},
                {"key": "l", "type": "array", "value": [1, "a"]},
                {"key": "m", "type": "bool", "value": True},
                {"key": "n", "type": "string", "value": "again"},
            ],
            "droppedAttributesCount": 0,
            "resource": {
                "attributes": [
                    {"key": "service.name", "type": "string", "value": "cart"},
                    {"key": "host.name", "type": "string", "value": "a"},
                ],
                "droppedAttributesCount": 0,
                "schemaUrl": "",
            },
            "scope": {"name": "lib", "version": "2", "attributes": [], "droppedAttributesCount": 0, "schemaUrl": ""},
            "events": [
                {
                    "timeUnixNano": str(NOON + 7),
                    "name": "exception",
                    "attributes": [{"key": "exception.type", "type": "string", "value": "Boom"}],
                    "droppedAttributesCount": 0,
                }
            ],
            "droppedEventsCount": 0,
            "links": [
                {
                    "traceId": f"{9:032x}",
                    "spanId": f"{8:016x}",
                    "traceState": "",
                    "flags": 0,
                    "attributes": [{"key": "why", "type": "string", "value": "x"}],
                    "droppedAttributesCount": 0,
                }
            ],
            "droppedLinksCount": 0,
        }
    ]


async def test_windows_of_rows(http):
    async def rows(**parameters):
        return [item["row"] for item in (await ok(http, f"{TRACE}/spans", **parameters)).json()["spans"]]

    assert await rows(**{"from": 1, "count": 9}) == [1, 2]
    assert await rows(rows="2,0,77") == [2, 0]
    assert await rows() == [0, 1, 2]
    for bad in ({"rows": "x"}, {"row": -1}, {"count": 1001}):
        assert (await http.get(f"{TRACE}/spans", params=bad)).status_code == 400


async def test_words_are_found(http):
    answer = await ok(http, f"{TRACE}/find", q='boom "no such" lost')
    assert (answer.content, answer.headers["x-lymer-count"], answer.headers["x-lymer-span-count"]) == (
        b"\x06",
        "2",
        "3",
    )
    assert (await ok(http, f"{TRACE}/find", q=f"{1:016x}", format="json")).json() == {
        "count": 1,
        "spanCount": 3,
        "rows": [0],
    }
    assert (await ok(http, f"{TRACE}/find", q="", format="json")).json()["count"] == 0


async def test_predicates_are_found(http):
    where = {"op": "compare", "field": "status", "cmp": "=", "value": "error"}
    answer = await http.post(f"{TRACE}/find?format=json", json={"where": where})
    assert answer.json()["rows"] == [1]
    for bad in ({"where": {"op": "any_span", "where": where}}, {"where": {**where, "cmp": "regex", "value": "("}}, {}):
        assert (await http.post(f"{TRACE}/find", json=bad)).status_code == 400


@pytest.mark.parametrize("path", ["skeleton", "spans", "find?q=x"])
async def test_what_is_not_there(http, path):
    answer = await http.get(f"{PREFIX}/traces/{77:032x}/{path}")
    assert answer.status_code == 404
    assert answer.json() == {"error": {"status": 404, "message": "trace not found"}}
    assert (await http.get(f"{PREFIX}/traces/xyz!/{path}")).status_code == 400


@pytest.mark.parametrize("format_name", ["jaeger", "otlp", "zipkin"])
async def test_what_is_downloaded_can_be_uploaded(http, format_name):
    answer = await ok(http, TRACE, format=format_name, download="true")
    assert answer.headers["content-disposition"] == f'attachment; filename="{1:032x}.{format_name}.json"'
    uploaded = await http.post(f"{PREFIX}/uploads", content=answer.content)
    assert uploaded.status_code == 201, uploaded.text
    upload = uploaded.json()
    assert (upload["format"], upload["spanCount"], upload["traces"][0]["rootName"]) == (format_name, 3, "GET /buy")
    skeleton = (await ok(http, f"{TRACE}/skeleton", upload=upload["uploadId"], format="json")).json()
    assert [service["name"] for service in skeleton["services"]] == ["web", "cart"]
    assert (await ok(http, f"{TRACE}/spans", upload=upload["uploadId"])).json()["spanCount"] == 3
    again = await ok(http, TRACE, format=format_name, upload=upload["uploadId"])
    if format_name == "otlp":
        assert json.loads(again.content) == json.loads(answer.content)
    assert (await http.get(f"{PREFIX}/traces/{2:032x}/skeleton?upload={upload['uploadId']}")).status_code == 404


async def test_uploads_can_be_forgotten(http):
    trace = (await ok(http, TRACE)).content
    path = f"{PREFIX}/uploads/{(await http.post(f'{PREFIX}/uploads', content=trace)).json()['uploadId']}"
    assert (await ok(http, path)).json()["format"] == "otlp"
    assert (await http.delete(path)).status_code == 204
    assert (await http.get(path)).status_code == 404
    assert (await http.delete(path)).status_code == 404


async def test_the_attributes_of_a_trace(http):
    found = (await ok(http, f"{TRACE}/attributes")).json()["attributes"]
    assert found[0] == {"key": "service.name", "scope": "resource", "spanCount": 3}
    assert {"key": "n", "scope": "span", "spanCount": 1} in found
    assert {"key": "host.name", "scope": "resource", "spanCount": 1} in found
    column = (await ok(http, f"{TRACE}/column", key="service.name", scope="resource", format="json")).json()
    assert column == {"key": "service.name", "scope": "resource", "values": ["web", "cart"], "codes": [1, 2, 2]}
    twice = (await ok(http, f"{TRACE}/column", key="n", scope="span", format="json")).json()
    assert (len(twice["values"]), twice["codes"]) == (1, [0, 1, 0])
    data = (await ok(http, f"{TRACE}/column", key="host.name")).content
    length = int.from_bytes(data[8:12], "little")
    assert (data[:4], length % 8, int.from_bytes(data[12:16], "little")) == (b"LYCO", 0, 3)
    assert json.loads(data[16 : 16 + length])["values"] == ["a"]
    assert data[16 + length :] == bytes([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    assert (await http.get(f"{TRACE}/column")).status_code == 400


async def test_the_events_of_a_trace(http):
    found = (await ok(http, f"{TRACE}/events")).json()
    assert (found["total"], found["cursor"]) == (1, None)
    assert found["events"] == [
        {
            "row": 1,
            "timeUnixNano": str(NOON + 7),
            "name": "exception",
            "attributes": [{"key": "exception.type", "type": "string", "value": "Boom"}],
            "droppedAttributesCount": 0,
        }
    ]
    assert (await ok(http, f"{TRACE}/events", cursor="9")).json()["events"] == []


async def test_why(http):
    found = (await ok(http, f"{TRACE}/why")).json()
    assert found["slow"]["contributors"][0]["operation"] == "GET /buy"
    assert found["slow"]["gaps"][0]["durationNano"] == 999_400
    assert found["failed"] == {
        "row": 1,
        "service": "cart",
        "operation": "SELECT",
        "message": "gone",
        "exception": {
            "type": "Boom",
            "message": "",
            "stacktrace": "",
            "timeUnixNano": str(NOON + 7),
        },
        "chain": [{"row": 1, "service": "cart", "operation": "SELECT", "message": "gone"}],
        "errorCount": 1,
        "unrelatedRows": [],
    }


async def test_two_traces_are_compared(http):
    other = [span(5, 1, service="web", name="GET /buy", kind="server", attributes={"http.route": "/other"})]
    exported = MemoryStore()
    await exported.start()
    await exported.write(batch(other))
    app = build_api(QueryService(exported))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://lymer") as elsewhere:
        payload = (await elsewhere.get(f"{PREFIX}/traces/{5:032x}")).content
    upload = (await http.post(f"{PREFIX}/uploads", content=payload)).json()["uploadId"]
    found = (await ok(http, f"{PREFIX}/compare", a="1", b="5", uploadB=upload)).json()
    assert [(path["name"], path["change"], path["kind"]) for path in found["paths"]] == [
        ("GET /buy", "same", "server"),
        ("SELECT", "removed", "client"),
        ("lost", "removed", "internal"),
    ]
    assert found["paths"][0]["a"]["totalNano"] == 1_000_000
    assert found["attributes"] == [
        {
            "path": 0,
            "key": "http.route",
            "scope": "span",
            "a": [{"value": "/buy", "spanCount": 1}],
            "b": [{"value": "/other", "spanCount": 1}],
        }
    ]
    assert (found["a"]["rootName"], found["b"]["spanCount"]) == ("GET /buy", 1)
    assert (await http.get(f"{PREFIX}/compare?a=1")).status_code == 400
    assert (await http.get(f"{PREFIX}/compare?a=1&b=77")).status_code == 404
