"""Queries on a full store: in the engine (all CPU of the process for each query) and over HTTP (wall time).

Every figure is a median over different questions, so that no answer was just given; the files are in the page cache.
"""

from __future__ import annotations

import asyncio
import http.client
import itertools
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
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
_WITH_TOTAL = "the same, with the exact total"


def run(options: Options) -> list[Figure]:
    """All rows of the table that are about reading."""
    data = dataset(options.folder, options.spans)
    figures, trace_ids = asyncio.run(_engine(data))
    return [*figures, *_http(data, trace_ids)]


async def _engine(data: Dataset) -> tuple[list[Figure], list[str]]:
    """The figures, and ids of traces of about 30 spans."""
    store = open_store(data.data_dir, background=False)
    await store.start()
    try:
        figures = [*await _traces(store, data), *await _searches(store, data), await _graph(store, data)]
        return figures, [trace_id.hex() for trace_id in await _ids_of_size(store, data, 26, 34)]
    finally:
        await store.close()


async def _traces(store: Any, data: Dataset) -> list[Figure]:
    ids = await _ids_of_size(store, data, 30, 80)
    cost = await _cost(partial(store.get_traces, [trace_id], Budget()) for trace_id in ids)
    note = f"{len(ids)} traces of 30 to 80 spans"
    size = f"{data.facts.spans / 1e6:g} M spans"
    return [
        Figure(f"trace by id, any age, {size}, engine, p50", cost.p50_ms, "ms CPU", 2, note),
        Figure(f"trace by id, any age, {size}, engine, p99", cost.p99_ms, "ms CPU"),
    ]


async def _ids_of_size(store: Any, data: Dataset, least: int, most: int) -> list[bytes]:
    """Sampled traces of so many spans, in no order."""
    ids = [bytes.fromhex(trace_id) for trace_id in data.facts.trace_ids]
    sizes = {trace_id: len(await store.get_traces([trace_id], Budget())) for trace_id in ids}
    found = [trace_id for trace_id in ids if least <= sizes[trace_id] <= most]
    random.Random(1).shuffle(found)
    return found


async def _searches(store: Any, data: Dataset) -> list[Figure]:
    services = SERVICES[:30]
    absent = [f"nobody-{number}" for number in range(30)]
    fours = await _that_match(store, [_four(name) for name in services])
    questions: list[tuple[str, float | None, list[Predicate]]] = [
        ("newest 20 traces of a service", 1, [_service(name) for name in services]),
        ("service + operation + tag + duration over everything, newest 20", 50, fours),
        (_WITH_TOTAL, 50, fours),
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
        searches = [TraceSearch(AnySpan(where), with_total=name == _WITH_TOTAL) for where in predicates]
        found = [len((await store.find_traces(search, Budget())).summaries) for search in searches[:5]]
        cost = await _cost(partial(store.find_traces, search, Budget()) for search in searches)
        note = f"p99 {cost.p99_ms:.2f} ms; {statistics.mean(found):.0f} traces in an answer"
        figures.append(Figure(f"{name}, engine, p50", cost.p50_ms, "ms CPU", goal, note))
    return figures


async def _that_match(store: Any, predicates: list[Predicate]) -> list[Predicate]:
    """Those that a trace matches: where there is nothing to be read, nothing is measured."""
    pages = [await store.find_traces(TraceSearch(AnySpan(where), limit=1), Budget()) for where in predicates]
    return [where for where, page in zip(predicates, pages, strict=True) if len(page.summaries)]


async def _graph(store: Any, data: Dataset) -> Figure:
    spans = min(GRAPH_SPANS, data.facts.spans)
    end = data.facts.end_unix_nano + 3_600 * 10**9
    time_range = TimeRange(data.facts.end_unix_nano - spans * SPAN_INTERVAL_NANO, end)
    graph = await store.service_graph(Budget(), time=time_range)
    cost = await _cost(lambda: store.service_graph(Budget(), time=time_range) for _ in range(5))
    calls = sum(graph["call_count"].to_pylist())
    note = f"{len(graph)} edges, {calls:,} calls; wall {cost.wall_p50_ms:.0f} ms"
    return Figure(f"exact service graph with p99, {spans / 1e6:g} M spans", cost.p50_ms, "ms CPU", 300, note)


def _http(data: Dataset, trace_ids: list[str]) -> list[Figure]:
    server = Server(data.data_dir, options=["--retention", "20000d"]).start()
    get = _getter(server)
    try:
        for trace_id in trace_ids[:10]:
            get(f"/api/traces/{trace_id}")
        before = cpu_s(server.pid)
        traces = [_timed(get, f"/api/traces/{trace_id}") for trace_id in trace_ids]
        cpu_ms = (cpu_s(server.pid) - before) / len(trace_ids) * 1000
        searches = [_timed(get, f"/api/traces?service={name}&limit=20&start=0") for name in SERVICES[:30]]
        memory = anonymous_bytes(server.pid)
    finally:
        server.stop()
    size = f"{data.facts.spans / 1e6:g} M spans"
    trace_ms, _ = (statistics.median(column) for column in zip(*traces, strict=True))
    search_ms, search_bytes = (statistics.median(column) for column in zip(*searches, strict=True))
    note = f"{len(trace_ids)} traces of 26 to 34 spans; server {cpu_ms:.1f} ms CPU each"
    return [
        Figure(f"trace of 30 spans over HTTP (Jaeger JSON), {size}, p50", trace_ms, "ms", 5, note),
        Figure(
            f"20 whole traces of a service over HTTP, {size}, p50",
            search_ms,
            "ms",
            None,
            f"{search_bytes / 1e6:.2f} MB",
        ),
        Figure(f"anonymous memory with {size} stored, after queries", memory / 1e6, "MB", 400),
        Figure(f"start to ready, {size}", server.ready_after_s, "s", 3),
    ]


def _getter(server: Server) -> Callable[[str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port("api"), timeout=120)

    def get(path: str) -> bytes:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"GET {path}: {answer.status} {body[:200]!r}")
        return body

    return get


def _timed(get: Callable[[str], bytes], path: str) -> tuple[float, int]:
    """How many ms, and how many bytes."""
    began = time.perf_counter()
    body = get(path)
    return (time.perf_counter() - began) * 1000, len(body)


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
