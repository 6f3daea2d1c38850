"""What went in comes out: every span, whole, once, in order."""

from __future__ import annotations

import math

import pytest

from lymer.conformance.spans import Row, batch, event, link, same_spans, span, to_rows
from lymer.conformance.store.harness import StoreHarness, read
from lymer.model.attributes import Pairs, Value
from lymer.model.batch import SpanBatch
from lymer.storage.base import Budget, SpanStore

_YEAR_2200 = 7_258_118_400_000_000_000
_NOTHING = Pairs()

_STRANGE: dict[str, Row] = {
    "starts at zero": {"start_time_unix_nano": 0},
    "starts at one": {"start_time_unix_nano": 1},
    "starts in 2200": {"start_time_unix_nano": _YEAR_2200},
    "no duration": {"duration_nano": 0},
    "ends before it starts": {"duration_nano": -(2**40)},
    "lasts for decades": {"duration_nano": 2**60},
    "a kind from the future": {"kind": 17},
    "a status from the future": {"status_code": 9},
    "no name": {"name": ""},
    "no service": {"service_name": "", "resource_attributes": ""},
    "a long name": {"name": "n" * 1_000_000},
    "ids of ones": {"trace_id": b"\xff" * 16, "span_id": b"\xff" * 8},
    "a 64-bit id": {"trace_id": bytes(8) + b"\x01" * 8},
}

_DIFFERENT: dict[str, Row] = {
    "name": span(1, 1, name="other"),
    "duration": span(1, 1, duration=2),
    "parent": span(1, 1, parent=5),
    "attributes": span(1, 1, attributes={"a": 1}),
    "service": span(1, 1, service="other"),
    "resource": span(1, 1, resource={"host.name": "b"}),
    "scope": span(1, 1, scope_version="2"),
    "events": span(1, 1, events=[event()]),
    "links": span(1, 1, links=[link()]),
    "flags": span(1, 1, flags=1),
    "dropped counts": span(1, 1, dropped_links_count=1),
    "entities": span(1, 1, resource_entity_refs=b"\x00"),
}


def rich_span() -> Row:
    """A span that says everything that OTLP can say."""
    nested = Pairs(
        [("b", [1, 1.0, None, b"\x00\xff", Pairs([("$bytes", "no")])]), ("a", True), ("a", "again"), ("", "")]
    )
    attributes: list[tuple[str, Value]] = [
        ("text", 'quote " backslash \\ newline \n nul \x00 猎犬 🐕'),
        ("empty", ""),
        ("int", -(2**63)),
        ("int", 2**63 - 1),
        ("double", 0.1),
        ("zero", -0.0),
        ("nan", math.nan),
        ("infinite", -math.inf),
        ("yes", True),
        ("no", False),
        ("bytes", bytes(range(256))),
        ("array", ["a", 1, 1.5, [], None]),
        ("map", nested),
        ("nothing", None),
        ("text", "again"),
        ("text", 7),
        ("", "a key without letters"),
    ]
    return span(
        1,
        1,
        2,
        attributes=attributes,
        resource=[*attributes, ("host.name", "猎")],
        scope=attributes,
        events=[event("first", 5, attributes, 3), event("", -5), event("first", 5, attributes, 3)],
        links=[link(7, 8, attributes, trace_state="a=b", dropped_attributes_count=4, flags=0x301), link()],
        kind="server",
        status="error",
        name="GET /猎犬",
        duration=-5,
        trace_state="vendor=1,other=2",
        flags=0x1FF,
        status_message="it broke\n",
        dropped_attributes_count=2**32 - 1,
        dropped_events_count=2,
        dropped_links_count=3,
        resource_dropped_attributes_count=4,
        resource_entity_refs=b"\x02\x0a\x00",
        resource_schema_url="https://example/1",
        scope_name="lib",
        scope_version="1.2",
        scope_dropped_attributes_count=5,
        scope_schema_url="https://example/2",
    )


