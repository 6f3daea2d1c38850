"""Figures over random spans, as buffers, segments and split traces have them, are those that a plain count finds."""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lymer.api.span_json import attribute_value
from lymer.component.clock import ManualClock
from lymer.component.errors import BadQueryError
from lymer.conformance.spans import NOON, batch, span
from lymer.conformance.strategies import batches, span_predicates, time_ranges, trace_predicates
from lymer.model.attributes import as_text, read_bag
from lymer.model.search import And, Compare, Op, SpanField, TimeRange, TraceSearch
from lymer.query.service import QueryService
from lymer.storage.embedded.store import EmbeddedStore
from lymer.storage.memory import MemoryStore, evaluate
from lymer.wire.overview import ALL_TRACES, FacetQuestion, HistogramQuestion, RedQuestion
from tests.storage.embedded.views import matching, trees

ALWAYS = TimeRange()


async def answers(written, *questions):
    """Each question, of the memory store and of an embedded one whose traces lie in a segment, a buffer, or both."""
    with tempfile.TemporaryDirectory() as folder:
        embedded = EmbeddedStore.from_config({}, data_dir=Path(folder), clock=ManualClock())
        stores = [MemoryStore(), embedded]
        for store in stores:
            await store.start()
            for number, rows in enumerate(written):
                await store.write(batch(rows))
                if store is embedded and number == len(written) // 2:
                    await embedded.seal()
        found = [[await QueryService(store).overview(question) for question in questions] for store in stores]
        for store in stores:
            await store.close()
        return found


def spans_of(written):
    return [row for tree in trees(written) for row in tree.rows]


def percentile(durations, percent):
    return sorted(durations)[-(-percent * len(durations) // 100) - 1]


@given(batches(), st.data())
@settings(max_examples=8, deadline=None)
async def test_red(written, data):
    where = data.draw(span_predicates())
    time = TimeRange(NOON, NOON + 99)
    by_operation = data.draw(st.booleans())
    question = RedQuestion(where=where, time=time, by_operation=by_operation, bucket_nano=25, bucket_count=4)
    expected = defaultdict(list)
    for row in spans_of(written):
        if time.start <= row["start_time_unix_nano"] <= time.end and evaluate.span_holds(where, row):
            names = row["service_name"], row["name"] if by_operation else ""
            for bucket in (-1, (row["start_time_unix_nano"] - NOON) // 25):
                expected[(*names, bucket)].append(row)
    for (table,) in await answers(written, question):
        found = {(row.pop("service"), row.pop("operation"), row.pop("bucket")): row for row in table.to_pylist()}
        assert found == {key: _figures(rows) for key, rows in expected.items()}


def _figures(rows):
    durations = [row["duration_nano"] for row in rows]
    return {
        "call_count": len(rows),
        "error_count": sum(row["status_code"] == 2 for row in rows),
        "total_nano": sum(max(duration, 0) for duration in durations),
        **{f"p{percent}_nano": percentile(durations, percent) for percent in (50, 95, 99)},
    }


@given(batches(), trace_predicates(), time_ranges())
@settings(max_examples=8, deadline=None)
async def test_histograms(written, where, time):
    question = HistogramQuestion(
        where=where, time=time, bucket_start=NOON, bucket_nano=10, bucket_count=5, duration_edges=(1, 10, 50)
    )
    expected = Counter()
    for summary in matching(written, TraceSearch(where=where, time=time, limit=10_000)):
        start = min(max((summary["start_time_unix_nano"] - NOON) // 10, 0), 4)
        duration = max(sum(summary["duration_nano"] >= edge for edge in (1, 10, 50)) - 1, 0)
        expected[start, duration, "all"] += 1
        expected[start, duration, "error"] += summary["error_count"] > 0
    for (table,) in await answers(written, question):
        found = Counter()
        for time_bucket, duration, traces, errors in zip(*table.to_pydict().values(), strict=True):
            found[time_bucket, duration, "all"] += traces
            found[time_bucket, duration, "error"] += errors
        assert found == expected


@given(batches(), trace_predicates())
@settings(max_examples=8, deadline=None)
async def test_facets(written, where):
    names = ("service", "operation", "status", "attribute:b", "attribute:http.status_code")
    matched = {summary["trace_id"] for summary in matching(written, TraceSearch(where=where, limit=10_000))}
    expected = Counter()
    for tree in trees(written):
        if tree.rows[0]["trace_id"] in matched:
            failed = any(row["status_code"] == 2 for row in tree.rows)
            for key in _facets_of(tree, failed):
                expected[(*key, "all")] += 1
                expected[(*key, "error")] += failed
    for (table,) in await answers(written, FacetQuestion(where=where, time=ALWAYS, facets=names)):
        found = Counter()
        for facet, value, service, traces, errors in zip(*table.to_pydict().values(), strict=True):
            found[facet, value, service, "all"] += traces
            found[facet, value, service, "error"] += errors
        assert +found == +expected


def _facets_of(tree, failed):
    yield ALL_TRACES, "", ""
    for service in {row["service_name"] for row in tree.rows}:
        yield 0, service, ""
    yield 1, tree.root["name"], tree.root["service_name"]
    yield 2, "error" if failed else "ok", ""
    for place, key in ((3, "b"), (4, "http.status_code")):
        for value in {as_text(value) for row in tree.rows for name, value in _attributes(row) if name == key}:
            yield place, value, ""


def _attributes(row):
    for item in row["attributes"]:
        yield item["key"], attribute_value(item["type"], item["number"], item["text"])
    bags = [row["resource_attributes"], row["scope_attributes"]]
    bags += [item["attributes"] for item in [*row["events"], *row["links"]]]
    for bag in bags:
        yield from read_bag(bag)


async def test_nonsense_is_refused():
    bad = And((Compare(SpanField.NAME, Op.REGEX, "("),))
    for store in await _both():
        query = QueryService(store)
        with pytest.raises(BadQueryError):
            await query.overview(RedQuestion(where=bad, time=ALWAYS))
        with pytest.raises(BadQueryError):
            await query.overview(FacetQuestion(where=Compare(SpanField.NAME, Op.EQ, "x"), time=ALWAYS, facets=()))
        with pytest.raises(BadQueryError):
            await query.overview(FacetQuestion(time=ALWAYS, facets=("colour",)))
        await store.close()


async def _both():
    stores = [
        MemoryStore(),
        EmbeddedStore.from_config({}, data_dir=Path(tempfile.mkdtemp()), clock=ManualClock()),
    ]
    for store in stores:
        await store.start()
        await store.write(batch([span(1, 1)]))
    return stores
