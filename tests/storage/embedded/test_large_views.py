"""Views with more rows than the kernels look at in one piece: nothing is lost or counted twice at the borders."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache

import numpy as np
import pyarrow as pa
import pytest

from lymer._native import Batch, View, merge_graph
from lymer.conformance.spans import NOON, batch, span
from lymer.model.schema import SPAN_SCHEMA
from lymer.model.search import (
    AnySpan,
    Attribute,
    Compare,
    CompareTrace,
    Op,
    SpanField,
    TimeRange,
    TraceField,
    TraceSearch,
)
from tests.storage.embedded.views import NO_TIME_LIMITS, plan, rows_of, summary_rows, views_of

SPANS = 300_000
TRACES = 5
SERVICES = np.array(["a", "b", "c"])

numbers = np.arange(1, SPANS + 1)
"""Span ids. Span n belongs to trace n modulo TRACES; its parent is the span of its trace at half its place."""
traces = numbers % TRACES
places = (numbers - 1) // TRACES
parent_places = (places - 1) // 2
parents = parent_places * TRACES + (numbers - 1) % TRACES + 1
services = (numbers * 7 // 5) % 3


@cache
def large_batch() -> Batch:
    """All spans, written with numpy. Their only attribute is `n`, their number modulo 1,000."""
    one = batch([span(1, 1, attributes={"n": 1})]).record_batch
    columns = {name: one.column(name).take(pa.array(np.zeros(SPANS, int))) for name in SPAN_SCHEMA.names}
    columns["trace_id"] = ids(traces + 1, 16)
    columns["span_id"] = ids(numbers, 8)
    columns["parent_span_id"] = pa.array(
        [
            None if place < 0 else int(parent).to_bytes(8, "big")
            for place, parent in zip(parent_places, parents, strict=True)
        ],
        pa.binary(8),
    )
    columns["start_time_unix_nano"] = pa.array(NOON + numbers).cast(SPAN_SCHEMA.field("start_time_unix_nano").type)
    columns["duration_nano"] = pa.array(numbers % 1_000)
    columns["service_name"] = pa.DictionaryArray.from_arrays(pa.array(services, pa.int32()), pa.array(SERVICES))
    attributes = columns["attributes"].flatten()
    fields = {field.name: attributes.field(field.name) for field in attributes.type}
    fields["number"] = pa.array(numbers % 1_000)
    items = pa.StructArray.from_arrays(list(fields.values()), fields=list(attributes.type))
    columns["attributes"] = pa.ListArray.from_arrays(
        np.arange(SPANS + 1, dtype=np.int32), items, type=SPAN_SCHEMA.field("attributes").type
    )
    return Batch.from_arrow(pa.RecordBatch.from_arrays(list(columns.values()), schema=SPAN_SCHEMA))


def ids(values: np.ndarray, width: int) -> pa.Array:
    """The numbers as big-endian ids."""
    wide = np.zeros((len(values), width), np.uint8)
    wide[:, -8:] = values.astype(">u8").view(np.uint8).reshape(-1, 8)
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(values), [None, pa.py_buffer(wide.tobytes())])


@pytest.fixture(scope="module")
def large_views() -> Iterator[list[View]]:
    with views_of([large_batch()]) as kinds:
        yield kinds


def test_every_span_can_be_found(large_views: list[View]) -> None:
    starts = (1, 2, 131_071, 131_072, 131_073, 262_144, 262_145, SPANS)
    for view in large_views:
        for number in starts:
            search = TraceSearch(
                AnySpan(Compare(Attribute("n"), Op.EQ, number % 1_000)), TimeRange(NOON + number, NOON + number)
            )
            (row,) = summary_rows(view.search(plan(search)))
            assert row["trace_id"] == (number % TRACES + 1).to_bytes(16, "big")
            assert row["span_count"] == SPANS // TRACES


def test_traces_are_summed_up_over_all_pieces(large_views: list[View]) -> None:
    for view in large_views:
        for row in summary_rows(view.search(plan(TraceSearch()))):
            inside = traces + 1 == int.from_bytes(row["trace_id"], "big")
            counts = Counter(SERVICES[services[inside]])
            assert {one["name"]: one["span_count"] for one in row["services"]} == counts
            assert row["orphan_count"] == 0
            assert row["root_service"] == SERVICES[services[inside][0]]
        search = TraceSearch(CompareTrace(TraceField.SERVICE_COUNT, Op.EQ, 3))
        assert len(summary_rows(view.search(plan(search)))) == TRACES


def test_calls_are_counted_over_all_pieces(large_views: list[View]) -> None:
    expected: Counter[tuple[str, str]] = Counter()
    has_parent = parent_places >= 0
    callers = services[parents[has_parent] - 1]
    expected.update((SERVICES[a], SERVICES[b]) for a, b in zip(callers, services[has_parent], strict=True) if a != b)
    expected_of_few: Counter[tuple[str, str]] = Counter()
    few = has_parent & (numbers % 1_000 == 7)
    expected_of_few.update(
        (SERVICES[a], SERVICES[b]) for a, b in zip(services[parents[few] - 1], services[few], strict=True) if a != b
    )
    only_few = {"op": "compare", "attribute": "n", "scope": "span", "cmp": "=", "value": 7}
    for view in large_views:
        for where, counts in (({"op": "and", "terms": []}, expected), (only_few, expected_of_few)):
            rows = rows_of(merge_graph([view.graph(json.dumps({"where": where}))]))
            assert {(row["parent"], row["child"]): row["call_count"] for row in rows} == counts


def test_names_and_attributes_are_counted_over_all_pieces(large_views: list[View]) -> None:
    for view in large_views:
        operations = {row["service"]: row["span_count"] for row in rows_of(view.operations())}
        assert operations == Counter(SERVICES[services])
        keys = {(row["key"], row["scope"]): row["span_count"] for row in rows_of(view.attribute_keys())}
        assert keys == {("n", "span"): SPANS, ("service.name", "resource"): SPANS}
        values = {
            row["value"]: row["span_count"] for row in rows_of(view.attribute_values("n", "any", *NO_TIME_LIMITS))
        }
        assert values == Counter(str(number) for number in numbers % 1_000)
        window = rows_of(view.attribute_values("n", "span", NOON + 131_000, NOON + 131_099))
        assert sum(row["span_count"] for row in window) == 100


def test_nothing_is_found_where_nothing_is(large_views: list[View]) -> None:
    for view in large_views:
        for where in (
            Compare(SpanField.SERVICE, Op.EQ, "nobody"),
            Compare(Attribute("n"), Op.EQ, 1_000),
            Compare(Attribute("m"), Op.EXISTS),
            Compare(SpanField.EVENT_NAME, Op.EXISTS),
        ):
            assert pa.record_batch(view.search(plan(TraceSearch(AnySpan(where), with_total=True)))).num_rows == 0
