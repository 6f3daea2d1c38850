"""Our own API over many traces: histogram, facets, rates and durations, live. docs/specs/native-api.md, 4, 6, 11."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response

from lymer.api.answers import json_answer
from lymer.api.config import ApiConfig
from lymer.api.endpoint import Endpoints, gone
from lymer.api.native_question import (
    asked_traces,
    bounded,
    read_int,
    read_json,
    read_time,
    read_where,
    time_between,
)
from lymer.api.native_trace import is_true, one_of
from lymer.api.parameters import Parameters, parse_int
from lymer.api.red_json import groups_json
from lymer.api.summary_json import summaries_json
from lymer.component.clock import Clock
from lymer.component.errors import BadQueryError
from lymer.model.search import And, Compare, Op, Order, Predicate, SpanField, TimeRange, TraceSearch
from lymer.model.trace import KIND_NAMES
from lymer.query.service import QueryService
from lymer.wire.overview import ALL_TRACES, FacetQuestion, HistogramQuestion, RedQuestion

TIME_BUCKETS: Final = (60, (1, 500))
DURATION_BUCKETS: Final = (6, (1, 20))
RED_BUCKETS: Final = (30, (0, 500))
FACET_VALUES: Final = (20, (1, 1_000))
LIVE_TRACES: Final = (100, (1, 1_000))
"""Default and bounds of what a question may ask for."""

FACETS: Final = ("service", "operation", "status")
SERVING: Final = ("server", "consumer")
LIVE_BACK_US: Final = 60_000_000
LIVE_AGAIN_US: Final = 15_000_000
"""How far back live traces begin, and for how long a trace comes again."""

_DECADES: Final = range(3, 13)
"""Durations from a microsecond to a thousand seconds, in powers of ten of nanoseconds."""


class HistogramBody(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """The body of a question for a histogram."""

    where: Any = None
    start: int | None = None
    end: int | None = None
    time_buckets: int = TIME_BUCKETS[0]
    duration_buckets: int = DURATION_BUCKETS[0]


class FacetBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a question for facets."""

    where: Any = None
    start: int | None = None
    end: int | None = None
    facets: tuple[str, ...] = FACETS
    limit: int = FACET_VALUES[0]


