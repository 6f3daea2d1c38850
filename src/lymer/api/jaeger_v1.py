"""Jaeger's v1 JSON API as clients of every version know it: Grafana's data source, kiali, jaeger-ui, scripts.

Parameters, units, defaults, error texts and the envelope are Jaeger's. Not here: what is made up there (quality
metrics, deep dependencies); `/metrics/*` says, as Jaeger without a metrics store does, that it is not there.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from lymer.api.answers import Answer, go_error, json_answer, json_bytes
from lymer.api.config import ApiConfig
from lymer.api.endpoint import Endpoints, gone, read_body
from lymer.api.parameters import (
    Parameters,
    parse_bool,
    parse_duration,
    parse_float,
    parse_int,
    parse_int32,
    parse_text_map,
    parse_trace_id,
    parse_trace_id_or_base64,
)
from lymer.api.traces_json import enclosed, jaeger_pieces, trace_ids, traces_together, unchanged, whole
from lymer.component.clock import Clock
from lymer.component.errors import (
    BadQueryError,
    DecodeError,
    NotFoundError,
    NotSupportedError,
)
from lymer.component.events import Events
from lymer.model.batch import SpanBatch
from lymer.model.ids import jaeger_trace_id
from lymer.model.search import TimeRange
from lymer.query.adjust import adjust
from lymer.query.jaeger_search import JaegerQuestion, trace_search
from lymer.query.service import QueryService
from lymer.wire.codecs import decode

LIMIT_DEFAULT: Final = 100
LOOKBACK_DEFAULT_NANO: Final = 2 * 86_400 * 10**9
GRAPH_LOOKBACK_DEFAULT_MS: Final = 86_400_000

_TRACE_NOT_FOUND: Final = "trace not found"
_SERVICE_REQUIRED: Final = "parameter 'service' is required"
_NO_ARCHIVE: Final = "archive span storage was not configured"
_NO_METRICS: Final = "trace metrics are currently disabled - no metrics backend configured"
_METRIC_KINDS: Final = frozenset({"unspecified", "internal", "server", "client", "producer", "consumer"})


class JaegerV1:
    """The endpoints below `/api`."""

    def __init__(self, query: QueryService, *, config: ApiConfig, events: Events, clock: Clock) -> None:
        self._query = query
        self._config = config
        self._tenant = config.tenant
        self._clock = clock
        endpoints = Endpoints(f"{config.prefix}/api", _failed, events)
        endpoints.add("/services", self.services)
        endpoints.add("/services/{service:path}/operations", self.operation_names)
        endpoints.add("/operations", self.operations)
        endpoints.add("/traces", self.search)
        endpoints.add("/traces/{trace_id}", self.trace)
        endpoints.add("/archive/{trace_id}", self.archive, ["POST"])
        endpoints.add("/dependencies", self.dependencies)
        endpoints.add("/transform", self.transform, ["POST"])
        endpoints.add("/metrics/latencies", self.latencies)
        endpoints.add("/metrics/calls", self.metrics)
        endpoints.add("/metrics/errors", self.metrics)
        endpoints.add("/metrics/minstep", self.smallest_step)
        self.routes = endpoints.routes

    async def services(self, request: Request) -> Response:
        """The names of all services."""
        names = await self._query.services(tenant=self._tenant, gone=gone(request))
        return _enveloped(request, names, total=len(names))

    async def operation_names(self, request: Request) -> Response:
        """The span names of a service, whatever their kind."""
        found = await self._query.operations(request.path_params["service"], tenant=self._tenant, gone=gone(request))
        names = sorted({operation.name for operation in found})
        return _enveloped(request, names, total=len(names))

    async def operations(self, request: Request) -> Response:
        """The span names of a service with their kinds."""
        parameters = Parameters(request.scope["query_string"])
        service = parameters.text("service")
        if not service:
            raise BadQueryError(_SERVICE_REQUIRED)
        found = await self._query.operations(
            service, kind=parameters.text("spanKind") or None, tenant=self._tenant, gone=gone(request)
        )
        kinds = {"unspecified": ""}
        data = [{"name": item.name, "spanKind": kinds.get(item.kind, item.kind)} for item in found]
        return _enveloped(request, data, total=len(data))

    async def search(self, request: Request) -> Response:
        """Whole traces: the newest that match, or those with the ids that are given."""
        parameters = Parameters(request.scope["query_string"])
        question, wanted, raw = self._read_search(parameters)
        if wanted:
            batch = await self._query.get_traces(wanted, tenant=self._tenant, gone=gone(request))
            return await _traces(request, batch, raw=raw, errors=_missing(wanted, batch))
        _, batch = await self._query.find_whole_traces(trace_search(question), tenant=self._tenant, gone=gone(request))
        return await _traces(request, batch, raw=raw, errors=None)

    async def trace(self, request: Request) -> Response:
        """One whole trace."""
        wanted, raw = self._read_trace(request)
        batch = await self._query.get_traces([wanted], tenant=self._tenant, gone=gone(request))
        if not len(batch):
            raise NotFoundError(_TRACE_NOT_FOUND)
        return await _traces(request, batch, raw=raw, errors=None)

    async def archive(self, request: Request) -> Response:
        """Keep a trace for good."""
        wanted, _ = self._read_trace(request)
        try:
            await self._query.archive_trace(wanted, tenant=self._tenant)
        except NotSupportedError:
            return _failed(500, _NO_ARCHIVE, {})
        return _enveloped(request, [], errors=[])

    async def dependencies(self, request: Request) -> Response:
        """Who calls whom, and how often."""
        parameters = Parameters(request.scope["query_string"])
        now_ms = self._clock.now_unix_nano() // 10**6
        end_ms = parameters.read("endTs", parse_int, now_ms)
        lookback_ms = parameters.read("lookback", parse_int, GRAPH_LOOKBACK_DEFAULT_MS)
        graph = await self._query.service_graph(
            time=time_range((end_ms - lookback_ms) * 10**6, end_ms * 10**6), tenant=self._tenant, gone=gone(request)
        )
        service = parameters.text("service")
        edges = graph.select(["parent", "child", "call_count"]).to_pylist()
        data = [
            {"parent": edge["parent"], "child": edge["child"], "callCount": edge["call_count"]}
            for edge in edges
            if not service or service in (edge["parent"], edge["child"])
        ]
        return _enveloped(request, data)

    async def transform(self, request: Request) -> Response:
        """OTLP JSON that the page was given as a file, in Jaeger's form. Nothing is stored."""
        body = await read_body(request, self._config.body_bytes_max)
        try:
            decoded = decode("otlp_json", body)
        except DecodeError as error:
            raise BadQueryError(f"cannot unmarshal OTLP : {error}") from error
        return await _traces(request, traces_together(decoded.batch), raw=True, errors=None)

    async def latencies(self, request: Request) -> Response:
        """Refused, once its parameters make sense."""
        text = Parameters(request.scope["query_string"]).text("quantile")
        try:
            parse_float(text)
        except ValueError as error:
            raise BadQueryError(f"unable to parse param 'quantile': {error}") from error
        return await self.metrics(request)

    async def metrics(self, request: Request) -> Response:
        """Refused, once its parameters make sense."""
        parameters = Parameters(request.scope["query_string"])
        if "service" not in parameters:
            raise BadQueryError("unable to parse param 'service': please provide at least one service name")
        parameters.read("groupByOperation", parse_bool, False)
        for kind in parameters.texts("spanKind"):
            if kind not in _METRIC_KINDS:
                raise BadQueryError(f"unable to parse param 'spanKind': unsupported span kind: '{kind}'")
        for name in ("endTs", "lookback", "step", "ratePer"):
            parameters.read(name, parse_int, 0)
        return await self.smallest_step(request)

    async def smallest_step(self, request: Request) -> Response:
        """Refused: there is no metrics store."""
        return _failed(501, _NO_METRICS, {})

    def _read_search(self, parameters: Parameters) -> tuple[JaegerQuestion, list[bytes], bool]:
        now = self._clock.now_unix_nano()
        question = read_question(parameters, now=now, lookback_nano=LOOKBACK_DEFAULT_NANO)
        try:
            wanted = [parse_trace_id(text) for text in parameters.texts("traceID")]
        except ValueError as error:
            raise BadQueryError(f"cannot parse traceID param: {error}") from error
        raw = parameters.read("raw", parse_bool, False)
        if not wanted and not question.service:
            raise BadQueryError(_SERVICE_REQUIRED)
        shortest, longest = question.duration_min_nano, question.duration_max_nano
        if shortest is not None and longest is not None and longest < shortest:
            raise BadQueryError("'maxDuration' should be greater than 'minDuration'")
        return question, list(dict.fromkeys(wanted)), raw

    def _read_trace(self, request: Request) -> tuple[bytes, bool]:
        parameters = Parameters(request.scope["query_string"])
        try:
            trace_id = parse_trace_id_or_base64(request.path_params["trace_id"])
        except ValueError as error:
            raise BadQueryError(str(error)) from error
        for name in ("start", "end"):  # Hints where to look; we need none.
            parameters.read(name, parse_int, 0)
        return trace_id, parameters.read("raw", parse_bool, False)


