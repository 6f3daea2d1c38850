"""What Jaeger's storage integration suite asks, with data of our own: its 25 searches, and its other tests.

Each search has a service of its own, traces that match, and decoys that miss by one condition.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest

from lymer.conformance.spans import NOON, Bag, Row, event, link, span, to_rows
from lymer.conformance.store.harness import StoreHarness, numbers, read
from lymer.model.attributes import Value
from lymer.model.search import TimeRange
from lymer.model.trace import Operation
from lymer.query.jaeger_search import JaegerQuestion, trace_search
from lymer.storage.base import Budget, SpanStore

_MINUTE = 60_000_000_000
_TAGS: Mapping[str, Value] = {"color": "red", "amount": 123, "ratio": 72.5, "fresh": True}
_ASKED = {"color": "red", "amount": "123", "ratio": "72.5", "fresh": "true"}
_WRONG: tuple[Mapping[str, Value], ...] = (
    {**_TAGS, "amount": 124},
    {**_TAGS, "fresh": False},
    {**_TAGS, "color": "Red"},
    {key: value for key, value in _TAGS.items() if key != "ratio"},
)
_DURATION_RANGE = {"duration_min_nano": 4_500, "duration_max_nano": 5_500}


class JaegerCase(NamedTuple):
    """Traces by number (those that match are below 100), and the question; the service is added to both."""

    traces: list[Row]
    question: dict[str, Any]


def _spots(tags: Mapping[str, Value], **columns: Any) -> dict[str, Any]:
    """The tags in different spots of one span: the resource, the span, two events."""
    (first, one), (second, two), *rest = tags.items()
    logs = [event(f"log {number}", number, {key: value}) for number, (key, value) in enumerate(rest)]
    return {"resource": {first: one}, "attributes": {second: two}, "events": logs, **columns}


def _together(tags: Mapping[str, Value], **columns: Any) -> dict[str, Any]:
    return {"attributes": tags, **columns}


def _tag_case(build: Any, **question: Any) -> JaegerCase:
    """Spans that have the tags and whatever else is asked for; decoys lack one tag or the rest."""
    right = {"name": question.get("operation", "work"), "duration": 5_000 if "duration_min_nano" in question else 1_000}
    decoys = [build(tags, **right) for tags in _WRONG]
    if "operation" in question:
        decoys.append(build(_TAGS, **(right | {"name": "another"})))
    if "duration_max_nano" in question:
        decoys.append(build(_TAGS, **(right | {"duration": 9_000})))
    traces = [span(1, 1, **build(_TAGS, **right))]
    traces += [span(100 + number, 1, **decoy) for number, decoy in enumerate(decoys)]
    traces += [span(200, 1, 2, **right), span(200, 2, **build(_TAGS, service="elsewhere", **right))]
    return JaegerCase(traces, {"tags": _ASKED, **question})


def _bag_case(bag: str) -> JaegerCase:
    def build(tags: Bag) -> dict[str, Any]:
        match bag:
            case "events":
                return {"events": [event("log", 1, tags)]}
            case "links":
                return {"links": [link(7, 7, tags)]}
        return {bag: tags}

    decoys = [span(100 + number, 1, **build(tags)) for number, tags in enumerate(_WRONG)]
    return JaegerCase([span(1, 1, **build(_TAGS)), *decoys], {"tags": _ASKED})


_OP_MAX = {"operation": "pick", "duration_max_nano": 2_000}
_OP_RANGE = {"operation": "pick", **_DURATION_RANGE}
JAEGER_CASES: dict[str, JaegerCase] = {
    "01 tags in one spot, span": _bag_case("attributes"),
    "02 tags in one spot, events": _bag_case("events"),
    "03 tags in one spot, resource": _bag_case("resource"),
    "04 tags in different spots": _tag_case(_spots),
    "05 spans over midnight": JaegerCase(
        [span(1, 1, start=-_MINUTE), span(1, 2, 1, start=_MINUTE), span(100, 1, start=9 * _MINUTE)],
        {"time": TimeRange(NOON, NOON + 7 * _MINUTE)},
    ),
    "06 operation name": JaegerCase([span(1, 1, name="pick"), span(100, 1, name="Pick")], {"operation": "pick"}),
    "07 operation name and longest duration": JaegerCase(
        [
            span(1, 1, name="pick", duration=2_000),
            span(1, 2, name="other", duration=9_000),
            span(100, 1, name="pick", duration=2_001),
            span(101, 1, name="pick", duration=3_000),
            span(101, 2, name="other", duration=1_000),
        ],
        _OP_MAX,
    ),
    "08 operation name and durations": JaegerCase(
        [
            span(1, 1, name="pick", duration=5_000),
            span(100, 1, name="pick", duration=4_499),
            span(101, 1, duration=5_000),
        ],
        _OP_RANGE,
    ),
    "09 durations": JaegerCase(
        [
            span(1, 1, duration=4_500),
            span(2, 1, duration=5_500),
            span(100, 1, duration=4_499),
            span(101, 1, duration=5_501),
        ],
        _DURATION_RANGE,
    ),
    "10 longest duration": JaegerCase(
        [span(1, 1, duration=1_000), span(100, 1, duration=1_001)], {"duration_max_nano": 1_000}
    ),
    "11 service and window": JaegerCase(
        [span(1, 1), span(100, 1, start=-_MINUTE), span(101, 1, service="elsewhere")],
        {"time": TimeRange(NOON, NOON + _MINUTE)},
    ),
    "12 tags, operation": _tag_case(_together, operation="pick"),
    "13 tags, operation, longest duration": _tag_case(_together, **_OP_MAX),
    "14 tags, operation, durations": _tag_case(_together, **_OP_RANGE),
    "15 tags, durations": _tag_case(_together, **_DURATION_RANGE),
    "16 tags, longest duration": _tag_case(_together, duration_max_nano=1_000),
    "17 spread tags, operation": _tag_case(_spots, operation="pick"),
    "18 spread tags, operation, longest duration": _tag_case(_spots, **_OP_MAX),
    "19 spread tags, operation, durations": _tag_case(_spots, **_OP_RANGE),
    "20 spread tags, durations": _tag_case(_spots, **_DURATION_RANGE),
    "21 spread tags, longest duration": _tag_case(_spots, duration_max_nano=1_000),
    "22 several traces": JaegerCase(
        [*(span(trace, 1, start=trace * _MINUTE) for trace in (1, 2, 3)), span(100, 1, start=-1)],
        {"time": TimeRange(NOON, NOON + 4 * _MINUTE)},
    ),
    "23 scope name and version": JaegerCase(
        [
            span(1, 1, attributes={"color": "red", "amount": 123}, scope_name="lib", scope_version="1.2"),
            span(100, 1, attributes={"color": "red", "amount": 123}, scope_name="lib", scope_version="1.3"),
            span(101, 1, attributes={"color": "red", "amount": 123}, scope_name="libs", scope_version="1.2"),
            span(102, 1, attributes={"color": "red"}, scope_name="lib", scope_version="1.2"),
        ],
        {"tags": {"color": "red", "amount": "123", "scope.name": "lib", "scope.version": "1.2"}},
    ),
    "24 scope attributes": _bag_case("scope"),
    "25 link attributes": _bag_case("links"),
}


class JaegerSuiteContract(StoreHarness):
    """Jaeger's table of searches; services, operations, traces, dependencies, archive."""

    @pytest.mark.parametrize("case", JAEGER_CASES)
    async def test_jaegers_search_finds_whole_traces(self, store: SpanStore, case: str) -> None:
        await self._keep_all(store)
        search = trace_search(JaegerQuestion(service=f"case {case}", limit=1000, **JAEGER_CASES[case].question))
        page = await store.find_traces(search, Budget())
        found = numbers(page.summaries.column("trace_id").to_pylist())
        expected = [row for row in _rows(case) if row["trace_id"][-2:] < (100).to_bytes(2, "big")]
        assert set(found) == {int.from_bytes(row["trace_id"], "big") for row in expected}
        spans = await read(store, *found)
        assert sorted((row["trace_id"], row["span_id"]) for row in spans) == sorted(
            (row["trace_id"], row["span_id"]) for row in expected
        )

    @pytest.mark.parametrize(
        "case", ["06 operation name", "10 longest duration", "22 several traces", "04 tags in different spots"]
    )
    async def test_jaegers_search_without_a_service(self, store: SpanStore, case: str) -> None:
        await self.keep(store, *_rows(case))
        search = trace_search(JaegerQuestion(limit=1000, **JAEGER_CASES[case].question))
        page = await store.find_traces(search, Budget())
        expected = {row["trace_id"] for row in _rows(case) if row["trace_id"][-2:] < (100).to_bytes(2, "big")}
        found = set(page.summaries.column("trace_id").to_pylist())
        assert found - {_rows(case)[-1]["trace_id"]} == expected

    @pytest.mark.parametrize(
        ("tags", "expected"),
        [
            ({"error": "true"}, {1, 2}),
            ({"error": "false"}, {3, 4, 5}),
            ({"span.kind": "server"}, {3}),
            ({"span.kind": "client", "error": "false"}, {4}),
            ({"otel.status_code": "OK"}, {4}),
            ({"otel.status_code": "ERROR"}, {1}),
            ({"span.status": "ERROR"}, {1}),
            ({"otel.status_description": "broke"}, {1}),
            ({"w3c.tracestate": "a=b"}, {5}),
            ({"otel.scope.name": "lib"}, {5}),
            ({"otel.library.version": "7"}, {5}),
            ({"event": "retry"}, {5}),
            ({"resource.host.name": "h"}, {5}),
            ({"service.name": "shop"}, {1, 2, 3, 4, 5}),
        ],
        ids=str,
    )
    async def test_tags_that_are_fields(self, store: SpanStore, tags: dict[str, str], expected: set[int]) -> None:
        await self.keep(
            store,
            span(1, 1, status="error", status_message="broke"),
            span(2, 1, attributes={"error": True}),
            span(3, 1, kind="server"),
            span(4, 1, attributes={"span.kind": "client"}, status="ok"),
            span(
                5,
                1,
                trace_state="a=b",
                scope_name="lib",
                scope_version="7",
                events=[event("retry")],
                resource={"host.name": "h"},
            ),
        )
        page = await store.find_traces(trace_search(JaegerQuestion(service="shop", tags=tags)), Budget())
        assert set(numbers(page.summaries.column("trace_id").to_pylist())) == expected

    async def test_services_and_operations_of_an_example(self, store: SpanStore) -> None:
        await self.keep(store, *_EXAMPLE)
        assert await store.services(Budget()) == ["example-1", "example-2", "example-3"]
        assert await store.operations("example-1", Budget()) == [
            Operation("op 1", "unspecified"),
            Operation("op 2", "server"),
            Operation("op 3", "client"),
            Operation("op 3", "server"),
        ]

    async def test_dependencies(self, store: SpanStore) -> None:
        await self.keep(
            store,
            span(1, 1, service="hello", name="a"),
            span(1, 2, 1, service="world", name="b"),
            span(1, 3, 2, service="hello", name="c"),
            span(1, 4, 2, service="hello", name="d"),
            span(1, 5, 2, service="hello", name="e"),
        )
        graph = (await store.service_graph(Budget())).select(["parent", "child", "call_count"]).to_pylist()
        assert graph == [
            {"parent": "hello", "child": "world", "call_count": 1},
            {"parent": "world", "child": "hello", "call_count": 3},
        ]

    async def test_an_archived_trace_is_read_from_the_archive(self, store: SpanStore) -> None:
        archive = store.archive()
        assert archive is not None
        await self.keep(store, *_EXAMPLE)
        await archive.write(await store.get_traces([_EXAMPLE[0]["trace_id"]], Budget()))
        found = await archive.get_traces([_EXAMPLE[0]["trace_id"]], Budget())
        assert len(to_rows(found)) == len(_EXAMPLE)

    async def _keep_all(self, store: SpanStore) -> None:
        await self.keep(store, *(row for case in JAEGER_CASES for row in _rows(case)))


def _rows(case: str) -> list[Row]:
    """The case's spans, with its service and with trace ids of its own."""
    prefix = int(case[:2]).to_bytes(14, "big")
    service = f"case {case}"
    rows = []
    for row in JAEGER_CASES[case].traces:
        own = {"trace_id": prefix + row["trace_id"][-2:]}
        if row["service_name"] == "shop":
            named = row["resource_attributes"].replace('"shop"', f'"{service}"', 1)
            own |= {"service_name": service, "resource_attributes": named}
        rows.append(row | own)
    return rows


_EXAMPLE = [
    span(1, 1, service="example-1", name="op 1", kind="unspecified"),
    span(1, 2, 1, service="example-1", name="op 2", kind="server"),
    span(1, 3, 1, service="example-1", name="op 3", kind="client"),
    span(1, 4, 1, service="example-1", name="op 3", kind="server"),
    span(1, 5, 1, service="example-2", name="op 4"),
    span(1, 6, 1, service="example-3", name="op 1"),
]
