"""Our own API, below `/api/lymer/v1`: what Jaeger's cannot ask. docs/components/api.md describes it.

Exact totals, cursors, orders, predicates, attribute keys and values, the service graph with latencies. Times in
parameters and answers are microseconds since 1970 as in Jaeger's v1 API; names that end in Nano are nanoseconds.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

import msgspec
import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response

from lymer.api.answers import Answer, json_answer
from lymer.api.config import ApiConfig
from lymer.api.endpoint import Endpoints, gone
from lymer.api.native_attributes import NativeAttributes
from lymer.api.native_demo import DemoCommand, NativeDemo
from lymer.api.native_download import NativeDownload
from lymer.api.native_overview import SERVING, NativeOverview
from lymer.api.native_question import asked_traces, member, read_json, read_member, read_time, read_where, time_between
from lymer.api.native_trace import NativeTrace, read_trace_id
from lymer.api.native_uploads import NativeUploads
from lymer.api.native_why import NativeWhy
from lymer.api.page import read_settings
from lymer.api.parameters import Parameters, parse_bool, parse_int
from lymer.api.red_json import nodes_json
from lymer.api.summary_json import summaries_json
from lymer.component.clock import Clock
from lymer.component.errors import BadQueryError, NotFoundError
from lymer.component.events import Events
from lymer.model.attributes import AttributeType
from lymer.model.search import EVERYTHING, Compare, Op, Order, Scope, SpanField, TimeRange, TraceSearch
from lymer.model.trace import SUMMARY_SCHEMA, TracePage
from lymer.query.service import VALUES_MAX, QueryService
from lymer.query.uploads import Uploads
from lymer.wire.overview import RedQuestion
from lymer.wire.trace_view import TraceView

LIMIT_DEFAULT: Final = 20
VALUES_DEFAULT: Final = 100
IDS_MAX: Final = 100


class SearchBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a search that is posted."""

    where: Any = None
    start: int | None = None
    end: int | None = None
    order: str = Order.NEWEST
    limit: int = LIMIT_DEFAULT
    cursor: str | None = None
    total: bool = False
    ids: list[str] | None = None
    """Only these traces; then nothing else counts."""


class GraphBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a question for the service graph."""

    where: Any = None
    start: int | None = None
    end: int | None = None
    nodes: bool = True


class Native:
    """The endpoints."""

    def __init__(
        self, query: QueryService, *, config: ApiConfig, events: Events, clock: Clock, demo: DemoCommand
    ) -> None:
        self._query = query
        self._config = config
        self._tenant = config.tenant
        self._clock = clock
        self._settings = read_settings(config.ui_config)
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
        endpoints.add("/ui-config", self.ui_config)
        uploads = Uploads(clock)
        traces = NativeTrace(query, uploads, config=config)
        traces.add_to(endpoints)
        NativeWhy(traces).add_to(endpoints)
        NativeAttributes(traces).add_to(endpoints)
        NativeOverview(query, config=config, clock=clock).add_to(endpoints)
        NativeDemo(query, demo, config=config).add_to(endpoints)
        NativeDownload(query, uploads, config=config).add_to(endpoints)
        NativeUploads(uploads, config=config).add_to(endpoints)
        self.routes = endpoints.routes

    async def services(self, request: Request) -> Response:
        """The names of the services with a span in the range."""
        time = read_time(Parameters(request.scope["query_string"]))
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
            time=read_time(parameters),
            tenant=self._tenant,
            gone=gone(request),
        )
        return json_answer({"operations": [{"name": item.name, "kind": item.kind} for item in found]})

    async def attribute_keys(self, request: Request) -> Response:
        """The keys of attributes, most frequent first."""
        parameters = Parameters(request.scope["query_string"])
        table = await self._query.attribute_keys(
            scope=read_member(Scope, parameters, "scope", Scope.ANY),
            time=read_time(parameters),
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
        limit, prefix = parameters.read("limit", parse_int, VALUES_DEFAULT), parameters.text("prefix")
        table = await self._query.attribute_values(
            request.path_params["key"],
            scope=read_member(Scope, parameters, "scope", Scope.ANY),
            time=read_time(parameters),
            limit=VALUES_MAX if prefix else limit,
            tenant=self._tenant,
            gone=gone(request),
        )
        rows = [row for row in table.to_pylist() if row["value"].startswith(prefix)][:limit]
        return json_answer({"values": [{"value": row["value"], "spanCount": row["span_count"]} for row in rows]})

    async def search(self, request: Request) -> Response:
        """A page of summaries; parameters as Jaeger's, none of them required, and `order`, `cursor`, `total`."""
        parameters = Parameters(request.scope["query_string"])
        if ids := parameters.texts("traceId"):
            return await self._by_id(request, ids)
        where, time = asked_traces(parameters, self._clock.now_unix_nano())
        search = TraceSearch(
            where=where,
            time=time,
            order=read_member(Order, parameters, "order", Order.NEWEST),
            limit=parameters.read("limit", parse_int, LIMIT_DEFAULT),
            cursor=parameters.text("cursor") or None,
            with_total=parameters.read("total", parse_bool, False),
        )
        return _page(await self._query.find_traces(search, tenant=self._tenant, gone=gone(request)))

    async def posted_search(self, request: Request) -> Response:
        """A page of summaries of the traces that satisfy a predicate."""
        body = await read_json(request, SearchBody, self._config.body_bytes_max)
        if body.ids is not None:
            return await self._by_id(request, body.ids)
        search = TraceSearch(
            where=read_where(body.where),
            time=time_between(body.start, body.end),
            order=member(Order, body.order, "order"),
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
        parameters = Parameters(request.scope["query_string"])
        body = GraphBody(nodes=parameters.read("nodes", parse_bool, True))
        return await self._graph(request, body, read_time(parameters))

    async def posted_graph(self, request: Request) -> Response:
        """Who calls whom, of the called spans that satisfy a span predicate."""
        body = await read_json(request, GraphBody, self._config.body_bytes_max)
        return await self._graph(request, body, time_between(body.start, body.end))

    async def ui_config(self, request: Request) -> Response:
        """The settings of the page, as they are in the file."""
        return json_answer(self._settings)

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
            where=read_where(body.where),
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
        if not body.nodes:
            return json_answer({"edges": edges})
        return json_answer({"edges": edges, "nodes": await self._nodes(request, time)})

    async def _nodes(self, request: Request, time: TimeRange) -> list[dict[str, Any]]:
        serving = Compare(SpanField.KIND, Op.IN, SERVING)
        of_calls, of_all = [
            await self._query.overview(RedQuestion(where=where, time=time), tenant=self._tenant, gone=gone(request))
            for where in (serving, EVERYTHING)
        ]
        return nodes_json(of_calls, of_all)

    async def _by_id(self, request: Request, ids: list[str]) -> Response:
        """The summaries of these traces, in this order; those that are not there are left out."""
        if len(ids) > IDS_MAX:
            raise BadQueryError(f"at most {IDS_MAX} traces by id at once")
        found: list[pa.Table] = [SUMMARY_SCHEMA.empty_table()]
        for trace_id in dict.fromkeys(map(read_trace_id, ids)):
            with suppress(NotFoundError):
                found.append(
                    await self._query.ask_trace(
                        "summary", trace_id, TraceView.summary, tenant=self._tenant, gone=gone(request)
                    )
                )
        return _page(TracePage(pa.concat_tables(found), None, len(found) - 1))


def _page(page: TracePage) -> Response:
    return json_answer(
        {
            "traces": summaries_json(page.summaries),
            "cursor": page.cursor,
            "total": page.total,
        }
    )


def _failed(status: int, message: str, headers: dict[str, str]) -> Response:
    return Answer(
        msgspec.json.encode({"error": {"status": status, "message": message}}), status=status, headers=headers
    )
