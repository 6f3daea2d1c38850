"""What each predicate finds: model/search.py in cases."""

from __future__ import annotations

import math
from typing import Any

import pytest

from lymer.conformance.spans import NOON, event, link, span, span_id
from lymer.conformance.store.harness import StoreHarness, find, find_spans
from lymer.model.attributes import Pairs, Value
from lymer.model.search import (
    EVERYTHING,
    And,
    AnySpan,
    Attribute,
    Compare,
    CompareTrace,
    Not,
    Op,
    Operand,
    Or,
    Predicate,
    Scope,
    SpanField,
    TimeRange,
    TraceField,
)
from lymer.storage.base import SpanStore

_VALUES: dict[int, Value] = {
    1: "200",
    2: 200,
    3: 200.0,
    4: True,
    5: b"\x01\x02",
    6: ["a", 1],
    7: Pairs([("k", 1)]),
    8: None,
    9: "true",
    10: 200.5,
    11: -3,
    12: "",
    13: math.nan,
    14: "Ünïcode",
    15: math.inf,
    16: "a.b",
    17: 2**53 + 1,
}
"""Trace number to the value of its attribute `v`; trace 30 has none."""
_ALL = set(_VALUES)

VALUE_CASES: dict[str, tuple[Op, Operand | tuple[Operand, ...] | None, set[int]]] = {
    "text equals text, digits and numbers": (Op.EQ, "200", {1, 2, 3}),
    "text that reads as a double": (Op.EQ, "2.0e2", {3}),
    "text of digits with a point is no int": (Op.EQ, "200.0", {3}),
    "text equals a bool": (Op.EQ, "true", {4, 9}),
    "text equals the base64 of bytes": (Op.EQ, "AQI=", {5}),
    "text equals the attribute text of an array": (Op.EQ, '["a",1]', {6}),
    "text equals the attribute text of a map": (Op.EQ, '{"k":1}', {7}),
    "empty text equals empty text alone": (Op.EQ, "", {12}),
    "NaN equals nothing": (Op.EQ, "NaN", set()),
    "infinity": (Op.EQ, "Infinity", {15}),
    "a negative int": (Op.EQ, "-3", {11}),
    "text without letter case": (Op.EQ, "ünïcode", set()),
    "an int equals ints and doubles": (Op.EQ, 200, {2, 3}),
    "a double equals ints and doubles": (Op.EQ, 200.0, {2, 3}),
    "a double with a fraction": (Op.EQ, 200.5, {10}),
    "a large int is exact": (Op.EQ, 2**53 + 1, {17}),
    "a double near a large int is another": (Op.EQ, float(2**53), set()),
    "a bool equals bools": (Op.EQ, True, {4}),
    "the other bool": (Op.EQ, False, set()),
    "unequal text": (Op.NE, "200", _ALL - {1, 2, 3}),
    "unequal number": (Op.NE, 200, _ALL - {2, 3}),
    "unequal bool": (Op.NE, True, _ALL - {4}),
    "less than a number": (Op.LT, 200, {11}),
    "at most a number": (Op.LE, 200, {2, 3, 11}),
    "more than a number": (Op.GT, 200, {10, 15, 17}),
    "at least a number": (Op.GE, 200.0, {2, 3, 10, 15, 17}),
    "less than text": (Op.LT, "a", {1, 12}),
    "at least text": (Op.GE, "a.b", {9, 14, 16}),
    "ordered like a bool": (Op.GE, False, set()),
    "one of": (Op.IN, ("true", 200, "nope"), {2, 3, 4, 9}),
    "one of none": (Op.IN, (), set()),
    "a regex anywhere": (Op.REGEX, "0+", {1, 2, 3, 10, 17}),
    "a regex with anchors": (Op.REGEX, "^200$", {1, 2}),
    "a regex over a double's shortest form": (Op.REGEX, r"^200\.0$", {3}),
    "a regex over bytes and arrays": (Op.REGEX, r'^AQI=$|^\["a"', {5, 6}),
    "a regex's word letters are ASCII": (Op.REGEX, r"^\Wn[\W]code\b", {14}),
    "a regex's other letters are Unicode": (Op.REGEX, r"^(?i)ünï\pL{2}.e$", {14}),
    "an empty regex": (Op.REGEX, "", _ALL - {8}),
    "a substring": (Op.CONTAINS, "00", {1, 2, 3, 10, 17}),
    "a substring is no regex": (Op.CONTAINS, ".b", {16}),
    "a substring of many bytes": (Op.CONTAINS, "nïc", {14}),
    "an empty substring": (Op.CONTAINS, "", _ALL - {8}),
    "there is one": (Op.EXISTS, None, _ALL),
}

