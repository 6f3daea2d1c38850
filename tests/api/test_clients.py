"""The calls of other people's clients, in their order, decoded as strictly as they decode them.

Grafana's data source is Go and decodes into structs; jaeger-ui checks v3 answers with a schema. Their calls were read
from their sources; their types are written down here as msgspec structs.
"""

# ruff: noqa: N815  The names are those of the JSON.
from __future__ import annotations

from typing import Any, Literal

import httpx
import msgspec


class KeyValue(msgspec.Struct):
    key: str
    type: Literal["string", "bool", "int64", "float64", "binary"]
    value: str | bool | int | float


class Log(msgspec.Struct):
    timestamp: int
    fields: list[KeyValue]


class Reference(msgspec.Struct):
    refType: Literal["CHILD_OF", "FOLLOWS_FROM"]
    traceID: str
    spanID: str


class Span(msgspec.Struct):
    traceID: str
    spanID: str
    operationName: str
    references: list[Reference]
    startTime: int
    duration: int
    tags: list[KeyValue]
    logs: list[Log]
    processID: str
    warnings: list[str] | None


class Process(msgspec.Struct):
    serviceName: str
    tags: list[KeyValue]


class Trace(msgspec.Struct):
    traceID: str
    spans: list[Span]
    processes: dict[str, Process]
    warnings: list[str] | None


class Problem(msgspec.Struct):
    msg: str
    code: int = 0
    traceID: str = ""


class Envelope(msgspec.Struct):
    data: Any
    total: int
    limit: int
    offset: int
    errors: list[Problem] | None


class ServiceSummary(msgspec.Struct):
    name: str
    spanCount: int = 0
    errorSpanCount: int = 0


class TraceSummary(msgspec.Struct):
    traceId: str
    minStartTimeUnixNano: str
    maxEndTimeUnixNano: str
    services: list[ServiceSummary]
    rootServiceName: str = ""
    rootOperationName: str = ""
    spanCount: int = 0
    errorSpanCount: int = 0
    orphanSpanCount: int = 0


async def envelope(http: httpx.AsyncClient, address: str, kind: Any, method: str = "GET") -> Any:
    answer = await http.request(method, address)
    assert answer.status_code == 200, answer.text
    return msgspec.convert(msgspec.json.decode(answer.content, type=Envelope).data, kind)


async def test_grafana_explores(http: httpx.AsyncClient) -> None:
    """Health check and service list, span names, search, a trace, the dependency graph."""
    assert await envelope(http, "/api/services", list[str]) == ["cart", "frontend"]
    assert await envelope(http, "/api/services/frontend/operations", list[str]) == ["GET /buy"]
    found = await envelope(
        http,
        "/api/traces?limit=20&maxDuration=1s&minDuration=1ms&operation=GET+%2Fbuy&service=frontend"
        "&tags=%7B%22error%22%3A%22true%22%7D",
        list[Trace],
    )
    assert [trace.traceID for trace in found] == ["aaaaaaaaaaaaaaa1"]
    (trace,) = await envelope(http, "/api/traces/aaaaaaaaaaaaaaa1?start=1795251600000&end=1795251660000", list[Trace])
    assert {span.processID for span in trace.spans} <= set(trace.processes)
    edges = await envelope(http, "/api/dependencies?endTs=1795251660000&lookback=3600000", list[dict[str, Any]])
    assert edges == [{"parent": "frontend", "child": "cart", "callCount": 1}]


async def test_jaeger_ui_searches_and_opens_a_trace(http: httpx.AsyncClient) -> None:
    """What its pages ask for, from the search form to the buttons of a trace."""
    services = await http.get("/api/v3/services")
    msgspec.convert(services.json()["services"], list[str])
    operations = await http.get("/api/v3/operations?service=cart")
    assert all(set(item) == {"name", "spanKind"} for item in operations.json()["operations"])
    found = await http.get(
        "/api/v3/trace-summaries?query.serviceName=frontend&query.startTimeMin=2026-11-21T08%3A01%3A00.000Z"
        "&query.startTimeMax=2026-11-21T09%3A01%3A00.000Z&query.searchDepth=20"
        "&query.attributes=%7B%22http.response.status_code%22%3A%22500%22%7D"
    )
    (summary,) = msgspec.convert(found.json()["summaries"], list[TraceSummary])
    assert (summary.rootServiceName, summary.spanCount, summary.errorSpanCount) == ("frontend", 2, 1)
    (trace,) = await envelope(http, f"/api/traces/{summary.traceId}", list[Trace])
    assert len(trace.spans) == summary.spanCount
    for extra in ("?prettyPrint=true", "?raw=true&prettyPrint=true"):
        pretty = await http.get(f"/api/traces/{summary.traceId}{extra}")
        assert pretty.text.startswith('{\n    "data": [\n        {\n            "traceID"')
    assert await envelope(http, f"/api/archive/{summary.traceId}", list[str], "POST") == []


async def test_jaeger_ui_shows_the_system_and_an_uploaded_file(http: httpx.AsyncClient) -> None:
    """System Architecture with its week of look-back, and a dropped OTLP file."""
    edges = await envelope(http, "/api/dependencies?endTs=1795251660000&lookback=604800000", list[dict[str, Any]])
    assert len(edges) == 1
    exported = await http.get("/api/v3/traces/aaaaaaaaaaaaaaa1?rawTraces=true")
    answer = await http.post("/api/transform", json=exported.json()["result"])
    (trace,) = msgspec.convert(answer.json()["data"], list[Trace])
    (stored,) = await envelope(http, "/api/traces/aaaaaaaaaaaaaaa1?raw=true", list[Trace])
    assert trace == stored


async def test_jaeger_ui_learns_that_there_are_no_metrics(http: httpx.AsyncClient) -> None:
    """The Monitor page reads the 501 and explains how to configure metrics."""
    answer = await http.get(
        "/api/metrics/latencies?service=cart&quantile=0.95&endTs=1795251660000&lookback=3600000&step=60000"
        "&ratePer=600000&spanKind=server&groupByOperation=true"
    )
    assert answer.status_code == 501
    problems = msgspec.json.decode(answer.content, type=Envelope).errors
    assert problems is not None
    assert problems[0].code == 501
