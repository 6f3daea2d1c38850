"""What makes a search senseless."""

import pytest

from lymer.model.search import (
    DEPTH_MAX,
    LIMIT_MAX,
    TERMS_MAX,
    And,
    AnySpan,
    Attribute,
    Compare,
    CompareTrace,
    Not,
    Op,
    Or,
    SpanField,
    TraceField,
    TraceSearch,
    check,
    check_span_predicate,
)

NAME = Compare(SpanField.NAME, Op.EQ, "a")
COUNT = CompareTrace(TraceField.SPAN_COUNT, Op.GT, 3)


def nested(depth):
    where = COUNT
    for _ in range(depth - 1):
        where = Not(where)
    return where


@pytest.mark.parametrize(
    "where",
    [
        And(()),
        AnySpan(NAME),
        COUNT,
        Or((And((AnySpan(NAME), COUNT)), Not(AnySpan(Or((NAME, NAME)))))),
        AnySpan(Compare(Attribute("a"), Op.EXISTS)),
        AnySpan(Compare(Attribute("a"), Op.IN, ("a", 1, True))),
        nested(DEPTH_MAX),
        And((COUNT,) * (TERMS_MAX - 1)),
    ],
    ids=lambda where: str(where)[:40],
)
def test_sense(where):
    check(TraceSearch(where))


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        (NAME, "name must stand inside"),
        (And((COUNT, Not(NAME))), "name must stand inside"),
        (AnySpan(AnySpan(NAME)), "cannot hold"),
        (AnySpan(COUNT), "no span_count of a trace"),
        (AnySpan(Compare(Attribute("k"), Op.EXISTS, 1)), "attribute 'k': `exists`"),
        (AnySpan(Compare(Attribute("k"), Op.IN, "a")), "needs a list"),
        (AnySpan(Compare(Attribute("k"), Op.REGEX, 5)), "needs text"),
        (AnySpan(Compare(Attribute("k"), Op.CONTAINS, ("a",))), "needs text"),
        (AnySpan(Compare(Attribute("k"), Op.EQ, None)), "needs one value"),
        (AnySpan(Compare(Attribute("k"), Op.EQ, ("a",))), "needs one value"),
        (AnySpan(Compare(Attribute("k"), Op.IN, ("a", None))), "list of values"),
        (AnySpan(Compare(Attribute("k"), Op.LT, float("nan"))), "finite"),
        (AnySpan(Compare(Attribute("k"), Op.EQ, float("inf"))), "finite"),
        (CompareTrace(TraceField.DURATION, Op.LT, None), "duration: `<` needs one value"),
        (nested(DEPTH_MAX + 1), "deeper"),
        (nested(100_000), "deeper"),
        (And((COUNT,) * TERMS_MAX), "more than"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_nonsense(where, reason):
    with pytest.raises(ValueError, match=reason.replace("`", ".")):
        check(TraceSearch(where))


@pytest.mark.parametrize("limit", [0, -1, LIMIT_MAX + 1])
def test_a_limit_is_bounded(limit):
    with pytest.raises(ValueError, match="limit"):
        check(TraceSearch(limit=limit))


def test_a_span_predicate_stands_alone():
    check_span_predicate(And((NAME, Not(NAME))))
    for where in (COUNT, AnySpan(NAME), Or((COUNT,))):
        with pytest.raises(ValueError):
            check_span_predicate(where)
