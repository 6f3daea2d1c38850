"""Jaeger's question as a predicate. What the predicate finds is in `conformance/store/jaeger_suite.py`."""

import pytest

from lymer.model.search import (
    And,
    AnySpan,
    Attribute,
    Compare,
    Not,
    Op,
    Or,
    Order,
    Scope,
    SpanField,
    TimeRange,
    check,
)
from lymer.query.jaeger_search import JaegerQuestion, trace_search


def terms(**question):
    search = trace_search(JaegerQuestion(**question))
    check(search)
    assert isinstance(search.where, AnySpan)
    assert isinstance(search.where.where, And)
    return search.where.where.terms


def sent(key, value):
    return Compare(Attribute(key), Op.EQ, value)


def test_all_conditions_are_of_one_span_and_newest_come_first():
    window = TimeRange(1, 2)
    search = trace_search(
        JaegerQuestion(
            service="s",
            operation="o",
            tags={"a": "1", "b": "2"},
            time=window,
            duration_min_nano=0,
            duration_max_nano=9,
            limit=7,
        )
    )
    assert (search.time, search.limit, search.order, search.cursor) == (window, 7, Order.NEWEST, None)
    assert search.where == AnySpan(
        And(
            (
                Compare(SpanField.SERVICE, Op.EQ, "s"),
                Compare(SpanField.NAME, Op.EQ, "o"),
                Compare(SpanField.DURATION, Op.GE, 0),
                Compare(SpanField.DURATION, Op.LE, 9),
                sent("a", "1"),
                sent("b", "2"),
            )
        )
    )


def test_asking_for_nothing_finds_everything():
    assert terms() == ()


def test_an_error_is_a_status_or_a_tag():
    failed = Compare(SpanField.STATUS, Op.EQ, "error")
    assert terms(tags={"error": "true"}) == (Or((failed, sent("error", "true"))),)
    assert terms(tags={"error": "false"}) == (Not(Or((failed, sent("error", "true")))),)
    assert terms(tags={"error": "timeout"}) == (sent("error", "timeout"),)


@pytest.mark.parametrize(
    ("key", "value", "field", "operand"),
    [
        ("span.kind", "SERVER", SpanField.KIND, "server"),
        ("otel.status_code", "OK", SpanField.STATUS, "ok"),
        ("span.status", "ERROR", SpanField.STATUS, "error"),
        ("otel.status_description", "Broke", SpanField.STATUS_MESSAGE, "Broke"),
        ("w3c.tracestate", "a=b", SpanField.TRACE_STATE, "a=b"),
        ("otel.scope.name", "Lib", SpanField.SCOPE_NAME, "Lib"),
        ("otel.library.version", "1", SpanField.SCOPE_VERSION, "1"),
        ("scope.name", "Lib", SpanField.SCOPE_NAME, "Lib"),
        ("scope.version", "1", SpanField.SCOPE_VERSION, "1"),
        ("event", "exception", SpanField.EVENT_NAME, "exception"),
    ],
)
def test_a_tag_that_is_a_field_is_looked_for_in_both(key, value, field, operand):
    assert terms(tags={key: value}) == (Or((Compare(field, Op.EQ, operand), sent(key, value))),)


def test_a_resource_prefix_names_the_scope():
    inner = Compare(Attribute("host.name", Scope.RESOURCE), Op.EQ, "h")
    assert terms(tags={"resource.host.name": "h"}) == (Or((inner, sent("resource.host.name", "h"))),)
