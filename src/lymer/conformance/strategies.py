"""Random spans, batches and searches for hypothesis, from so few ids, names and values that they meet each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from lymer.conformance.spans import NOON, Row, event, link, span, span_id
from lymer.model.attributes import Pairs, Value
from lymer.model.search import (
    And,
    AnySpan,
    Attribute,
    Compare,
    CompareTrace,
    Not,
    Op,
    Or,
    Order,
    Predicate,
    Scope,
    SpanField,
    TimeRange,
    TraceField,
    TraceSearch,
)
from lymer.model.trace import KIND_NAMES, STATUS_NAMES

_TRACES = 6
_SPANS = 6
_KEYS = ("a", "b", "http.status_code")
_SERVICES = ("cart", "shop", "db")
_NAMES = ("GET", "get", "", "pay")
_VALUES: Sequence[Value] = (
    "x",
    "",
    "200",
    "é",
    200,
    -1,
    0,
    200.0,
    0.5,
    -0.0,
    math.nan,
    math.inf,
    True,
    False,
    b"\x00",
    ["x", 1],
    Pairs([("k", 1)]),
    None,
    2**53 + 1,
    1e300,
)
_OPERANDS: Sequence[Any] = (
    "x",
    "",
    "200",
    "200.0",
    "2e2",
    "é",
    "true",
    "AA==",
    '["x",1]',
    200,
    -1,
    0.5,
    2**53,
    0,
    True,
)
_PATTERNS = ("", "x", "^$", "0", "^(GET|pay)$", r"\.", "[a-f]+", "^-", r"\+")
_TIMES = tuple(range(0, 60, 5))


def bags(size_max: int = 3) -> st.SearchStrategy[list[tuple[str, Value]]]:
    """Attributes, some of them more than once."""
    return st.lists(st.tuples(st.sampled_from(_KEYS), st.sampled_from(_VALUES)), max_size=size_max)


@st.composite
def spans(draw: st.DrawFn) -> Row:
    """One span of one of a few traces; any parent, its own too."""
    pick = st.sampled_from
    return span(
        draw(st.integers(1, _TRACES)),
        draw(st.integers(1, _SPANS)),
        draw(st.none() | st.integers(1, _SPANS + 1)),
        start=draw(pick(_TIMES)),
        duration=draw(pick((0, 1, 5, 20, 100, -5))),
        service=draw(pick(_SERVICES)),
        name=draw(pick(_NAMES)),
        kind=draw(pick(KIND_NAMES)),
        status=draw(pick(STATUS_NAMES)),
        attributes=draw(bags()),
        resource=draw(bags(1)),
        scope=draw(bags(1)),
        events=draw(st.lists(st.builds(event, pick(("log", "exception")), pick(_TIMES), bags(1)), max_size=2)),
        links=draw(st.lists(st.builds(link, st.integers(1, 3), st.integers(1, 3), bags(1)), max_size=1)),
        status_message=draw(pick(("", "broke"))),
        trace_state=draw(pick(("", "a=b"))),
        scope_name=draw(pick(("", "lib"))),
        scope_version=draw(pick(("", "1"))),
    )


def batches() -> st.SearchStrategy[list[list[Row]]]:
    """Several batches, one after the other; some repeat spans of earlier ones."""
    return st.lists(st.lists(spans(), max_size=12), min_size=1, max_size=6).flatmap(_with_repeats)


def _with_repeats(written: list[list[Row]]) -> st.SearchStrategy[list[list[Row]]]:
    everything = [row for rows in written for row in rows]
    if not everything:
        return st.just(written)
    return st.lists(st.sampled_from(everything), max_size=4).map(lambda again: [*written, again])


def span_predicates() -> st.SearchStrategy[Predicate]:
    """A predicate over one span."""
    return _trees(_span_leaves())


def trace_predicates() -> st.SearchStrategy[Predicate]:
    """A predicate over a trace."""
    return _trees(span_predicates().map(AnySpan) | _trace_leaves())


def searches() -> st.SearchStrategy[TraceSearch]:
    """A search with any predicate, range, order and limit."""
    return st.builds(
        TraceSearch,
        where=trace_predicates(),
        time=time_ranges(),
        order=st.sampled_from(Order),
        limit=st.integers(1, 4),
        with_total=st.booleans(),
    )


def time_ranges() -> st.SearchStrategy[TimeRange]:
    """All of time, or a window."""
    window = st.tuples(st.integers(-5, 60), st.integers(0, 60))
    return st.just(TimeRange()) | window.map(lambda one: TimeRange(NOON + one[0], NOON + one[0] + one[1]))


def _trees(leaves: st.SearchStrategy[Predicate]) -> st.SearchStrategy[Predicate]:
    return st.recursive(
        leaves,
        lambda terms: (
            st.lists(terms, max_size=3).map(lambda some: And(tuple(some)))
            | st.lists(terms, max_size=3).map(lambda some: Or(tuple(some)))
            | terms.map(Not)
        ),
        max_leaves=5,
    )


def _span_leaves() -> st.SearchStrategy[Predicate]:
    attribute = st.builds(Attribute, st.sampled_from(_KEYS), st.sampled_from(Scope))
    texts = {
        SpanField.SERVICE: _SERVICES,
        SpanField.NAME: _NAMES,
        SpanField.KIND: KIND_NAMES,
        SpanField.STATUS: STATUS_NAMES,
        SpanField.STATUS_MESSAGE: ("broke", ""),
        SpanField.TRACE_STATE: ("a=b",),
        SpanField.SCOPE_NAME: ("lib", ""),
        SpanField.SCOPE_VERSION: ("1",),
        SpanField.EVENT_NAME: ("log", "exception"),
        SpanField.SPAN_ID: tuple(span_id(number).hex() for number in (1, 2, 3)),
        SpanField.PARENT_SPAN_ID: tuple(span_id(number).hex() for number in (1, 2, 7)),
    }
    of_text = [_comparisons(st.just(field), st.sampled_from(values)) for field, values in texts.items()]
    durations = _comparisons(st.just(SpanField.DURATION), st.sampled_from((0, 5, 20, 5.5)))
    starts = _comparisons(st.just(SpanField.START), st.sampled_from((NOON, NOON + 20, NOON + 21)))
    return _comparisons(attribute, st.sampled_from(_OPERANDS)) | durations | starts | st.one_of(of_text)


def _comparisons(subject: st.SearchStrategy[Any], operand: st.SearchStrategy[Any]) -> st.SearchStrategy[Predicate]:
    one = st.sampled_from((Op.EQ, Op.NE, Op.LT, Op.LE, Op.GT, Op.GE))
    return (
        st.builds(Compare, subject, one, operand)
        | st.builds(Compare, subject, st.just(Op.IN), st.lists(operand, max_size=3).map(tuple))
        | st.builds(Compare, subject, st.just(Op.EXISTS))
        | st.builds(Compare, subject, st.just(Op.REGEX), st.sampled_from(_PATTERNS))
        | st.builds(Compare, subject, st.just(Op.CONTAINS), st.sampled_from(("", "x", "0", "E", ".")))
    )


def _trace_leaves() -> st.SearchStrategy[Predicate]:
    one = st.sampled_from((Op.EQ, Op.NE, Op.LT, Op.LE, Op.GT, Op.GE))
    counts = st.sampled_from((TraceField.SPAN_COUNT, TraceField.ERROR_COUNT, TraceField.SERVICE_COUNT))
    return (
        st.builds(CompareTrace, counts, one, st.integers(0, 4))
        | st.builds(CompareTrace, st.just(TraceField.DURATION), one, st.sampled_from((0, 20, 60, 100)))
        | st.builds(CompareTrace, st.just(TraceField.START), one, st.sampled_from((NOON, NOON + 5, NOON + 30)))
        | st.builds(CompareTrace, st.just(TraceField.ROOT_SERVICE), one, st.sampled_from(_SERVICES))
        | st.builds(CompareTrace, st.just(TraceField.ROOT_NAME), st.just(Op.IN), st.just(("GET", "pay")))
    )
