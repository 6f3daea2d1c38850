"""Summaries, operations, attribute counts and the service graph of native views, compared with the memory store's."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lymer._native import Batch, OpenBuffer, View, merge_batches, merge_graph, summarize
from lymer.conformance.spans import NOON, Row, batch, event, span
from lymer.conformance.strategies import batches, span_predicates, time_ranges
from lymer.model.search import EVERYTHING, Predicate, Scope, TimeRange
from lymer.model.trace import GRAPH_SCHEMA
from lymer.storage.base import ALWAYS
from lymer.storage.memory import answers, evaluate
from lymer.wire.predicate_json import encode_predicate
from tests.storage.embedded.views import EXAMPLES, NO_TIME_LIMITS, plain, rows_of, summary_rows, trees, views

RANDOM = settings(
    deadline=None,
    max_examples=min(30, EXAMPLES),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def spans_in(written: list[list[Row]], time: TimeRange = ALWAYS) -> list[Row]:
    return [row for tree in trees(written) for row in tree.rows if evaluate.starts_in(row, time)]


def native(rows: list[Row]) -> Batch:
    return Batch.from_arrow(batch(rows).record_batch)


def graph(view: View, where: Predicate, time: TimeRange, **more: Any) -> Any:
    fields = {"where": encode_predicate(where), "min_start": time.start, "max_start": time.end}
    return view.graph(json.dumps(fields | more))


@RANDOM
@given(batches())
def test_summaries_are_the_oracles(written: list[list[Row]]) -> None:
    expected = {tree.rows[0]["trace_id"]: plain(answers.summarize(tree)) for tree in trees(written)}
    whole = merge_batches([native(rows) for rows in written])
    assert {row["trace_id"]: row for row in summary_rows(summarize(whole))} == expected
    with views(written) as kinds:
        for view in kinds:
            traces = list(range(view.trace_count))[::-1]
            answer = view.summaries(traces)
            assert {row["trace_id"]: row for row in summary_rows(answer)} == expected
            assert pa.record_batch(answer).column("trace").to_pylist() == traces


def test_a_trace_that_is_not_there_has_no_summary() -> None:
    with pytest.raises(ValueError, match="no trace 1"):
        OpenBuffer().summaries([1])


@RANDOM
@given(batches())
def test_operations_are_counted_with_their_times(written: list[list[Row]]) -> None:
    starts: dict[tuple[str, str, int], list[int]] = defaultdict(list)
    for row in spans_in(written):
        starts[row["service_name"], row["name"], row["kind"]].append(row["start_time_unix_nano"])
    expected = {key: (len(times), min(times), max(times)) for key, times in starts.items()}
    with views(written) as kinds:
        for view in kinds:
            found = {
                (row["service"], row["name"], row["kind"]): (row["span_count"], row["min_start"], row["max_start"])
                for row in rows_of(view.operations())
            }
            assert found == expected


@RANDOM
@given(batches())
def test_attribute_keys_are_counted_in_every_scope(written: list[list[Row]]) -> None:
    counted = answers.attribute_keys(spans_in(written), Scope.ANY).to_pylist()
    expected = {(row["key"], row["scope"], row["type"]): row["span_count"] for row in counted}
    with views(written) as kinds:
        for view in kinds:
            rows = rows_of(view.attribute_keys())
            assert {(row["key"], row["scope"], row["type"]): row["span_count"] for row in rows} == expected


@RANDOM
@given(batches(), st.sampled_from(("a", "b", "service.name", "nothing")), st.sampled_from(Scope), time_ranges())
def test_attribute_values_are_counted_once_a_span(
    written: list[list[Row]], key: str, scope: Scope, time: TimeRange
) -> None:
    expected = answers.attribute_values(spans_in(written, time), key, scope, 10_000).to_pylist()
    with views(written) as kinds:
        for view in kinds:
            assert rows_of(view.attribute_values(key, scope.value, time.start, time.end)) == expected


@RANDOM
@given(batches(), span_predicates() | st.just(EVERYTHING), time_ranges())
def test_the_service_graph_is_the_oracles(written: list[list[Row]], where: Predicate, time: TimeRange) -> None:
    expected = answers.service_graph(trees(written), where, time).to_pylist()
    with views(written) as kinds:
        for view in kinds:
            part = graph(view, where, time)
            assert pa.table(pa.record_batch(merge_graph([part]))).cast(GRAPH_SCHEMA).to_pylist() == expected
            assert part.call_count == sum(row["call_count"] for row in expected)


def test_percentiles_are_exact_over_all_parts() -> None:
    def calls(first_trace: int, durations: range) -> list[Row]:
        rows = []
        for trace, duration in enumerate(durations, first_trace):
            rows += [span(trace, 1), span(trace, 2, 1, service="db", duration=duration, status="error")]
        return rows

    parts = []
    for first, durations in ((1, range(1, 61)), (100, range(61, 101)), (500, range(0))):
        buffer = OpenBuffer()
        buffer.append(native(calls(first, durations)), 0)
        parts.append(graph(buffer, EVERYTHING, ALWAYS))
    (edge,) = rows_of(merge_graph(parts))
    counts = {"parent": "shop", "child": "db", "call_count": 100, "error_count": 100}
    assert edge == {**counts, "p50_nano": 50, "p95_nano": 95, "p99_nano": 99}
    assert sum(part.nbytes for part in parts) >= 400
    assert rows_of(merge_graph([])) == []


def test_calls_of_skipped_traces_are_not_counted() -> None:
    rows = [row for trace in (1, 2) for row in (span(trace, 1, service="a"), span(trace, 2, 1, service="b"))]
    with views([rows]) as kinds:
        for view in kinds:
            assert graph(view, EVERYTHING, TimeRange(), skip_trace_ids="0" * 31 + "1").call_count == 1
            assert graph(view, EVERYTHING, TimeRange(start=NOON + 1)).call_count == 0


def test_a_value_that_an_event_repeats_counts_once() -> None:
    rows = [span(1, 1, attributes={"a": "x"}, resource={"a": "x"}, events=[event(attributes={"a": "x"})] * 2)]
    with views([rows]) as kinds:
        for view in kinds:
            assert rows_of(view.attribute_values("a", "any", *NO_TIME_LIMITS)) == [{"value": "x", "span_count": 1}]
