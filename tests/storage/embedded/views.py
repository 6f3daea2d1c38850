"""The same spans as every kind of native view, and the memory store's functions as what the views must say."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from hypothesis import settings

from lymer._native import Batch, OpenBuffer, Segment, View
from lymer.conformance.spans import Row, batch, to_rows
from lymer.model.search import Order, TraceSearch
from lymer.model.trace import SUMMARY_SCHEMA
from lymer.storage.memory import answers, evaluate, structure
from lymer.storage.memory.rows import identity
from lymer.wire.predicate_json import encode_predicate

EXAMPLES = settings().max_examples
"""How many examples of chance the run allows at most: few in `make check`."""
NO_TIME_LIMITS = (-(2**63), 2**63 - 1)
FIGURES = {
    Order.NEWEST: "start_time_unix_nano",
    Order.OLDEST: "start_time_unix_nano",
    Order.LONGEST: "duration_nano",
    Order.SHORTEST: "duration_nano",
    Order.MOST_SPANS: "span_count",
    Order.MOST_ERRORS: "error_count",
}


@contextmanager
def views(written: list[list[Row]]) -> Iterator[list[View]]:
    """These rows, batch by batch, as every kind of view."""
    with views_of([Batch.from_arrow(batch(rows).record_batch) for rows in written]) as kinds:
        yield kinds


@contextmanager
def views_of(batches: list[Batch]) -> Iterator[list[View]]:
    """An open buffer that got these batches, and the segment that it is sealed to."""
    buffer = OpenBuffer()
    for position, written in enumerate(batches):
        buffer.append(written, position)
    with tempfile.TemporaryDirectory() as directory:
        buffer.seal(directory, "one", "{}")
        yield [buffer, Segment.open(directory, "one", verify=True)]


def trees(written: list[list[Row]]) -> list[structure.Tree]:
    """The traces of these rows as the oracle builds them; equal spans are one."""
    traces: dict[bytes, dict[Any, Row]] = defaultdict(dict)
    for rows in written:
        for row in to_rows(batch(rows)):
            traces[row["trace_id"]].setdefault(identity(row), row)
    return [structure.build(list(rows.values())) for rows in traces.values()]


def matching(written: list[list[Row]], search: TraceSearch) -> list[evaluate.Summary]:
    """The summaries that the oracle finds, in order."""
    found = []
    for tree in trees(written):
        summary = answers.summarize(tree)
        in_time = any(evaluate.starts_in(row, search.time) for row in tree.rows)
        if in_time and evaluate.trace_holds(search.where, tree.rows, summary, search.time):
            found.append(summary)
    return sorted(found, key=lambda summary: answers.sort_key(search.order, summary))


def plan(search: TraceSearch, **more: Any) -> str:
    """The search as the native core reads it."""
    fields = {
        "where": encode_predicate(search.where),
        "min_start": search.time.start,
        "max_start": search.time.end,
        "order": search.order.value,
        "limit": search.limit,
        "with_total": search.with_total,
    }
    return json.dumps(fields | more)


def rows_of(answer: Any) -> list[dict[str, Any]]:
    """An answer's rows."""
    return pa.record_batch(answer).to_pylist()


def summary_rows(answer: Any) -> list[dict[str, Any]]:
    """An answer's rows of SUMMARY_SCHEMA."""
    table = pa.table(pa.record_batch(answer))
    assert table.schema.names == [*SUMMARY_SCHEMA.names, "trace"]
    return table.select(SUMMARY_SCHEMA.names).cast(SUMMARY_SCHEMA).to_pylist()


def plain(summary: evaluate.Summary) -> dict[str, Any]:
    """The oracle's summary as a row of SUMMARY_SCHEMA."""
    return {name: summary[name] for name in SUMMARY_SCHEMA.names}
