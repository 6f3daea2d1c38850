"""docs/specs/predicate-json.md, read."""

from __future__ import annotations

from typing import Any

import pytest

from lymer.component.errors import BadQueryError
from lymer.model.search import (
    And,
    AnySpan,
    Attribute,
    Compare,
    CompareTrace,
    Not,
    Op,
    Or,
    Scope,
    SpanField,
    TraceField,
)
from lymer.wire.predicate_json import read_predicate


def test_every_kind_of_term_is_read() -> None:
    value = {
        "op": "and",
        "terms": [
            {
                "op": "any_span",
                "where": {
                    "op": "or",
                    "terms": [
                        {"op": "compare", "field": "service", "cmp": "=", "value": "cart"},
                        {"op": "compare", "attribute": "http.route", "scope": "resource", "cmp": "exists"},
                        {"op": "compare", "attribute": "code", "cmp": "in", "value": [500, "503", True]},
                    ],
                },
            },
            {"op": "not", "term": {"op": "compare_trace", "field": "duration", "cmp": ">", "value": 1000000}},
        ],
    }
    assert read_predicate(value) == And(
        (
            AnySpan(
                Or(
                    (
                        Compare(SpanField.SERVICE, Op.EQ, "cart"),
                        Compare(Attribute("http.route", Scope.RESOURCE), Op.EXISTS),
                        Compare(Attribute("code", Scope.ANY), Op.IN, (500, "503", True)),
                    )
                )
            ),
            Not(CompareTrace(TraceField.DURATION, Op.GT, 1000000)),
        )
    )


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], "must be an object"),
        ({}, "`op` must be"),
        ({"op": "nand"}, "`op` must be"),
        ({"op": ["and"]}, "`op` must be"),
        ({"op": "and"}, "list of `terms`"),
        ({"op": "not"}, "must be an object"),
        ({"op": "compare", "field": "colour", "cmp": "="}, "`field` must be one of service"),
        ({"op": "compare", "field": "service", "cmp": "~"}, "`cmp` must be one of"),
        ({"op": "compare", "attribute": 5, "cmp": "="}, "`attribute` must be text"),
        ({"op": "compare", "attribute": "a", "scope": "galaxy", "cmp": "="}, "`scope` must be one of"),
        ({"op": "compare", "attribute": "a", "scope": None, "cmp": "="}, "`scope` must be one of"),
        ({"op": "compare", "attribute": "a", "cmp": "=", "value": {}}, "`value` must be"),
        ({"op": "compare", "attribute": "a", "cmp": "in", "value": [[1]]}, "`value` must be"),
    ],
)
def test_nonsense_is_refused_with_a_reason(value: Any, reason: str) -> None:
    with pytest.raises(BadQueryError, match=reason):
        read_predicate(value)


def test_a_tree_too_deep_is_refused_not_followed() -> None:
    value: Any = {"op": "and", "terms": []}
    for _ in range(100_000):
        value = {"op": "not", "term": value}
    with pytest.raises(BadQueryError, match="deeper than 64"):
        read_predicate(value)
    while "term" in value:  # Taken apart by hand: a deep dict freed at once would use the C stack.
        value = value["term"]