class RoundTripContract(StoreHarness):
    """Write, then get the traces."""

    async def test_everything_that_a_span_can_say_comes_back(self, store: SpanStore) -> None:
        plain = span(1, 2, start=-10)
        await self.keep(store, rich_span(), plain)
        assert await read(store, 1) == [plain, rich_span()]

    @pytest.mark.parametrize("case", _STRANGE)
    async def test_strange_values_come_back(self, store: SpanStore, case: str) -> None:
        strange = span(1, 1) | _STRANGE[case]
        await self.keep(store, span(2, 1), strange, span(3, 1))
        assert to_rows(await store.get_traces([strange["trace_id"]], Budget())) == [strange]

    async def test_an_unknown_trace_has_no_spans(self, store: SpanStore) -> None:
        await self.keep(store, span(1, 1))
        assert await read(store, 2) == []
        assert await read(store) == []
        assert [row["trace_id"] for row in await read(store, 2, 1, 3)] == [span(1, 1)["trace_id"]]

    async def test_an_empty_batch_is_kept(self, store: SpanStore) -> None:
        await self.keep(store)
        assert await read(store, 1) == []

    async def test_traces_stand_in_the_order_asked_for_each_once(self, store: SpanStore) -> None:
        await self.keep(store, span(1, 1), span(2, 1), span(1, 2, 1, start=5), span(3, 1))
        await self.keep(store, span(2, 2, 1, start=1))
        spans = [(row["trace_id"][-1], row["span_id"][-1]) for row in await read(store, 2, 3, 1, 2)]
        assert spans == [(2, 1), (2, 2), (3, 1), (1, 1), (1, 2)]

    async def test_spans_of_a_trace_are_in_pre_order(self, store: SpanStore) -> None:
        await self.keep(store, span(1, 4, 2, start=9), span(1, 3, 1, start=2), span(1, 5, 3, start=20))
        await self.keep(store, span(1, 2, 1, start=1), span(1, 1, start=0))
        assert [row["span_id"][-1] for row in await read(store, 1)] == [1, 2, 4, 3, 5]

    async def test_a_trace_in_many_batches_is_whole(self, store: SpanStore) -> None:
        spans = [span(1, number, start=number) for number in range(1, 41)]
        for one in spans[::-1]:
            await self.keep(store, one, span(100 + one["span_id"][-1], 1))
        assert await read(store, 1) == spans

    async def test_equal_spans_are_one(self, store: SpanStore) -> None:
        await self.keep(store, rich_span(), span(1, 9), rich_span())
        await self.keep(store, rich_span())
        await self.keep(store, span(1, 9), span(2, 1))
        assert same_spans(await read(store, 1), [rich_span(), span(1, 9)])

    @pytest.mark.parametrize("case", _DIFFERENT)
    async def test_spans_that_share_an_id_but_differ_are_both_kept(self, store: SpanStore, case: str) -> None:
        await self.keep(store, span(1, 1))
        await self.keep(store, _DIFFERENT[case])
        assert same_spans(await read(store, 1), [span(1, 1), _DIFFERENT[case]])

    async def test_attributes_that_look_alike_are_not_equal(self, store: SpanStore) -> None:
        values: list[Value] = [1, 1.0, "1", True, b"1", ["1"], None, 0.0, -0.0, "", _NOTHING]
        spans = [span(1, 1, attributes={"a": value}) for value in values]
        await self.keep(store, *spans)
        assert same_spans(await read(store, 1), spans)

    async def test_a_large_trace_is_whole(self, store: SpanStore) -> None:
        spans = [span(1, number, 1 if number > 1 else None, start=number) for number in range(1, 10_009)]
        for begin in range(0, len(spans), 1_500):
            await self.keep(store, *spans[begin : begin + 1_500])
        assert await read(store, 1) == spans

    async def test_a_trace_with_repeated_spans_has_each_once(self, store: SpanStore) -> None:
        spans = [span(1, number, start=number) for number in range(1, 191)]
        await self.keep(store, *spans, *spans[::20])
        assert await read(store, 1) == spans

    async def test_a_batch_made_of_a_slice_is_kept_as_it_is(self, store: SpanStore) -> None:
        whole = batch([span(1, number, attributes={"n": number}, start=number) for number in range(1, 11)])
        await store.write(SpanBatch(whole.record_batch.slice(3, 4)))
        await self.settle(store)
        assert [row["span_id"][-1] for row in await read(store, 1)] == [4, 5, 6, 7]
