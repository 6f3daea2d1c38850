"""Every other question over many views: whole traces, names, attributes, the service graph. `find` has the search.

Counts are exact although a trace may lie in several views and a span may have been sent twice: what the views count of
split traces is taken off again, and what the whole traces have is added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from lymer._native import Batch, GraphPart, View, graph_views, merge_batches, merge_graph
from lymer.component.errors import BadQueryError
from lymer.model.batch import SpanBatch
from lymer.model.search import Predicate, Scope, TimeRange, check_span_predicate
from lymer.model.trace import ATTRIBUTE_KEYS_SCHEMA, ATTRIBUTE_VALUES_SCHEMA, GRAPH_SCHEMA, Operation, kind_name
from lymer.storage.base import Budget
from lymer.storage.embedded.native_calls import ask_all
from lymer.storage.embedded.pieces import Snapshot, Source
from lymer.storage.embedded.plan import graph_plan
from lymer.storage.embedded.seen_traces import ID_BYTES
from lymer.storage.embedded.whole_traces import pieces_of, read_traces, whole_groups, whole_traces

VIEWS_AT_ONCE_MAX = 16
"""Asked at once, on all cores."""

Count = Callable[[View], pa.RecordBatch]


def get_traces(snapshot: Snapshot, trace_ids: list[bytes], budget: Budget) -> SpanBatch:
    """All spans of these traces, in the order asked for."""
    wanted = [trace_id for trace_id in dict.fromkeys(trace_ids) if trace_id not in snapshot.deleted]
    if any(len(trace_id) != ID_BYTES for trace_id in wanted):
        raise BadQueryError(f"a trace id has {ID_BYTES} bytes")
    joined = b"".join(wanted)
    batches: list[Batch] = []
    for source in snapshot.sources:
        batch = read_traces(source.view, joined)
        if batch is not None:
            batches.append(batch)
        budget.check(sum(batch.nbytes for batch in batches))
    if not batches:
        return SpanBatch.empty()
    if len(batches) == 1:
        return SpanBatch(batches[0])
    return _in_order(SpanBatch(merge_batches(batches)), wanted)


def services(snapshot: Snapshot, time: TimeRange, budget: Budget) -> list[str]:
    """Names of services, sorted."""
    found: set[str] = set()
    for source in _overlapping(snapshot, time):
        budget.check()
        found |= source.names.services(time)
    return sorted(found)


def operations(snapshot: Snapshot, service: str, kind: str | None, time: TimeRange, budget: Budget) -> list[Operation]:
    """The names of a service's spans with their kinds, sorted."""
    found: set[tuple[str, int]] = set()
    for source in _overlapping(snapshot, time):
        budget.check()
        found |= source.names.operations(service, time)
    named = {Operation(name, kind_name(number)) for name, number in found}
    return sorted(operation for operation in named if kind is None or operation.kind == kind)


def attribute_keys(snapshot: Snapshot, scope: Scope, time: TimeRange, budget: Budget) -> pa.Table:
    """Of ATTRIBUTE_KEYS_SCHEMA."""
    names = ("key", "scope", "type")
    counts = _exact_counts(snapshot, names, lambda view: pa.record_batch(view.attribute_keys()), time, budget)
    rows = [
        (key, its_scope, kind, count)
        for (key, its_scope, kind), count in counts.items()
        if count > 0 and scope in (Scope.ANY, its_scope)
    ]
    rows.sort(key=lambda row: (-row[3], *row[:3]))
    return _table(rows, ATTRIBUTE_KEYS_SCHEMA)


def attribute_values(
    snapshot: Snapshot, key: str, scope: Scope, time: TimeRange, limit: int, budget: Budget
) -> pa.Table:
    """Of ATTRIBUTE_VALUES_SCHEMA; the most frequent `limit` values."""

    def count(view: View) -> pa.RecordBatch:
        return pa.record_batch(view.attribute_values(key, scope.value, time.start, time.end))

    counts = _exact_counts(snapshot, ("value",), count, time, budget)
    rows = sorted(
        ((value, count) for (value,), count in counts.items() if count > 0), key=lambda row: (-row[1], row[0])
    )
    return _table(rows[:limit], ATTRIBUTE_VALUES_SCHEMA)


def service_graph(snapshot: Snapshot, where: Predicate, time: TimeRange, budget: Budget) -> pa.Table:
    """Of GRAPH_SCHEMA."""
    try:
        check_span_predicate(where)
    except ValueError as error:
        raise BadQueryError(str(error)) from error
    plan = graph_plan(where, time)
    parts: list[GraphPart] = []
    sources = list(_overlapping(snapshot, time))
    for first in range(0, len(sources), VIEWS_AT_ONCE_MAX):
        budget.check(sum(part.nbytes for part in parts))
        asked = sources[first : first + VIEWS_AT_ONCE_MAX]
        plans = [plan.for_view(budget, source.skip_hex, source.traces_max) for source in asked]
        parts += ask_all(graph_views, [source.view for source in asked], plans)
    for buffer, skip_hex in whole_groups(snapshot, time, budget):
        budget.check(sum(part.nbytes for part in parts))
        parts += ask_all(graph_views, [buffer], [plan.for_view(budget, skip_hex)])
    return pa.table(pa.record_batch(merge_graph(parts))).cast(GRAPH_SCHEMA)


def _overlapping(snapshot: Snapshot, time: TimeRange) -> Iterator[Source]:
    return (source for source in snapshot.sources if source.max_start >= time.start and source.min_start <= time.end)


def _exact_counts(
    snapshot: Snapshot, names: tuple[str, ...], count: Count, time: TimeRange, budget: Budget
) -> Counter[tuple[object, ...]]:
    counts: Counter[tuple[object, ...]] = Counter()
    for source in _overlapping(snapshot, time):
        budget.check()
        _add(counts, count(source.view), names, 1)
    if snapshot.split or snapshot.deleted:
        everywhere = list(_overlapping(snapshot, time))
        _add_all(counts, pieces_of(everywhere, snapshot.deleted, budget), count, names, -1)
        _add_all(counts, whole_traces(everywhere, sorted(snapshot.split), budget), count, names, 1)
    return counts


def _add_all(
    counts: Counter[tuple[object, ...]], views: Iterable[View], count: Count, names: tuple[str, ...], sign: int
) -> None:
    for view in views:
        _add(counts, count(view), names, sign)


def _add(counts: Counter[tuple[object, ...]], rows: pa.RecordBatch, names: tuple[str, ...], sign: int) -> None:
    keys = zip(*(rows.column(name).to_pylist() for name in names), strict=True)
    for key, count in zip(keys, rows.column("span_count").to_pylist(), strict=True):
        counts[key] += sign * count


def _table(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(list(column), field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)


def _in_order(batch: SpanBatch, wanted: list[bytes]) -> SpanBatch:
    """The traces of the batch, rows of each together, in the order wanted."""
    ids = np.frombuffer(batch.record_batch.column("trace_id").buffers()[1], f"V{ID_BYTES}")
    offset = batch.record_batch.column("trace_id").offset
    ids = ids[offset : offset + len(batch)]
    firsts = np.flatnonzero(np.concatenate(([True], ids[1:] != ids[:-1])))
    runs = {
        ids[first].tobytes(): (first, behind) for first, behind in zip(firsts, [*firsts[1:], len(ids)], strict=True)
    }
    there = [trace_id for trace_id in wanted if trace_id in runs]
    if there == list(runs):
        return batch
    return batch.take(np.concatenate([np.arange(*runs[trace_id]) for trace_id in there]))
