"""`X-Trace-ID` and `X-Span-ID`: the pair that gateways and home-grown middleware make; accepted, made, handed on.

A trace id in any usual form (32 or 16 hexadecimal digits, a UUID) is the trace's. Any other text is a request id: the
trace id is its hash, so that every service finds the same one, and it is handed on and recorded as it came.
"""

from __future__ import annotations

from opentelemetry.context import Context

from lymer_sdk.propagation.base import Propagator, hex_id, outgoing
from lymer_sdk.propagation.carriers import Headers, Put
from lymer_sdk.remote_parent import ROOT_HINTS_KEY, RootHints, with_parent, with_root_hints

_TEXT_LENGTH_MAX = 128


class RequestId(Propagator):
    """With an X-Span-ID the caller's span is the parent; without one, a trace of that id begins here."""

    reads: frozenset[bytes] | None = frozenset((b"x-trace-id",))

    def read(self, headers: Headers, context: Context) -> Context:
        text = _request_id(headers)
        if not text:
            return context
        trace_id = _trace_id(text)
        request_id = "" if trace_id else text
        trace_id = trace_id or _hash_of(text)
        context = with_root_hints(context, RootHints(trace_id=trace_id, request_id=request_id))
        span_id = hex_id(headers.first("x-span-id"), 16)
        return with_parent(context, trace_id, span_id, sampled=None) if span_id else context

    def read_beside(self, headers: Headers, context: Context) -> Context:
        text = _request_id(headers)
        return context if not text or _trace_id(text) else with_root_hints(context, RootHints(request_id=text))

    def write(self, put: Put, context: Context) -> None:
        span = outgoing(context)
        if span is None:
            return
        hints = context.get(ROOT_HINTS_KEY)
        request_id = hints.request_id if isinstance(hints, RootHints) else ""
        put("x-trace-id", request_id or f"{span.trace_id:032x}")
        put("x-span-id", f"{span.span_id:016x}")

    @property
    def fields(self) -> set[str]:
        return {"x-trace-id", "x-span-id"}


def _hash_of(text: str) -> int:
    from hashlib import sha256  # who sends trace ids does not wait for its import

    return int.from_bytes(sha256(text.encode()).digest()[:16])


def _request_id(headers: Headers) -> str:
    text = headers.first("x-trace-id")[:_TEXT_LENGTH_MAX]
    return text if text.isprintable() else ""


def _trace_id(text: str) -> int:
    digits = text.replace("-", "") if len(text) == 36 else text
    return hex_id(digits, 32) if len(digits) in (16, 32) else 0