class NativeOverview:
    """The endpoints over many traces."""

    def __init__(self, query: QueryService, *, config: ApiConfig, clock: Clock) -> None:
        self._query = query
        self._config = config
        self._clock = clock

    def add_to(self, endpoints: Endpoints) -> None:
        """Put the endpoints below the API's prefix."""
        endpoints.add("/histogram", self.histogram)
        endpoints.add("/histogram", self.posted_histogram, ["POST"])
        endpoints.add("/facets", self.facets)
        endpoints.add("/facets", self.posted_facets, ["POST"])
        endpoints.add("/red", self.red)
        endpoints.add("/live", self.live)

    async def histogram(self, request: Request) -> Response:
        """Matching traces by start and duration."""
        parameters = Parameters(request.scope["query_string"])
        where, time = asked_traces(parameters, self._clock.now_unix_nano())
        body = HistogramBody(
            time_buckets=parameters.read("timeBuckets", parse_int, TIME_BUCKETS[0]),
            duration_buckets=parameters.read("durationBuckets", parse_int, DURATION_BUCKETS[0]),
        )
        if not parameters.text("start"):
            time = TimeRange(TimeRange().start, time.end)
        return await self._histogram(request, where, time, body)

    async def posted_histogram(self, request: Request) -> Response:
        """The same for a predicate."""
        body = await read_json(request, HistogramBody, self._config.body_bytes_max)
        return await self._histogram(request, read_where(body.where), time_between(body.start, body.end), body)

    async def facets(self, request: Request) -> Response:
        """What matching traces have in common."""
        parameters = Parameters(request.scope["query_string"])
        where, time = asked_traces(parameters, self._clock.now_unix_nano())
        names = tuple(parameters.texts("facets")) or FACETS
        limit = parameters.read("limit", parse_int, FACET_VALUES[0])
        return await self._facets(request, FacetQuestion(where=where, time=time, facets=names), limit)

    async def posted_facets(self, request: Request) -> Response:
        """The same for a predicate."""
        body = await read_json(request, FacetBody, self._config.body_bytes_max)
        question = FacetQuestion(
            where=read_where(body.where), time=time_between(body.start, body.end), facets=body.facets
        )
        return await self._facets(request, question, body.limit)

    async def red(self, request: Request) -> Response:
        """Rate, errors and durations of services or operations."""
        parameters = Parameters(request.scope["query_string"])
        if not parameters.text("start") or not parameters.text("end"):
            raise BadQueryError("parameters 'start' and 'end' are required")
        time = read_time(parameters)
        length = time.end - time.start + 1_000
        if length <= 0:
            raise BadQueryError("'start' must not be after 'end'")
        count = read_int(parameters, "buckets", *RED_BUCKETS)
        bucket_nano = -(-length // max(count, 1))
        where = _spans_of(parameters)
        by_operation = one_of(parameters, "group", ("service", "operation")) == "operation"

        async def ask(start: int, buckets: int) -> pa.Table:
            question = RedQuestion(
                where=where,
                time=TimeRange(start, start + length - 1),
                by_operation=by_operation,
                bucket_nano=bucket_nano,
                bucket_count=max(buckets, 1),
            )
            return await self._query.overview(question, tenant=self._config.tenant, gone=gone(request))

        now = await ask(time.start, count)
        before = await ask(time.start - length, 1) if is_true(parameters, "previous") else None
        groups = groups_json(now, before, bucket_count=count, seconds=length / 1e9, by_operation=by_operation)
        return json_answer(
            {
                "start": time.start // 1000,
                "end": time.end // 1000,
                "buckets": count,
                "bucketNano": bucket_nano,
                "groups": groups,
            }
        )

    async def live(self, request: Request) -> Response:
        """The newest traces since a cursor."""
        parameters = Parameters(request.scope["query_string"])
        now_us = self._clock.now_unix_nano() // 1000
        since_us = parameters.read("cursor", parse_int, now_us - LIVE_BACK_US)
        where, _ = asked_traces(parameters, self._clock.now_unix_nano())
        search = TraceSearch(
            where=where,
            time=TimeRange((since_us - LIVE_AGAIN_US) * 1000),
            limit=read_int(parameters, "limit", *LIVE_TRACES),
        )
        page = await self._query.find_traces(search, tenant=self._config.tenant, gone=gone(request))
        traces = summaries_json(page.summaries)
        newest_us = max((trace["start"] for trace in traces), default=since_us)
        # A clock that runs ahead must not hide what comes later.
        return json_answer({"traces": traces, "cursor": str(max(since_us, min(newest_us, now_us)))})

    async def _histogram(self, request: Request, where: Predicate, time: TimeRange, body: HistogramBody) -> Response:
        count = bounded(body.time_buckets, "timeBuckets", TIME_BUCKETS[1])
        edges = duration_edges(bounded(body.duration_buckets, "durationBuckets", DURATION_BUCKETS[1]))
        span = await self._bounds(request, where, time)
        bucket_nano = max(1, -(-(span.end - span.start + 1) // count))
        question = HistogramQuestion(
            where=where,
            time=time,
            bucket_start=span.start,
            bucket_nano=bucket_nano,
            bucket_count=count,
            duration_edges=edges,
        )
        table = await self._query.overview(question, tenant=self._config.tenant, gone=gone(request))
        cells = [list(row) for row in zip(*table.to_pydict().values(), strict=True)]
        return json_answer(
            {
                "total": sum(cell[2] for cell in cells),
                "errorTotal": sum(cell[3] for cell in cells),
                "start": span.start // 1000,
                "end": span.end // 1000,
                "timeBuckets": count,
                "bucketNano": bucket_nano,
                "durationEdgesNano": edges,
                "cells": cells,
            }
        )

    async def _bounds(self, request: Request, where: Predicate, time: TimeRange) -> TimeRange:
        """The range, from the first match to the last where it is open, to whole microseconds."""
        widest = TimeRange()
        now = self._clock.now_unix_nano()
        start, end = time.start, time.end
        if start == widest.start:
            start = await self._first_start(request, where, time, Order.OLDEST) or min(end, now)
        if end == widest.end:
            end = max(start, await self._first_start(request, where, time, Order.NEWEST) or now)
        return TimeRange(start // 1000 * 1000, end // 1000 * 1000 + 999)

    async def _first_start(self, request: Request, where: Predicate, time: TimeRange, order: Order) -> int | None:
        search = TraceSearch(where=where, time=time, order=order, limit=1)
        page = await self._query.find_traces(search, tenant=self._config.tenant, gone=gone(request))
        starts: list[int] = page.summaries.column("start_time_unix_nano").to_pylist()
        return starts[0] if starts else None

    async def _facets(self, request: Request, question: FacetQuestion, limit: int) -> Response:
        most = bounded(limit, "limit", FACET_VALUES[1])
        table = await self._query.overview(question, tenant=self._config.tenant, gone=gone(request))
        return json_answer(_facets_json(table, question.facets, most))


def duration_edges(per_decade: int) -> tuple[int, ...]:
    """Where buckets of durations begin: so many for each power of ten, evenly on a logarithmic scale."""
    edges = (round(10 ** (power + step / per_decade)) for power in _DECADES for step in range(per_decade))
    return (*edges, 10**_DECADES.stop)


def _spans_of(parameters: Parameters) -> Predicate:
    """The spans that the parameters name: by kind, service and name."""
    kinds = tuple(parameters.texts("kind")) or SERVING
    for kind in kinds:
        if kind not in (*KIND_NAMES, "any"):
            raise BadQueryError(f"'kind' must be one of {', '.join(KIND_NAMES)}, any, not {kind!r:.80}")
    terms: list[Predicate] = []
    if "any" not in kinds:
        terms.append(Compare(SpanField.KIND, Op.IN, kinds))
    if services := tuple(parameters.texts("service")):
        terms.append(Compare(SpanField.SERVICE, Op.IN, services))
    if name := parameters.text("operation"):
        terms.append(Compare(SpanField.NAME, Op.EQ, name))
    return And(tuple(terms))


def _facets_json(table: pa.Table, names: tuple[str, ...], limit: int) -> dict[str, Any]:
    """Rows come most frequent first."""
    facets: list[dict[str, Any]] = [{"facet": name, "valueCount": 0, "values": []} for name in names]
    total = 0
    for row in table.to_pylist():
        if row["facet"] == ALL_TRACES:
            total = row["trace_count"]
            continue
        facet = facets[row["facet"]]
        facet["valueCount"] += 1
        if len(facet["values"]) < limit:
            facet["values"].append(_value_json(row, is_operation=facet["facet"] == "operation"))
    return {"total": total, "facets": facets}


def _value_json(row: dict[str, Any], *, is_operation: bool) -> dict[str, Any]:
    return {
        "value": row["value"],
        **({"service": row["service"]} if is_operation else {}),
        "traceCount": row["trace_count"],
        "errorTraceCount": row["error_trace_count"],
    }
