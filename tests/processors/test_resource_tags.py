"""Attributes that every resource gets, as Jaeger's collector and agent add their tags."""

from __future__ import annotations

from typing import Any

import pytest

from lymer.conformance.spans import batch, span, to_rows
from lymer.model.attributes import read_bag
from lymer.model.batch import SpanBatch
from lymer.processors.resource_tags import REMEMBERED_MAX, ResourceTags

TAGS = {"zone": "eu", "host": "a"}


def resources(found: SpanBatch) -> list[list[tuple[str, Any]]]:
    return [list(read_bag(row["resource_attributes"])) for row in to_rows(found)]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], [("zone", "eu"), ("host", "a")]),
        ([("host", "a")], [("host", "a"), ("zone", "eu")]),
        ([("host", "b")], [("host", "b"), ("zone", "eu"), ("host", "a")]),
    ],
)
def test_a_tag_is_appended_unless_the_resource_says_the_same(
    said: list[tuple[str, str]], expected: list[tuple[str, str]]
) -> None:
    found = ResourceTags(TAGS, None).tagged(batch([span(resource=said)]))  # type: ignore[arg-type]
    assert resources(found) == [[("service.name", "shop"), *expected]]


def test_nothing_else_of_a_span_changes() -> None:
    rows = [span(id=1), span(id=2, service="other", resource={"zone": "eu"})]
    found = to_rows(ResourceTags(TAGS, None).tagged(batch(rows)))  # type: ignore[arg-type]
    assert [row | {"resource_attributes": ""} for row in found] == [row | {"resource_attributes": ""} for row in rows]


def test_an_empty_batch_stays_as_it_is_and_memory_is_bounded() -> None:
    tags = ResourceTags(TAGS, None)  # type: ignore[arg-type]
    empty = SpanBatch.empty()
    assert tags.tagged(empty) is empty
    for start in range(0, 3 * REMEMBERED_MAX, 100):
        tags.tagged(batch([span(resource={"n": number}) for number in range(start, start + 100)]))
    assert len(tags._remembered) <= REMEMBERED_MAX
