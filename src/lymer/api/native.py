"""Our own API, below `/api/lymer/v1`: what Jaeger's cannot ask. docs/components/api.md describes it.

Exact totals, cursors, orders, predicates, attribute keys and values, the service graph with latencies. Times in
parameters and answers are microseconds since 1970 as in Jaeger's v1 API; names that end in Nano are nanoseconds.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from lymer.api.answers import Answer, json_answer
from lymer.api.config import ApiConfig
from lymer.api.endpoint import Endpoints, gone, read_body
from lymer.api.jaeger_v1 import read_question, time_range
from lymer.api.native_download import NativeDownload
from lymer.api.native_trace import NativeTrace, read_trace_id
from lymer.api.native_uploads import NativeUploads
from lymer.api.parameters import Parameters, parse_bool, parse_int
from lymer.api.summary_json import summaries_json
from lymer.component.clock import Clock
from lymer.component.errors import BadQueryError
from lymer.component.events import Events
from lymer.model.attributes import AttributeType
from lymer.model.search import Order, Scope, TimeRange, TraceSearch
from lymer.model.trace import TracePage
from lymer.query.jaeger_search import trace_search
from lymer.query.service import QueryService
from lymer.query.uploads import Uploads
from lymer.wire.predicate_json import read_predicate

LIMIT_DEFAULT: Final = 20
VALUES_DEFAULT: Final = 100

E = TypeVar("E", bound=StrEnum)


class SearchBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a search that is posted."""

    where: Any = None
    start: int | None = None
    end: int | None = None
    order: str = Order.NEWEST
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None
    total: bool = False


class GraphBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a question for the service graph."""

    where: Any = None
    start: int | None = None
    end: int | None = None


B = TypeVar("B", SearchBody, GraphBody)


class Native:
    """The endpoints."""

    def __init__(self, query: QueryService, *, config: ApiConfig, events: Events, clock: Clock) -> None:
        self._query = query
        self._config = config
        self._tenant = config.tenant
        self._clock = clock
        endpoints = Endpoints(f"{config.prefix}/api/lymer/v1", _failed, events)
        endpoints.add("/services", self.services)
        endpoints.add("/operations", self.operations)
        endpoints.add("/attributes", self.attribute_keys)
        endpoints.add("/attributes/{key:path}/values", self.attribute_values)
        endpoints.add("/traces", self.search)
        endpoints.add("/traces", self.posted_search, ["POST"])
        endpoints.add("/traces/{trace_id}", self.delete_trace, ["DELETE"])
        endpoints.add("/graph", self.graph)
        endpoints.add("/graph", self.posted_graph, ["POST"])
        endpoints.add("/store", self.store)
        uploads = Uploads(clock)
        self._trace = NativeTrace(query, uploads, config=config)
        self._trace.add_to(endpoints)
        NativeDownload(query, uploads, config=config).add_to(endpoints)
        NativeUploads(uploads, config=config).add_to(endpoints)
        self.routes = endpoints.routes

    async def services(self, request: Request) -> Response:
        """The names of the services with a span in the range."""
        time = _read_time(Parameters(request.scope["query_string"]))
        return json_answer({"services": await self._query.services(time=time, tenant=self._tenant, gone=gone(request))})

    async def operations(self, request: Request) -> Response:
        """The span names of a service with their kinds."""
        parameters = Parameters(request.scope["query_string"])
        service = parameters.text("service")
        if not service:
            raise BadQueryError("parameter 'service' is required")
        found = await self._query.operations(
            service,
            kind=parameters.text("kind") or None,
            time=_read_time(parameters),
            tenant=self._tenant,
            gone=gone(request),
        )
        return json_answer({"operations": [{"name": item.name, "kind": item.kind} for item in found]})

    async def attribute_keys(self, request: Request) -> Response:
        """The keys of attributes, most frequent first."""
        parameters = Parameters(request.scope["query_string"])
        table = await self._query.attribute_keys(
            scope=_read_member(Scope, parameters, "scope", Scope.ANY),
            time=_read_time(parameters),
            tenant=self._tenant,
            gone=gone(request),
        )
        attributes = [
            {
                "key": row["key"],
                "scope": row["scope"],
                "type": AttributeType(row["type"]).name.lower(),
                "spanCount": row["span_count"],
            }
            for row in table.to_pylist()
        ]
        return json_answer({"attributes": attributes})

    async def attribute_values(self, request: Request) -> Response:
        """The values of an attribute as text, most frequent first."""
        parameters = Parameters(request.scope["query_string"])
        table = await self._query.attribute_values(
            request.path_params["key"],
            scope=_read_member(Scope, parameters, "scope", Scope.ANY),
            time=_read_time(parameters),
            limit=parameters.read("limit", parse_int, VALUES_DEFAULT),
            tenant=self._tenant,
            gone=gone(request),
        )
        values = [{"value": row["value"], "spanCount": row["span_count"]} for row in table.to_pylist()]
        return json_answer({"values": values})

    async def search(self, request: Request) -> Response:
        """A page of summaries; parameters as Jaeger's, none of them required, and `order`, `cursor`, `total`."""
        parameters = Parameters(request.scope["query_string"])
        now = self._clock.now_unix_nano()
        asked = trace_search(read_question(parameters, now=now, lookback_nano=now))
        search = TraceSearch(
            where=asked.where,
            time=asked.time,
            order=_read_member(Order, parameters, "order", Order.NEWEST),
            limit=parameters.read("limit", parse_int, LIMIT_DEFAULT),
            cursor=parameters.text("cursor") or None,
            with_total=parameters.read("total", parse_bool, False),
        )
        return _page(await self._query.find_traces(search, tenant=self._tenant, gone=gone(request)))

    async def posted_search(self, request: Request) -> Response:
        """A page of summaries of the traces that satisfy a predicate."""
        body = await self._read_body(request, SearchBody)
        search = TraceSearch(
            where=read_predicate(body.where or {"op": "and", "terms": []}),
            time=_time(body.start, body.end),
            order=_member(Order, body.order, "order"),
            limit=body.limit,
            cursor=body.cursor,
            with_total=body.total,
        )
        return _page(await self._query.find_traces(search, tenant=self._tenant, gone=gone(request)))

    async def delete_trace(self, request: Request) -> Response:
        """Forget a trace, in the archive too."""
        await self._query.delete_trace(read_trace_id(request.path_params["trace_id"]), tenant=self._tenant)
        return Response(status_code=204)

    async def graph(self, request: Request) -> Response:
        """Who calls whom in the range."""
        time = _read_time(Parameters(request.scope["query_string"]))
        return await self._graph(request, GraphBody(start=None), time)

    async def posted_graph(self, request: Request) -> Response:
        """Who calls whom, of the called spans that satisfy a span predicate."""
        body = await self._read_body(request, GraphBody)
        return await self._graph(request, body, _time(body.start, body.end))

    async def store(self, request: Request) -> Response:
        """How the store is, and its figures."""
        health = self._query.health()
        return json_answer(
            {
                "canWrite": health.can_write,
                "canRead": health.can_read,
                "reason": health.reason,
                "hasArchive": self._query.has_archive(tenant=self._tenant),
                "figures": health.figures,
            }
        )

    async def _graph(self, request: Request, body: GraphBody, time: TimeRange) -> Response:
        table = await self._query.service_graph(
            time=time,
            where=read_predicate(body.where or {"op": "and", "terms": []}),
            tenant=self._tenant,
            gone=gone(request),
        )
        edges = [
            {
                "parent": row["parent"],
                "child": row["child"],
                "callCount": row["call_count"],
                "errorCount": row["error_count"],
                "p50Nano": row["p50_nano"],
                "p95Nano": row["p95_nano"],
                "p99Nano": row["p99_nano"],
            }
            for row in table.to_pylist()
        ]
        return json_answer({"edges": edges})

    async def _read_body(self, request: Request, kind: type[B]) -> B:
        body = await read_body(request, self._config.body_bytes_max)
        try:
            return msgspec.json.decode(body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadQueryError(f"the body: {error}") from error


def _page(page: TracePage) -> Response:
    return json_answer(
        {
            "traces": summaries_json(page.summaries),
            "cursor": page.cursor,
            "total": page.total,
        }
    )


def _read_time(parameters: Parameters) -> TimeRange:
    start = parameters.read("start", parse_int, None)
    end = parameters.read("end", parse_int, None)
    return _time(start, end)


def _time(start_us: int | None, end_us: int | None) -> TimeRange:
    widest = TimeRange()
    return time_range(
        widest.start if start_us is None else start_us * 1000, widest.end if end_us is None else end_us * 1000
    )


def _read_member(kind: type[E], parameters: Parameters, name: str, default: E) -> E:
    return _member(kind, parameters.text(name) or default, name)


def _member(kind: type[E], text: str, name: str) -> E:
    try:
        return kind(text)
    except ValueError:
        raise BadQueryError(f"'{name}' must be one of {', '.join(kind)}, not {text!r:.80}") from None


def _failed(status: int, message: str, headers: dict[str, str]) -> Response:
    return Answer(
        msgspec.json.encode({"error": {"status": status, "message": message}}), status=status, headers=headers
    )
