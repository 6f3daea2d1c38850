"""Our own API about one trace: its skeleton, its spans, where text stands in it. docs/specs/native-api.md, 1 to 3.

Every question takes `upload`: then the trace is one of an upload's, not of the store's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec
import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from lymer.api.answers import Answer, json_answer
from lymer.api.config import ApiConfig
from lymer.api.endpoint import Endpoints, gone, read_body
from lymer.api.parameters import Parameters, parse_bool, parse_int, parse_trace_id_or_base64
from lymer.api.span_json import spans_json
from lymer.component.errors import BadQueryError
from lymer.model.search import Predicate, check_span_predicate
from lymer.query.find_words import read_words
from lymer.query.service import QueryService
from lymer.query.uploads import Uploads
from lymer.wire.predicate_json import read_predicate
from lymer.wire.trace_view import TraceView, Words

ROWS_MAX: Final = 1_000
"""How many spans one answer may show in full."""
FOUND_ROWS_MAX: Final = 10_000
"""How many found rows are listed in JSON."""
SKELETON_TYPE: Final = "application/vnd.lymer.skeleton"

_NEAR: Final = frozenset({"127.0.0.1", "::1"})
_PASSED_ON: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
"""Headers of proxies: who asks is behind them."""

T = TypeVar("T")


class FindBody(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a find that is posted."""

    where: Any


class NativeTrace:
    """The endpoints about one trace."""

    def __init__(self, query: QueryService, uploads: Uploads, *, config: ApiConfig) -> None:
        self._query = query
        self._uploads = uploads
        self._config = config

    def add_to(self, endpoints: Endpoints) -> None:
        """Put the endpoints below the API's prefix."""
        endpoints.add("/traces/{trace_id}/skeleton", self.skeleton)
        endpoints.add("/traces/{trace_id}/spans", self.spans)
        endpoints.add("/traces/{trace_id}/find", self.find)
        endpoints.add("/traces/{trace_id}/find", self.posted_find, ["POST"])

    async def skeleton(self, request: Request) -> Response:
        """The trace as columns."""
        parameters = Parameters(request.scope["query_string"])
        adjusted = one_of(parameters, "times", ("raw", "adjusted")) == "adjusted"
        as_json = one_of(parameters, "format", ("binary", "json")) == "json"
        data = await self.ask(
            request, "skeleton", lambda trace: trace.skeleton(adjusted=adjusted, as_json=as_json), parameters
        )
        media_type = "application/json" if as_json else SKELETON_TYPE
        return Answer(data, media_type=media_type, may_be_zipped=not is_near(request))

    async def spans(self, request: Request) -> Response:
        """Some spans in full."""
        parameters = Parameters(request.scope["query_string"])
        rows = _read_rows(parameters)

        def question(trace: TraceView) -> bytes:
            count = trace.span_count
            there = [row for row in rows if row < count]
            return msgspec.json.encode({"spanCount": count, "spans": spans_json(trace.spans(there), there)})

        return Answer(await self.ask(request, "trace_spans", question, parameters))

    async def find(self, request: Request) -> Response:
        """Where words stand."""
        parameters = Parameters(request.scope["query_string"])
        return await self._find(request, parameters, read_words(parameters.text("q")))

    async def posted_find(self, request: Request) -> Response:
        """Which spans satisfy a predicate."""
        body = await read_body(request, self._config.body_bytes_max)
        try:
            where = read_predicate(msgspec.json.decode(body, type=FindBody).where)
            check_span_predicate(where)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise BadQueryError(f"the body: {error}") from error
        return await self._find(request, Parameters(request.scope["query_string"]), where)

    async def ask(
        self,
        request: Request,
        kind: str,
        question: Callable[[TraceView], T],
        parameters: Parameters,
        *,
        upload: str = "upload",
        trace_id: bytes | None = None,
    ) -> T:
        """What the question says of the trace that the request names, in the store or in an upload."""
        wanted = read_trace_id(request.path_params["trace_id"]) if trace_id is None else trace_id
        upload_id = parameters.text(upload)
        if upload_id:
            return await self._uploads.ask_trace(upload_id, wanted, question)
        return await self._query.ask_trace(kind, wanted, question, tenant=self._config.tenant, gone=gone(request))

    async def _find(self, request: Request, parameters: Parameters, wanted: Words | Predicate) -> Response:
        as_json = one_of(parameters, "format", ("binary", "json")) == "json"
        bits, span_count = await self.ask(
            request, "find_in_trace", lambda trace: (trace.find(wanted), trace.span_count), parameters
        )
        found = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")
        count = int(found.sum())
        if as_json:
            rows = np.flatnonzero(found)[:FOUND_ROWS_MAX].tolist()
            return json_answer({"count": count, "spanCount": span_count, "rows": rows})
        headers = {"x-lymer-count": str(count), "x-lymer-span-count": str(span_count)}
        return Answer(bits, media_type="application/octet-stream", headers=headers)


def read_trace_id(text: str) -> bytes:
    """The id in a path. Raises BadQueryError."""
    try:
        return parse_trace_id_or_base64(text)
    except ValueError as error:
        raise BadQueryError(str(error)) from error


def one_of(parameters: Parameters, name: str, choices: tuple[str, ...]) -> str:
    """A parameter that is one of these; the first when it is absent. Raises BadQueryError."""
    text = parameters.text(name) or choices[0]
    if text not in choices:
        raise BadQueryError(f"'{name}' must be one of {', '.join(choices)}, not {text!r:.80}")
    return text


def is_near(request: Request) -> bool:
    """Whether the asker is on this machine, so that sending much costs less than packing it."""
    is_passed_on = any(name in request.headers for name in _PASSED_ON)
    return not is_passed_on and request.client is not None and request.client.host in _NEAR


def is_true(parameters: Parameters, name: str, default: bool = False) -> bool:
    """A parameter that is true or false."""
    return parameters.read(name, parse_bool, default)


def _read_rows(parameters: Parameters) -> list[int]:
    listed = parameters.text("rows") or parameters.text("row")
    if listed:
        try:
            rows = [int(row) for row in listed.split(",")]
        except ValueError:
            raise BadQueryError(f"'rows' must be numbers, not {listed!r:.80}") from None
    else:
        first = parameters.read("from", parse_int, 0)
        rows = list(range(first, first + min(parameters.read("count", parse_int, 100), ROWS_MAX + 1)))
    if len(rows) > ROWS_MAX:
        raise BadQueryError(f"at most {ROWS_MAX} spans at once")
    if any(row < 0 for row in rows):
        raise BadQueryError("rows begin at 0")
    return rows
