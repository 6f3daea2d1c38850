"""What the page asks, in the native core: one large trace as a skeleton, and figures over all spans, as CPU time.

The trace is made here, deep and wide as real ones are not, because no generator of traffic makes one so large.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from bench.figures import Figure, Options, main
from lymer import _native
from lymer.conformance.spans import NOON, batch, span
from lymer.model.schema import SPAN_SCHEMA

SPANS, QUICK_SPANS = 10_000_000, 1_000_000
"""For the figures over all spans; the trace has a million, or a tenth of one."""

SEGMENT_SPANS = 500_000
TRACE_SPANS = 10
SERVICES, NAMES = 24, 80
STEP_NANO = 1_000_000
_ROUNDS = 3


def run(options: Options) -> list[Figure]:
    """The rows of the table."""
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        return [*_one_trace(folder, options), *_overviews(folder, options.spans)]


def _one_trace(folder: str, options: Options) -> list[Figure]:
    count = 100_000 if options.quick else 1_000_000
    segment = _seal(folder, "trace", _large_trace(count))
    skeleton = _native.trace_skeleton(segment, 0)
    size = f"a trace of {count:,} spans"

    def find(term: str) -> float:
        return _cost(segment, lambda: _native.trace_find(segment, 0, json.dumps({"terms": [term]})))

    window = list(range(count // 2, count // 2 + 50))
    return [
        Figure(
            f"skeleton of {size}",
            _cost(segment, lambda: _native.trace_skeleton(segment, 0)),
            "ms CPU",
            150 * count / 1e6,
            f"{len(skeleton) / count:.1f} B a span",
        ),
        Figure(f"find in {size}, every attribute", find("/nowhere"), "ms CPU"),
        Figure(f"50 spans in full of {size}", _cost(segment, lambda: _native.trace_rows(segment, 0, window)), "ms CPU"),
    ]


def _overviews(folder: str, count: int) -> list[Figure]:
    segments = [
        _seal(folder, f"segment-{number}", _small_traces(number)) for number in range(max(1, count // SEGMENT_SPANS))
    ]
    spans = len(segments) * SEGMENT_SPANS
    end = NOON + spans // TRACE_SPANS * STEP_NANO
    bounds = {"min_start": NOON, "max_start": end}
    buckets = {"bucket_start": NOON, "bucket_nano": (end - NOON) // 30 + 1, "bucket_count": 30}
    everything = {"where": {"op": "and", "terms": []}}
    serving = {"where": {"op": "compare", "field": "kind", "cmp": "in", "value": ["server", "consumer"]}}
    edges = [10**power for power in range(3, 13)]
    size = f"{spans / 1e6:g} M spans"

    def red(plan: dict[str, Any]) -> float:
        text = json.dumps(plan | bounds | buckets)
        return _cost_of_all(segments, lambda: _native.merge_red([_native.red(view, text) for view in segments]))

    def each(kernel: Callable[[Any, str], Any], plan: dict[str, Any]) -> float:
        text = json.dumps(everything | plan)
        return _cost_of_all(segments, lambda: [kernel(view, text) for view in segments])

    return [
        Figure(f"rates of services, 30 points, {size}", red(everything), "ms CPU", 500 * spans / 1e7),
        Figure(f"rates of serving operations, 30 points, {size}", red(serving | {"by_operation": True}), "ms CPU"),
        Figure(f"histogram, {size}", each(_native.histogram, buckets | {"duration_edges": edges}), "ms CPU"),
        Figure(f"facet by service, {size}", each(_native.facets, {"facets": ["service"]}), "ms CPU"),
        Figure(f"facet by operation, {size}", each(_native.facets, {"facets": ["operation"]}), "ms CPU"),
    ]


def _cost(segment: Any, question: Callable[[], Any]) -> float:
    return _cost_of_all([segment], question)


def _cost_of_all(segments: list[Any], question: Callable[[], Any]) -> float:
    """The median of some rounds, in milliseconds; nothing is in the page cache of the process."""
    costs = []
    for _ in range(_ROUNDS):
        for segment in segments:
            segment.drop_caches()
        begun = time.process_time()
        question()
        costs.append((time.process_time() - begun) * 1e3)
    return sorted(costs)[_ROUNDS // 2]


def _seal(folder: str, name: str, columns: dict[str, pa.Array]) -> Any:
    buffer = _native.OpenBuffer()
    buffer.append(_native.Batch.from_arrow(_record_batch(columns)), 0)
    buffer.seal(folder, name, "{}")
    return _native.Segment.open(folder, name)


def _record_batch(columns: dict[str, pa.Array]) -> pa.RecordBatch:
    """These columns, and of the others what one span says, again and again."""
    one = batch([span(attributes={"http.route": "/pay", "db.rows": 5}, resource={"host.name": "a"})]).record_batch
    count = len(columns["span_id"])
    again = pa.array(np.zeros(count, np.int64))
    arrays = [columns.get(field.name) for field in SPAN_SCHEMA]
    arrays = [
        one.column(field.name).take(again) if array is None else array.cast(field.type)
        for field, array in zip(SPAN_SCHEMA, arrays, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=SPAN_SCHEMA)


def _large_trace(count: int) -> dict[str, pa.Array]:
    """Most spans hang below one of the forty before them, some below any; children lie inside their parents."""
    chance = np.random.default_rng(1)
    parent = np.zeros(count, np.int64)
    start, duration = np.zeros(count, np.int64), np.zeros(count, np.int64)
    duration[0] = 10**10
    draws = chance.random((3, count))
    for row in range(1, count):
        first = max(0, row - 40) if draws[0, row] < 0.9 else 0
        parent[row] = first + int(draws[0, row] * 1e6) % (row - first)
        above = duration[parent[row]]
        begin = int(above * draws[1, row] / 2)
        start[row] = start[parent[row]] + begin
        duration[row] = max(100, int((above - begin) * draws[2, row]))
    return _columns(chance, np.arange(count), parent, start + NOON, duration) | {
        "kind": pa.array(np.full(count, 1, np.int32))
    }


def _small_traces(number: int) -> dict[str, pa.Array]:
    """Chains of ten spans, one trace a millisecond."""
    chance = np.random.default_rng(number)
    trace = np.repeat(np.arange(SEGMENT_SPANS // TRACE_SPANS), TRACE_SPANS) + number * SEGMENT_SPANS // TRACE_SPANS
    place = np.tile(np.arange(TRACE_SPANS), SEGMENT_SPANS // TRACE_SPANS)
    ids = np.zeros((SEGMENT_SPANS, 2), ">u8")
    ids[:, 1] = trace + 1
    start = NOON + trace * STEP_NANO + place * 1_000
    duration = chance.lognormal(15, 1.5, SEGMENT_SPANS).astype(np.int64)
    return _columns(chance, place, place - 1, start, duration) | {
        "trace_id": pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(16), SEGMENT_SPANS, [None, pa.py_buffer(ids.tobytes())]
        ),
        "kind": pa.array(chance.choice([1, 2, 3], SEGMENT_SPANS).astype(np.int32)),
    }


def _columns(chance: Any, place: Any, parent: Any, start: Any, duration: Any) -> dict[str, pa.Array]:
    count = len(place)
    has_parent = pa.py_buffer(np.packbits(place > 0, bitorder="little").tobytes())
    return {
        "span_id": _ids(count, place, None),
        "parent_span_id": _ids(count, parent, has_parent),
        "start_time_unix_nano": pa.array(start),
        "duration_nano": pa.array(duration),
        "service_name": _texts(chance, count, [f"service-{number}" for number in range(SERVICES)]),
        "name": _texts(chance, count, [f"operation {number}" for number in range(NAMES)]),
        "status_code": pa.array((chance.random(count) < 0.01).astype(np.int32) * 2),
    }


def _ids(count: int, place: Any, validity: Any) -> pa.Array:
    data = pa.py_buffer((np.maximum(place, 0) + 1).astype(">u8").tobytes())
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(8), count, [validity, data])


def _texts(chance: Any, count: int, texts: list[str]) -> pa.Array:
    codes = pa.array(chance.integers(0, len(texts), count).astype(np.int32))
    return pa.DictionaryArray.from_arrays(codes, pa.array(texts))


if __name__ == "__main__":
    main(run, spans=SPANS, quick_spans=QUICK_SPANS, summary=__doc__ or "")
