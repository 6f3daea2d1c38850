"""What there is: services, operations, attribute keys and values, with counts."""

from __future__ import annotations

import pytest

from lymer.conformance.spans import NOON, event, link, span
from lymer.conformance.store.harness import StoreHarness
from lymer.model.attributes import AttributeType, Pairs
from lymer.model.search import Scope, TimeRange
from lymer.model.trace import ATTRIBUTE_KEYS_SCHEMA, ATTRIBUTE_VALUES_SCHEMA, Operation
from lymer.storage.base import Budget, SpanStore

_EARLY = TimeRange(NOON - 100, NOON + 100)
_HOUR = 3_600_000_000_000


class CatalogContract(StoreHarness):
    """Names and counts."""

    async def test_an_empty_store_has_nothing(self, store: SpanStore) -> None:
        assert await store.services(Budget()) == []
        assert await store.operations("shop", Budget()) == []
        assert (await store.attribute_keys(Budget())).num_rows == 0
        assert (await store.attribute_values("a", Budget())).num_rows == 0
        assert (await store.service_graph(Budget())).num_rows == 0

    async def test_services_are_sorted_and_distinct(self, store: SpanStore) -> None:
        await self.keep(store, span(1, 1, service="b"), span(1, 2, service="a"), span(2, 1, service="b"))
        await self.keep(store, span(3, 1, service="Z"), span(3, 2, service="猎犬"), span(3, 3, service="é"))
        assert await store.services(Budget()) == ["Z", "a", "b", "é", "猎犬"]

    async def test_operations_are_of_one_service_with_kinds(self, store: SpanStore) -> None:
        await self.keep(store, span(1, 1, name="b"), span(1, 2, name="a"), span(2, 1, name="b"), span(2, 2, name=""))
        await self.keep(store, span(3, 1, name="b", kind="server"), span(3, 2, name="x", service="other"))
        everything = [
            Operation("", "internal"),
            Operation("a", "internal"),
            Operation("b", "internal"),
            Operation("b", "server"),
        ]
        assert await store.operations("shop", Budget()) == everything
        assert await store.operations("shop", Budget(), kind="server") == [Operation("b", "server")]
        assert await store.operations("shop", Budget(), kind="client") == []
        assert await store.operations("nobody", Budget()) == []

    async def test_kinds_from_the_future_are_unspecified(self, store: SpanStore) -> None:
        await self.keep(store, span(1, 1, name="a") | {"kind": 42}, span(1, 2, name="a", kind="unspecified"))
        assert await store.operations("shop", Budget()) == [Operation("a", "unspecified")]

    async def test_what_is_in_the_time_range_is_there(self, store: SpanStore) -> None:
        await self.keep(store, span(1, 1, service="old", name="o", attributes={"old": 1}, start=0))
        await self.keep(store, span(2, 1, service="new", name="n", attributes={"new": 1}, start=_HOUR))
        assert "old" in await store.services(Budget(), time=_EARLY)
        assert await store.operations("old", Budget(), time=_EARLY) == [Operation("o", "internal")]
        keys = (await store.attribute_keys(Budget(), time=_EARLY)).column("key").to_pylist()
        assert "old" in keys
        values = await store.attribute_values("old", Budget(), time=_EARLY)
        assert values.to_pylist() == [{"value": "1", "span_count": 1}]
        assert (await store.attribute_values("new", Budget(), time=_EARLY)).num_rows == 0
        long_ago = TimeRange(0, NOON - 1000 * _HOUR)
        assert await store.services(Budget(), time=long_ago) == []
        assert (await store.attribute_values("old", Budget(), time=long_ago)).num_rows == 0

    async def test_attribute_keys_have_scope_type_and_count(self, store: SpanStore) -> None:
        await self.keep(
            store,
            span(1, 1, attributes=[("a", 1), ("a", 2), ("b", "x")], scope={"s": 1.5}),
            span(
                1, 2, attributes=[("a", "text")], events=[event(attributes={"e": True}), event(attributes={"e": False})]
            ),
        )
        await self.keep(
            store, span(2, 1, attributes={"a": 3}, links=[link(attributes={"l": [1], "m": Pairs([("k", 1)])})])
        )
        table = await store.attribute_keys(Budget())
        assert table.schema.equals(ATTRIBUTE_KEYS_SCHEMA)
        assert [tuple(row.values()) for row in table.to_pylist()] == [
            ("service.name", "resource", AttributeType.STRING, 3),
            ("a", "span", AttributeType.INT, 2),
            ("a", "span", AttributeType.STRING, 1),
            ("b", "span", AttributeType.STRING, 1),
            ("e", "event", AttributeType.BOOL, 1),
            ("l", "link", AttributeType.ARRAY, 1),
            ("m", "link", AttributeType.MAP, 1),
            ("s", "scope", AttributeType.DOUBLE, 1),
        ]
        one = await store.attribute_keys(Budget(), scope=Scope.SPAN)
        assert [tuple(row.values()) for row in one.to_pylist()] == [
            ("a", "span", AttributeType.INT, 2),
            ("a", "span", AttributeType.STRING, 1),
            ("b", "span", AttributeType.STRING, 1),
        ]

    async def test_attribute_values_have_counts(self, store: SpanStore) -> None:
        await self.keep(store, *(span(1, number, attributes={"v": "often"}) for number in range(1, 5)))
        await self.keep(
            store,
            span(2, 1, attributes=[("v", "twice"), ("v", "twice")], resource={"v": "resource"}),
            span(2, 2, attributes={"v": "twice"}, events=[event(attributes={"v": "event"})]),
            span(2, 3, attributes={"v": 7, "w": "other"}),
            span(2, 4, attributes={"v": "7"}),
            span(2, 5, attributes={"v": True}),
        )
        table = await store.attribute_values("v", Budget())
        assert table.schema.equals(ATTRIBUTE_VALUES_SCHEMA)
        assert [tuple(row.values()) for row in table.to_pylist()] == [
            ("often", 4),
            ("7", 2),
            ("twice", 2),
            ("event", 1),
            ("resource", 1),
            ("true", 1),
        ]
        limited = await store.attribute_values("v", Budget(), limit=2)
        assert limited.to_pylist() == table.to_pylist()[:2]

    @pytest.mark.parametrize("scope", [one for one in Scope if one is not Scope.ANY])
    async def test_attribute_values_of_one_scope(self, store: SpanStore, scope: Scope) -> None:
        everywhere = span(
            1,
            1,
            attributes={"v": "span"},
            resource={"v": "resource"},
            scope={"v": "scope"},
            events=[event(attributes={"v": "event"})],
            links=[link(attributes={"v": "link"})],
        )
        await self.keep(store, everywhere)
        table = await store.attribute_values("v", Budget(), scope=scope)
        assert table.to_pylist() == [{"value": scope.value, "span_count": 1}]

    async def test_equal_spans_are_counted_once(self, store: SpanStore) -> None:
        for _ in range(3):
            await self.keep(store, span(1, 1, attributes={"v": 1}), span(1, 2, 1, service="other", attributes={"v": 1}))
        assert (await store.attribute_values("v", Budget())).to_pylist() == [{"value": "1", "span_count": 2}]
        keys = (await store.attribute_keys(Budget(), scope=Scope.SPAN)).to_pylist()
        assert [row["span_count"] for row in keys] == [2]
        assert (await store.service_graph(Budget())).column("call_count").to_pylist() == [1]
