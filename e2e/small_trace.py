"""The small trace that every client of `clients/` sends, and what must come back of it by whatever way it came.

A server's span `GET /checkout` with `http.status_code` 200; below it a client's span `SELECT orders` with `db.system`,
an error and an event `retry`. Formats differ in what they can say: Zipkin's tags are texts.
"""

from __future__ import annotations

from typing import Any

from e2e.server import Server, eventually

EVENTS = ("retry", '"retry":{}', '{"retry": {}}')
"""The event's name; and what OpenTelemetry's exporters for Java and Python make of it as Zipkin's annotation."""

ROOT, CHILD = "GET /checkout", "SELECT orders"


def check_small_trace(server: Server, trace_id: str, service: str) -> None:
    """Wait until the trace is there, whole; then look at every part of it. Raises AssertionError."""
    spans = eventually(lambda: _spans(server, trace_id))
    root, child = _called(ROOT, spans), _called(CHILD, spans)
    assert {span["service"] for span in spans} == {service}
    assert [reference["spanID"] for reference in root["references"]] == []
    assert [reference["spanID"] for reference in child["references"]] == [root["spanID"]]
    assert str(root["tags"]["http.status_code"]) == "200"
    assert (root["tags"]["span.kind"], child["tags"]["span.kind"]) == ("server", "client")
    assert child["tags"]["db.system"] == "postgresql"
    assert child["tags"]["error"] in (True, "true")
    assert "error" not in root["tags"]
    assert [_event(log) for log in child["logs"]] in ([event] for event in EVENTS)
    assert 1_000 <= child["duration"] <= root["duration"] < 60_000_000
    assert abs(child["startTime"] - root["startTime"]) < 60_000_000


def _spans(server: Server, trace_id: str) -> list[dict[str, Any]] | None:
    """Both spans of the trace in Jaeger's words; None until both are there."""
    found = server.get_or_none(f"/api/traces/{trace_id.rjust(32, '0')}")
    if found is None or len(found["data"][0]["spans"]) < 2:
        return None
    trace = found["data"][0]
    return [
        {
            **span,
            "service": trace["processes"][span["processID"]]["serviceName"],
            "tags": {tag["key"]: tag["value"] for tag in span["tags"]},
        }
        for span in trace["spans"]
    ]


def _called(name: str, spans: list[dict[str, Any]]) -> dict[str, Any]:
    """The span of that name; brave writes names in lower case."""
    return next(span for span in spans if span["operationName"].lower() == name.lower())


def _event(log: dict[str, Any]) -> str:
    return next(field["value"] for field in log["fields"] if field["key"] in ("event", "message"))
