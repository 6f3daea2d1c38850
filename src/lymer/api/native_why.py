"""Our own API that explains traces: why slow, why failed, what differs. docs/specs/native-api.md, sections 8 and 9."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from lymer.api.answers import json_answer
from lymer.api.endpoint import Endpoints
from lymer.api.native_trace import NativeTrace, read_trace_id
from lymer.api.parameters import Parameters
from lymer.api.span_json import spans_json
from lymer.component.errors import BadQueryError
from lymer.query.compare import Comparison, compare
from lymer.query.compare_attributes import Difference, Value, differences, rows_to_look_at
from lymer.query.explain import explain_slow
from lymer.query.failure import Failure, explain_failure
from lymer.wire.skeleton import Skeleton, read_skeleton
from lymer.wire.trace_view import TraceView

T = TypeVar("T")

_CHAIN_MAX: Final = 100
_EXCEPTION: Final = "exception"
_EXCEPTION_KEYS: Final = (
    ("type", "exception.type"),
    ("message", "exception.message"),
    ("stacktrace", "exception.stacktrace"),
)


class NativeWhy:
    """The endpoints that explain."""

    def __init__(self, traces: NativeTrace) -> None:
        self._traces = traces

    def add_to(self, endpoints: Endpoints) -> None:
        """Put the endpoints below the API's prefix."""
        endpoints.add("/traces/{trace_id}/why", self.why)
        endpoints.add("/compare", self.compare)

    async def why(self, request: Request) -> Response:
        """Where the time went, and which span failed."""
        parameters = Parameters(request.scope["query_string"])
        return json_answer(await self._traces.ask(request, "why", _why, parameters))

    async def compare(self, request: Request) -> Response:
        """Two traces by path."""
        parameters = Parameters(request.scope["query_string"])
        sides = [_Side(self._traces, request, parameters, name) for name in ("a", "b")]
        a, b = [await side.skeleton() for side in sides]
        comparison = await asyncio.to_thread(compare, a, b)
        rows = rows_to_look_at(comparison)
        values = [await side.values(looked_at) for side, looked_at in zip(sides, rows, strict=True)]
        found = await asyncio.to_thread(differences, comparison, *values)
        return json_answer(_comparison_json(a, b, comparison, found))


class _Side:
    """One of the two traces."""

    def __init__(self, traces: NativeTrace, request: Request, parameters: Parameters, name: str) -> None:
        self._traces = traces
        self._request = request
        self._parameters = parameters
        self._upload = f"upload{name.upper()}"
        if not parameters.text(name):
            raise BadQueryError(f"parameter '{name}' is required")
        self._trace_id = read_trace_id(parameters.text(name))

    async def skeleton(self) -> Skeleton:
        return await self._ask(lambda trace: read_skeleton(trace.skeleton()))

    async def values(self, rows: list[int]) -> list[Value]:
        return await self._ask(lambda trace: _values(trace, rows))

    async def _ask(self, question: Callable[[TraceView], T]) -> T:
        return await self._traces.ask(
            self._request,
            "compare",
            question,
            self._parameters,
            upload="upload" if self._parameters.text("upload") else self._upload,
            trace_id=self._trace_id,
        )


def _why(trace: TraceView) -> dict[str, Any]:
    skeleton = read_skeleton(trace.skeleton())
    slow = explain_slow(skeleton)
    failure = explain_failure(skeleton)
    gaps = [camel(asdict(gap)) | {"durationNano": gap.end_nano - gap.start_nano} for gap in slow.gaps]
    return {
        "slow": camel(asdict(slow)) | {"gaps": gaps},
        "failed": None if failure is None else _failure_json(trace, skeleton, failure),
    }


def camel(value: Any) -> Any:
    """The names of a fact's members as JSON has them."""
    if isinstance(value, dict):
        return {_camel_name(name): camel(item) for name, item in value.items()}
    return [camel(item) for item in value] if isinstance(value, list) else value


def _camel_name(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _failure_json(trace: TraceView, skeleton: Skeleton, failure: Failure) -> dict[str, Any]:
    chain = failure.chain[:_CHAIN_MAX]
    if chain[-1] != failure.row:
        chain.append(failure.row)
    spans = spans_json(trace.spans(chain), chain)
    leaf = spans[-1]
    return {
        "row": failure.row,
        "service": leaf["service"],
        "operation": leaf["name"],
        "message": leaf["statusMessage"],
        "exception": _exception_json(leaf),
        "chain": [
            {
                "row": span["row"],
                "service": span["service"],
                "operation": span["name"],
                "message": span["statusMessage"],
            }
            for span in spans
        ],
        "errorCount": failure.error_count,
        "unrelatedRows": failure.unrelated_rows,
    }


def _exception_json(span: dict[str, Any]) -> dict[str, Any] | None:
    """The span's last exception."""
    for event in reversed(span["events"]):
        if event["name"] == _EXCEPTION:
            attributes = {item["key"]: item["value"] for item in event["attributes"]}
            texts = {name: str(attributes.get(key, "")) for name, key in _EXCEPTION_KEYS}
            return texts | {"timeUnixNano": event["timeUnixNano"]}
    return None


def _values(trace: TraceView, rows: list[int]) -> list[Value]:
    return [
        Value(span["row"], scope, item["key"], _text(item["value"]))
        for span in spans_json(trace.spans(rows), rows)
        for scope, items in (("span", span["attributes"]), ("resource", span["resource"]["attributes"]))
        for item in items
    ]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def _comparison_json(a: Skeleton, b: Skeleton, comparison: Comparison, found: list[Difference]) -> dict[str, Any]:
    return {
        "a": _trace_json(a),
        "b": _trace_json(b),
        "pathCount": comparison.path_count,
        "paths": [camel(asdict(path)) | {"change": path.change} for path in comparison.paths],
        "attributes": [
            {
                "path": one.path,
                "key": one.key,
                "scope": one.scope,
                **{
                    side: [{"value": text, "spanCount": count} for text, count in values]
                    for side, values in (("a", one.a), ("b", one.b))
                },
            }
            for one in found
        ],
    }


def _trace_json(skeleton: Skeleton) -> dict[str, Any]:
    root = skeleton.root
    return {
        "traceId": skeleton.header["traceId"],
        "spanCount": len(skeleton),
        "errorCount": skeleton.header["errorCount"],
        "durationNano": skeleton.duration_nano,
        "rootService": skeleton.services[skeleton.service[root]],
        "rootName": skeleton.names[skeleton.name[root]],
    }