_FIELDS = SpanField
FIELD_CASES: dict[str, tuple[Predicate, set[int]]] = {
    "service": (Compare(_FIELDS.SERVICE, Op.EQ, "cart"), {2}),
    "service in": (Compare(_FIELDS.SERVICE, Op.IN, ("cart", "shop")), {1, 2, 3}),
    "service unequal": (Compare(_FIELDS.SERVICE, Op.NE, "shop"), {2}),
    "service regex": (Compare(_FIELDS.SERVICE, Op.REGEX, "^c.*t$"), {2}),
    "name": (Compare(_FIELDS.NAME, Op.EQ, "GET /a"), {1}),
    "name contains": (Compare(_FIELDS.NAME, Op.CONTAINS, "GET"), {1, 2}),
    "kind": (Compare(_FIELDS.KIND, Op.EQ, "server"), {1}),
    "kind in": (Compare(_FIELDS.KIND, Op.IN, ("client", "unspecified")), {2, 3}),
    "status": (Compare(_FIELDS.STATUS, Op.EQ, "error"), {2}),
    "status unset": (Compare(_FIELDS.STATUS, Op.EQ, "unset"), {1}),
    "status message": (Compare(_FIELDS.STATUS_MESSAGE, Op.EQ, "broke"), {2}),
    "status message exists": (Compare(_FIELDS.STATUS_MESSAGE, Op.EXISTS), {2}),
    "no status message is not unequal": (Compare(_FIELDS.STATUS_MESSAGE, Op.NE, "x"), {2}),
    "duration": (Compare(_FIELDS.DURATION, Op.EQ, 2_000), {2}),
    "duration at least": (Compare(_FIELDS.DURATION, Op.GE, 2_000), {2, 3}),
    "duration below": (Compare(_FIELDS.DURATION, Op.LT, 2_000.5), {1, 2}),
    "start": (Compare(_FIELDS.START, Op.GT, NOON + 10), {2, 3}),
    "span id": (Compare(_FIELDS.SPAN_ID, Op.EQ, span_id(5).hex()), {2}),
    "parent id": (Compare(_FIELDS.PARENT_SPAN_ID, Op.EQ, span_id(4).hex()), {2}),
    "parent id exists": (Compare(_FIELDS.PARENT_SPAN_ID, Op.EXISTS), {2}),
    "no parent id is not unequal": (Compare(_FIELDS.PARENT_SPAN_ID, Op.NE, span_id(1).hex()), {2}),
    "no parent id": (Not(Compare(_FIELDS.PARENT_SPAN_ID, Op.EXISTS)), {1, 3}),
    "trace state": (Compare(_FIELDS.TRACE_STATE, Op.CONTAINS, "a=b"), {3}),
    "trace state exists": (Compare(_FIELDS.TRACE_STATE, Op.EXISTS), {3}),
    "scope name": (Compare(_FIELDS.SCOPE_NAME, Op.EQ, "lib"), {1}),
    "scope version": (Compare(_FIELDS.SCOPE_VERSION, Op.EQ, "1.2"), {1}),
    "event name": (Compare(_FIELDS.EVENT_NAME, Op.EQ, "exception"), {3}),
    "no event is not unequal": (Compare(_FIELDS.EVENT_NAME, Op.NE, "exception"), set()),
    "span attribute": (Compare(Attribute("where", Scope.SPAN), Op.EQ, "span"), {1}),
    "resource attribute": (Compare(Attribute("where", Scope.RESOURCE), Op.EQ, "resource"), {2}),
    "scope attribute": (Compare(Attribute("where", Scope.SCOPE), Op.EQ, "scope"), {3}),
    "event attribute": (Compare(Attribute("where", Scope.EVENT), Op.EQ, "event"), {3}),
    "link attribute": (Compare(Attribute("where", Scope.LINK), Op.EQ, "link"), {3}),
    "attribute anywhere": (Compare(Attribute("where"), Op.IN, ("span", "link")), {1, 3}),
    "attribute of another scope": (Compare(Attribute("where", Scope.SPAN), Op.EQ, "link"), set()),
    "unequal looks at all values": (Compare(Attribute("where"), Op.NE, "link"), {1, 2}),
    "any value of a repeated key": (Compare(Attribute("twice"), Op.EQ, 2), {1}),
    "unequal to each of a repeated key": (Compare(Attribute("twice"), Op.NE, 2), set()),
    "and": (And((Compare(_FIELDS.SERVICE, Op.EQ, "shop"), Compare(_FIELDS.STATUS, Op.EQ, "ok"))), {3}),
    "or": (Or((Compare(_FIELDS.KIND, Op.EQ, "server"), Compare(_FIELDS.STATUS, Op.EQ, "error"))), {1, 2}),
    "and of nothing": (And(()), {1, 2, 3}),
    "or of nothing": (Or(()), set()),
    "not": (Not(Compare(Attribute("where", Scope.SPAN), Op.EQ, "span")), {2, 3}),
}

