"""Our own API about the attributes and events of one trace: docs/specs/native-api.md, section 14."""

from __future__ import annotations

import json
import struct
from typing import Any, Final

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from lymer.api.answers import Answer, json_answer
from lymer.api.endpoint import Endpoints
from lymer.api.native_question import read_int, read_member
from lymer.api.native_trace import NativeTrace, is_near, one_of
from lymer.api.parameters import Parameters, parse_int
from lymer.api.span_json import spans_json
from lymer.component.errors import BadQueryError
from lymer.model.search import Scope
from lymer.wire.trace_view import TraceView

KEYS_MAX: Final = 1_000
EVENTS: Final = (1_000, (1, 1_000))
COLUMN_TYPE: Final = "application/vnd.lymer.column"

_MAGIC: Final = b"LYCO"
_VERSION: Final = 1
_PREFIX: Final = struct.Struct("<4sHHII")
_ALIGNMENT: Final = 8


class NativeAttributes:
    """The endpoints about attributes and events."""

    def __init__(self, traces: NativeTrace) -> None:
        self._traces = traces

    def add_to(self, endpoints: Endpoints) -> None:
        """Put the endpoints below the API's prefix."""
        endpoints.add("/traces/{trace_id}/attributes", self.keys)
        endpoints.add("/traces/{trace_id}/column", self.column)
        endpoints.add("/traces/{trace_id}/events", self.events)

    async def keys(self, request: Request) -> Response:
        """Which attributes the trace has."""
        parameters = Parameters(request.scope["query_string"])
        table = await self._traces.ask(request, "trace_keys", TraceView.keys, parameters)
        rows = table.slice(0, KEYS_MAX).to_pylist()
        return json_answer(
            {"attributes": [{"key": row["key"], "scope": row["scope"], "spanCount": row["span_count"]} for row in rows]}
        )

    async def column(self, request: Request) -> Response:
        """The values of an attribute by row."""
        parameters = Parameters(request.scope["query_string"])
        key = parameters.text("key")
        if not key:
            raise BadQueryError("parameter 'key' is required")
        scope = read_member(Scope, parameters, "scope", Scope.ANY)
        values, codes = await self._traces.ask(
            request, "trace_column", lambda trace: trace.column(key, scope), parameters
        )
        header = {"key": key, "scope": scope.value, "values": values}
        if one_of(parameters, "format", ("binary", "json")) == "json":
            return json_answer(header | {"codes": np.frombuffer(codes, "<u4").tolist()})
        return Answer(_column_bytes(header, codes), media_type=COLUMN_TYPE, may_be_zipped=not is_near(request))

    async def events(self, request: Request) -> Response:
        """A page of all events by time."""
        parameters = Parameters(request.scope["query_string"])
        first = parameters.read("cursor", parse_int, 0)
        if first < 0:
            raise BadQueryError("the cursor is not one that was given")
        limit = read_int(parameters, "limit", *EVENTS)
        answer = await self._traces.ask(
            request, "trace_events", lambda trace: _events_json(trace, first, limit), parameters
        )
        return json_answer(answer)


def _column_bytes(header: dict[str, Any], codes: bytes) -> bytes:
    text = json.dumps(header, ensure_ascii=False).encode("utf-8", "replace")
    text += b" " * (-len(text) % _ALIGNMENT)
    return _PREFIX.pack(_MAGIC, _VERSION, 0, len(text), len(codes) // 4) + text + codes


def _events_json(trace: TraceView, first: int, limit: int) -> dict[str, Any]:
    """The events from the first on, with what each says taken from its span."""
    table = trace.events()
    page = table.slice(first, limit).to_pylist()
    rows = sorted({item["row"] for item in page})
    spans = {span["row"]: span for span in spans_json(trace.spans(rows), rows)}
    events = [
        {"row": item["row"], **spans[item["row"]]["events"][item["place"]]} for item in page if item["row"] in spans
    ]
    behind = first + len(page)
    return {"events": events, "total": table.num_rows, "cursor": str(behind) if behind < table.num_rows else None}
