"""Jaeger's v3 JSON API: OTLP inside `result`, proto3 JSON around it; what its own page and newer scripts use.

Parameters are known by their camel-case names and by the older snake-case ones. Not here: its gRPC face.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from lymer.api.answers import Answer, go_error, json_answer
from lymer.api.config import ApiConfig
from lymer.api.endpoint import Endpoints, gone
from lymer.api.parameters import (
    Parameters,
    parse_atoi,
    parse_bool,
    parse_duration,
    parse_rfc3339,
    parse_text_map,
    parse_trace_id_or_base64,
)
from lymer.api.traces_json import enclosed, otlp_pieces, unchanged
from lymer.component.errors import BadQueryError, NotFoundError
from lymer.component.events import Events
from lymer.model.batch import SpanBatch
from lymer.model.search import TimeRange, TraceSearch
from lymer.query.adjust import adjust
from lymer.query.jaeger_search import JaegerQuestion, trace_search
from lymer.query.service import QueryService

T = TypeVar("T")

DEPTH_DEFAULT: Final = 100

_NO_TRACES: Final = "No traces found"
_TIME_MIN: Final = ("query.startTimeMin", "query.start_time_min")
_TIME_MAX: Final = ("query.startTimeMax", "query.start_time_max")


class JaegerV3:
    """The endpoints below `/api/v3`."""

    def __init__(self, query: QueryService, *, config: ApiConfig, events: Events) -> None:
        self._query = query
        self._tenant = config.tenant
        endpoints = Endpoints(f"{config.prefix}/api/v3", _failed, events)
        endpoints.add("/services", self.services)
        endpoints.add("/operations", self.operations)
        endpoints.add("/traces", self.search)
        endpoints.add("/trace-summaries", self.summaries)
        endpoints.add("/traces/{trace_id}", self.trace)
        self.routes = endpoints.routes

    async def services(self, request: Request) -> Response:
        """The names of all services."""
        return json_answer({"services": await self._query.services(tenant=self._tenant, gone=gone(request))})

    async def operations(self, request: Request) -> Response:
        """The span names of a service with their kinds; a span without a kind is internal."""
        parameters = Parameters(request.scope["query_string"])
        found = await self._query.operations(
            parameters.text("service"),
            kind=parameters.text("spanKind", "span_kind") or None,
            tenant=self._tenant,
            gone=gone(request),
        )
        kinds = {"unspecified": "internal"}
        return json_answer(
            {"operations": [{"name": item.name, "spanKind": kinds.get(item.kind, item.kind)} for item in found]}
        )

    async def search(self, request: Request) -> Response:
        """The newest whole traces that match."""
        parameters = Parameters(request.scope["query_string"])
        search = _read_search(parameters)
        raw = _read(parameters, parse_bool, False, "query.rawTraces", "query.raw_traces")
        _, batch = await self._query.find_whole_traces(search, tenant=self._tenant, gone=gone(request))
        return await _traces(batch, raw=raw)

    async def summaries(self, request: Request) -> Response:
        """What is to be said of the newest traces that match, without their spans."""
        search = _read_search(Parameters(request.scope["query_string"]))
        page = await self._query.find_traces(search, tenant=self._tenant, gone=gone(request))
        return json_answer({"summaries": [_summary(row) for row in page.summaries.to_pylist()]})

    async def trace(self, request: Request) -> Response:
        """One whole trace."""
        try:
            trace_id = parse_trace_id_or_base64(request.path_params["trace_id"])
        except ValueError as error:
            raise _malformed("trace_id", error) from error
        parameters = Parameters(request.scope["query_string"])
        _read(parameters, parse_rfc3339, 0, "startTime", "start_time")  # Hints where to look; we need none.
        _read(parameters, parse_rfc3339, 0, "endTime", "end_time")
        raw = _read(parameters, parse_bool, False, "rawTraces", "raw_traces")
        batch = await self._query.get_traces([trace_id], tenant=self._tenant, gone=gone(request))
        return await _traces(batch, raw=raw)


def _read_search(parameters: Parameters) -> TraceSearch:
    if parameters.text("query.filter"):
        raise _malformed("query.filter", ValueError("structured filters are not enabled"))
    return trace_search(
        JaegerQuestion(
            service=parameters.text("query.serviceName", "query.service_name"),
            operation=parameters.text("query.operationName", "query.operation_name"),
            tags=_read(parameters, parse_text_map, {}, "query.attributes"),
            time=_read_time(parameters),
            limit=_read(
                parameters, parse_atoi, DEPTH_DEFAULT, "query.searchDepth", "query.search_depth", "query.num_traces"
            ),
            duration_min_nano=_read(parameters, parse_duration, 0, "query.durationMin", "query.duration_min") or None,
            duration_max_nano=_read(parameters, parse_duration, 0, "query.durationMax", "query.duration_max") or None,
        )
    )


def _read_time(parameters: Parameters) -> TimeRange:
    if not parameters.text(*_TIME_MIN) or not parameters.text(*_TIME_MAX):
        raise BadQueryError(f"{_TIME_MIN[0]} and {_TIME_MAX[0]} are required")
    start = _read(parameters, parse_rfc3339, 0, *_TIME_MIN)
    end = _read(parameters, parse_rfc3339, 0, *_TIME_MAX)
    if start >= end:
        raise BadQueryError(f"{_TIME_MIN[0]} must be before {_TIME_MAX[0]}")
    return TimeRange(start, end)


def _read(parameters: Parameters, parse: Callable[[str], T], default: T, *names: str) -> T:
    text, name = parameters.named(*names)
    if not text:
        return default
    try:
        return parse(text)
    except ValueError as error:
        raise _malformed(name, error) from error


def _malformed(name: str, error: ValueError) -> BadQueryError:
    return BadQueryError(f"malformed parameter {name}: {error}")


async def _traces(batch: SpanBatch, *, raw: bool) -> Response:
    if not len(batch):
        raise NotFoundError(_NO_TRACES)
    pieces = otlp_pieces(batch, unchanged if raw else adjust)
    return Answer(await enclosed(b'{"result":{"resourceSpans":[', pieces, b"]}}"))


def _summary(row: dict[str, Any]) -> dict[str, Any]:
    start = row["start_time_unix_nano"]
    services = [
        {"name": item["name"], "spanCount": item["span_count"], "errorSpanCount": item["error_count"]}
        for item in sorted(row["services"], key=operator.itemgetter("name"))
    ]
    return _without_zeros(
        {
            "traceId": row["trace_id"].hex(),
            "rootServiceName": row["root_service"],
            "rootOperationName": row["root_name"],
            "minStartTimeUnixNano": str(start),
            "maxEndTimeUnixNano": str(start + row["duration_nano"]),
            "spanCount": row["span_count"],
            "errorSpanCount": row["error_count"],
            "orphanSpanCount": row["orphan_count"],
            "services": [_without_zeros(item) for item in services],
        }
    )


def _without_zeros(message: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if value not in (0, "", "0")}


def _failed(status: int, message: str, headers: dict[str, str]) -> Response:
    return go_error({"error": {"httpCode": status, "message": message}}, status, headers)