def read_question(parameters: Parameters, *, now: int, lookback_nano: int) -> JaegerQuestion:
    """The search that Jaeger's v1 parameters ask for. Raises BadQueryError in Jaeger's words."""
    start_us = parameters.read("start", parse_int, (now - lookback_nano) // 1000)
    end_us = parameters.read("end", parse_int, now // 1000)
    return JaegerQuestion(
        service=parameters.text("service"),
        operation=parameters.text("operation"),
        tags=_read_tags(parameters),
        time=time_range(start_us * 1000, end_us * 1000),
        limit=_read_limit(parameters),
        duration_min_nano=parameters.read("minDuration", parse_duration, 0) or None,
        duration_max_nano=parameters.read("maxDuration", parse_duration, 0) or None,
    )


def time_range(start: int, end: int) -> TimeRange:
    """The range, cut to what 64 bits can say."""
    widest = TimeRange()
    return TimeRange(max(start, widest.start), min(end, widest.end))


def _read_tags(parameters: Parameters) -> dict[str, str]:
    tags: dict[str, str] = {}
    for text in parameters.texts("tag"):
        key, colon, value = text.partition(":")
        if not colon:
            raise BadQueryError(f"malformed 'tag' parameter, expecting key:value, received: {text}")
        tags[key] = value
    for text in parameters.texts("tags"):
        try:
            tags.update(parse_text_map(text))
        except ValueError as error:
            raise BadQueryError(f"malformed 'tags' parameter, cannot unmarshal JSON: {error}") from error
    return tags


def _read_limit(parameters: Parameters) -> int:
    text = parameters.text("limit")
    try:
        limit = parse_int32(text) if text else LIMIT_DEFAULT
    except ValueError as error:  # Jaeger forgets to say which parameter; its words are kept.
        raise BadQueryError(str(error)) from error
    return limit if limit > 0 else LIMIT_DEFAULT


def _missing(wanted: list[bytes], batch: SpanBatch) -> list[dict[str, Any]] | None:
    found = set(trace_ids(batch))
    missing = [trace_id for trace_id in wanted if trace_id not in found]
    return [{"msg": _TRACE_NOT_FOUND, "traceID": jaeger_trace_id(trace_id)} for trace_id in missing] or None


async def _traces(request: Request, batch: SpanBatch, *, raw: bool, errors: list[dict[str, Any]] | None) -> Response:
    tail = b'],"total":0,"limit":0,"offset":0,"errors":' + json_bytes(errors) + b"}"
    head, pieces = b'{"data":[', jaeger_pieces(batch, unchanged if raw else adjust)
    if _is_pretty(request):
        return Answer(msgspec.json.format(await whole(head, pieces, tail), indent=4))
    return Answer(await enclosed(head, pieces, tail))


def _enveloped(request: Request, data: Any, *, total: int = 0, errors: list[Any] | None = None) -> Response:
    envelope = {"data": data, "total": total, "limit": 0, "offset": 0, "errors": errors}
    return json_answer(envelope, pretty=_is_pretty(request))


def _is_pretty(request: Request) -> bool:
    return Parameters(request.scope["query_string"]).text("prettyPrint") not in ("", "false")


def _failed(status: int, message: str, headers: dict[str, str]) -> Response:
    body = {"data": None, "total": 0, "limit": 0, "offset": 0, "errors": [{"code": status, "msg": message}]}
    return go_error(body, status, headers)
