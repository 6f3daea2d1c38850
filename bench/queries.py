"""Queries on a full store: in the engine (all CPU of the process for each query) and over HTTP (wall time).

Every figure is a median over different questions, so that no answer was just given; the files are in the page cache.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import numpy as np

from bench.dataset import SPAN_INTERVAL_NANO, Dataset, dataset, open_store
from bench.figures import Figure, Options, main
from bench.process import anonymous_bytes, cpu_s
from bench.traffic import SERVICES
from e2e.server import Server
from lymer.model.search import And, AnySpan, Attribute, Compare, Op, Predicate, SpanField, TimeRange, TraceSearch
from lymer.storage.base import Budget

SPANS, QUICK_SPANS = 50_000_000, 2_000_000
GRAPH_SPANS = 10_000_000
Question = Callable[[], Awaitable[Any]]


def run(options: Options) -> list[Figure]:
    """All rows of the table that are about reading."""
    data = dataset(options.folder, options.spans)
    return [*asyncio.run(_engine(data)), *_http(data)]


async def _engine(data: Dataset) -> list[Figure]:
    store = open_store(data.data_dir, background=False)
    await store.start()
    try:
        return [
            *await _traces(store, data),
            *await _searches(store, data),
            await _graph(store, data),
        ]
    finally:
        await store.close()


async def _traces(store: Any, data: Dataset) -> list[Figure]:
    ids = [bytes.fromhex(trace_id) for trace_id in data.facts.trace_ids]
    random.Random(1).shuffle(ids)
    spans = [len(await store.get_traces([trace_id], Budget())) for trace_id in ids[:20]]
    cost = await _cost(lambda trace_id=trace_id: store.get_traces([trace_id], Budget()) for trace_id in ids)
    note = f"{len(ids)} traces of {min(spans)} to {max(spans)} spans"
    size = f"{data.facts.spans / 1e6:g} M spans"
    return [
        Figure(f"trace by id, any age, {size}, engine, p50", cost.p50_ms, "ms CPU", 2, note),
        Figure(f"trace by id, any age, {size}, engine, p99", cost.p99_ms, "ms CPU"),
    ]


async def _searches(store: Any, data: Dataset) -> list[Figure]:
    services = SERVICES[:30]
    absent = [f"nobody-{number}" for number in range(30)]
    questions: list[tuple[str, float | None, list[Predicate]]] = [
        ("newest 20 traces of a service", 1, [_service(name) for name in services]),
        ("service + operation + tag + duration over everything, newest 20", 50, [_four(name) for name in services]),
        ("a tag value that does not occur, few values (tenant)", 2, [_tag("tenant", value) for value in absent]),
        ("a tag value that does not occur, many values (user.id)", 2, [_tag("user.id", value) for value in absent]),
        (
            "a tag value that does not occur, unique values (request.id)",
            2,
            [_tag("request.id", value) for value in absent],
        ),
        ("all traces of a user", None, [_tag("user.id", value) for value in data.facts.users[:30]]),
        ("a request by its id", None, [_tag("request.id", value) for value in data.facts.requests[:30]]),
    ]
    figures = []
    for name, goal, predicates in questions:
        searches = [TraceSearch(AnySpan(where)) for where in predicates]
        found = [len((await store.find_traces(search, Budget())).summaries) for search in searches[:5]]
        cost = await _cost(lambda search=search: store.find_traces(search, Budget()) for search in searches)
        note = f"p99 {cost.p99_ms:.2f} ms; {statistics.mean(found):.0f} traces in an answer"
        figures.append(Figure(f"{name}, engine, p50", cost.p50_ms, "ms CPU", goal, note))
    return figures


async def _graph(store: Any, data: Dataset) -> Figure:
    spans = min(GRAPH_SPANS, data.facts.spans)
    end = data.facts.end_unix_nano + 3_600 * 10**9
    time_range = TimeRange(data.facts.end_unix_nano - spans * SPAN_INTERVAL_NANO, end)
    graph = await store.service_graph(Budget(), time=time_range)
    cost = await _cost(lambda: store.service_graph(Budget(), time=time_range) for _ in range(5))
    calls = sum(graph["call_count"].to_pylist())
    note = f"{len(graph)} edges, {calls:,} calls; wall {cost.wall_p50_ms:.0f} ms"
    return Figure(f"exact service graph with p99, {spans / 1e6:g} M spans", cost.p50_ms, "ms CPU", 300, note)


def _http(data: Dataset) -> list[Figure]:
    server = Server(data.data_dir, options=["--retention", "20000d"]).start()
    try:
        ids = data.facts.trace_ids
        for trace_id in ids[:20]:
            server.get(f"/api/traces/{trace_id}")
        before = cpu_s(server.pid)
        walls = [_timed(lambda trace_id=trace_id: server.get(f"/api/traces/{trace_id}")) for trace_id in ids]
        cpu_ms = (cpu_s(server.pid) - before) / len(ids) * 1000
        searches = [
            _timed(lambda name=name: server.get("/api/traces", service=name, lookback="custom", start=0))
            for name in SERVICES[:30]
        ]
        memory = anonymous_bytes(server.pid)
        ready_s = server.ready_after_s
    finally:
        server.stop()
    size = f"{data.facts.spans / 1e6:g} M spans"
    return [
        Figure(
            f"trace by id over HTTP (Jaeger JSON), {size}, p50",
            statistics.median(walls),
            "ms",
            5,
            f"server {cpu_ms:.1f} ms CPU",
        ),
        Figure(f"20 whole traces of a service over HTTP, {size}, p50", statistics.median(searches), "ms"),
        Figure(f"anonymous memory with {size} stored, after queries", memory / 1e6, "MB", 400),
        Figure(f"start to ready, {size}", ready_s, "s", 3),
    ]


class Cost:
    """What questions cost, each."""

    def __init__(self, cpu_ms: list[float], wall_ms: list[float]) -> None:
        self.p50_ms, self.p99_ms = (float(value) for value in np.percentile(cpu_ms, (50, 99)))
        self.wall_p50_ms = statistics.median(wall_ms)


async def _cost(questions: Iterable[Question]) -> Cost:
    """CPU of the whole process and wall time of each question; the first question only warms up."""
    cpu_ms, wall_ms = [], []
    for number, question in enumerate(itertools.chain(questions)):
        wall, cpu = time.perf_counter(), time.process_time()
        await question()
        if number:
            cpu_ms.append((time.process_time() - cpu) * 1000)
            wall_ms.append((time.perf_counter() - wall) * 1000)
    return Cost(cpu_ms, wall_ms)


def _timed(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def _service(name: str) -> Predicate:
    return Compare(SpanField.SERVICE, Op.EQ, name)


def _four(name: str) -> Predicate:
    """A frequent operation, a frequent tenant, slower than usual."""
    return And(
        (
            _service(name),
            Compare(SpanField.NAME, Op.EQ, "GET /api/v1/users"),
            _tag("tenant", "tenant-7"),
            Compare(SpanField.DURATION, Op.GE, 20_000_000),
        )
    )


def _tag(key: str, value: str) -> Predicate:
    return Compare(Attribute(key), Op.EQ, value)


if __name__ == "__main__":
    main(run, spans=SPANS, quick_spans=QUICK_SPANS, summary=__doc__)