_ANY = AnySpan
_A = Compare(SpanField.NAME, Op.EQ, "a")
_B = Compare(SpanField.NAME, Op.EQ, "b")
TRACE_CASES: dict[str, tuple[Predicate, set[int]]] = {
    "both on one span": (_ANY(And((_A, Compare(Attribute("n"), Op.EQ, 1)))), {1}),
    "each on some span": (And((_ANY(_A), _ANY(Compare(Attribute("n"), Op.EQ, 1)))), {1, 2}),
    "one without the other": (And((_ANY(_A), Not(_ANY(_B)))), {3}),
    "either": (Or((_ANY(_B), CompareTrace(TraceField.SPAN_COUNT, Op.EQ, 1))), {1, 2, 3}),
    "a trace without such a span": (Not(_ANY(_B)), {3}),
    "span count": (CompareTrace(TraceField.SPAN_COUNT, Op.GE, 2), {1, 2}),
    "error count": (CompareTrace(TraceField.ERROR_COUNT, Op.GT, 0), {2}),
    "service count": (CompareTrace(TraceField.SERVICE_COUNT, Op.EQ, 2), {1}),
    "trace duration": (CompareTrace(TraceField.DURATION, Op.EQ, 1_500), {1}),
    "trace start": (CompareTrace(TraceField.START, Op.GT, NOON), {2, 3}),
    "root service": (CompareTrace(TraceField.ROOT_SERVICE, Op.EQ, "shop"), {1, 2, 3}),
    "root name": (CompareTrace(TraceField.ROOT_NAME, Op.REGEX, "^[a]$"), {1, 3}),
    "nothing of it": (Not(EVERYTHING), set()),
}


class PredicatesContract(StoreHarness):
    """Every comparison, every field, every scope, both levels."""

    @pytest.mark.parametrize("case", VALUE_CASES)
    async def test_a_comparison_finds(self, store: SpanStore, case: str) -> None:
        await self.keep(store, *(span(trace, 1, attributes={"v": value}) for trace, value in _VALUES.items()))
        await self.keep(store, span(30, 1, attributes={"w": "200"}))
        op, operand, expected = VALUE_CASES[case]
        for scope in (Scope.ANY, Scope.SPAN):
            assert await find_spans(store, Compare(Attribute("v", scope), op, operand)) == expected

    @pytest.mark.parametrize("scope", ["resource", "scope", "event", "link"])
    async def test_a_comparison_finds_the_same_in_every_scope(self, store: SpanStore, scope: str) -> None:
        for trace, value in _VALUES.items():
            bag: dict[str, Value] = {"v": value}
            of_span: dict[str, Any] = {
                "event": {"events": [event(attributes=bag)]},
                "link": {"links": [link(attributes=bag)]},
            }
            await self.keep(store, span(trace, 1, **of_span.get(scope, {scope: bag})))
        await self.keep(store, span(30, 1, events=[event()], links=[link()]))
        for case, (op, operand, expected) in VALUE_CASES.items():
            for one in (Scope(scope), Scope.ANY):
                found = await find_spans(store, Compare(Attribute("v", one), op, operand))
                assert found == expected, case
            assert await find_spans(store, Compare(Attribute("v", Scope.SPAN), op, operand)) == set(), case

    @pytest.mark.parametrize("case", FIELD_CASES)
    async def test_a_span_predicate_finds(self, store: SpanStore, case: str) -> None:
        await self._keep_fields(store)
        where, expected = FIELD_CASES[case]
        assert await find_spans(store, where) == expected

    @pytest.mark.parametrize("case", TRACE_CASES)
    async def test_a_trace_predicate_finds(self, store: SpanStore, case: str) -> None:
        await self.keep(
            store,
            span(1, 1, name="a", attributes={"n": 1}),
            span(1, 2, 1, name="b", start=500, service="cart"),
            span(2, 1, name="b", start=1, attributes={"n": 1}),
        )
        await self.keep(store, span(2, 2, 1, name="a", start=2, status="error"), span(3, 1, name="a", start=3))
        where, expected = TRACE_CASES[case]
        assert set(await find(store, where)) == expected

    async def test_the_time_range_is_inclusive_and_of_the_span_that_matches(self, store: SpanStore) -> None:
        await self.keep(store, span(1, 1, name="a", start=0), span(1, 2, 1, name="b", start=100))
        await self.keep(store, span(2, 1, name="b", start=0), span(2, 2, 1, name="a", start=100))

        async def found(where: Predicate, start: int, end: int) -> set[int]:
            return set(await find(store, where, time=TimeRange(NOON + start, NOON + end)))

        assert await found(AnySpan(_A), 0, 0) == {1}
        assert await found(AnySpan(_A), 100, 100) == {2}
        assert await found(AnySpan(_A), 1, 99) == set()
        assert await found(AnySpan(_A), 0, 100) == {1, 2}
        assert await found(EVERYTHING, 1, 99) == set()
        assert await found(EVERYTHING, 100, 2**40) == {1, 2}
        assert await found(Not(AnySpan(_A)), 0, 0) == {2}
        assert await found(And((AnySpan(_A), AnySpan(_B))), 0, 99) == set()
        assert await found(CompareTrace(TraceField.START, Op.EQ, NOON), 100, 100) == {1, 2}

    async def _keep_fields(self, store: SpanStore) -> None:
        await self.keep(
            store,
            span(
                1,
                1,
                name="GET /a",
                kind="server",
                attributes=[("where", "span"), ("twice", 1), ("twice", 2)],
                scope_name="lib",
                scope_version="1.2",
            ),
            span(
                2,
                5,
                4,
                start=20,
                duration=2_000,
                service="cart",
                name="GET /b",
                kind="client",
                status="error",
                status_message="broke",
                resource={"where": "resource"},
            ),
            span(
                3,
                1,
                start=30,
                duration=3_000,
                kind="unspecified",
                status="ok",
                trace_state="a=b",
                scope={"where": "scope"},
                events=[event("start"), event("exception", attributes={"where": "event"})],
                links=[link(attributes={"where": "link"})],
            ),
        )
