"""Zipkin's B3 headers, in one (`b3`) or several (`X-B3-*`). https://github.com/openzipkin/b3-propagation

Both forms are read by either; what is written is the form's own. Without a sampling state the decision is ours.
"""

from __future__ import annotations

from opentelemetry.context import Context

from lymer_sdk.propagation.base import Propagator, hex_id, outgoing
from lymer_sdk.propagation.carriers import Headers, Put
from lymer_sdk.remote_parent import RootHints, with_parent, with_root_hints

_STATES: dict[str, bool | None] = {"1": True, "true": True, "d": True, "0": False, "false": False, "": None}


class _B3(Propagator):
    def read(self, headers: Headers, context: Context) -> Context:
        single = headers.first("b3")
        found = _of_single(context, single) if single else None
        return found or _of_multi(context, headers)


class B3Single(_B3):
    """Writes `b3: trace-span-state-parent`."""

    def write(self, put: Put, context: Context) -> None:
        span = outgoing(context)
        if span is None:
            return
        state = "d" if span.debug else "01"[span.sampled]
        parent = f"-{span.parent_span_id:016x}" if span.parent_span_id else ""
        put("b3", f"{span.trace_id:032x}-{span.span_id:016x}-{state}{parent}")

    @property
    def fields(self) -> set[str]:
        return {"b3"}


class B3Multi(_B3):
    """Writes `x-b3-traceid` and its company."""

    def write(self, put: Put, context: Context) -> None:
        span = outgoing(context)
        if span is None:
            return
        put("x-b3-traceid", f"{span.trace_id:032x}")
        put("x-b3-spanid", f"{span.span_id:016x}")
        if span.parent_span_id:
            put("x-b3-parentspanid", f"{span.parent_span_id:016x}")
        if span.debug:
            put("x-b3-flags", "1")
        else:
            put("x-b3-sampled", "01"[span.sampled])

    @property
    def fields(self) -> set[str]:
        return {"x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-flags", "x-b3-sampled"}


def _of_single(context: Context, text: str) -> Context | None:
    parts = text.strip().split("-")
    if len(parts) == 1:
        return _of_state(context, parts[0].lower())
    state = parts[2].lower() if len(parts) > 2 else ""
    if len(parts) > 4 or state not in _STATES:
        return None
    return _below(context, parts[0], parts[1], state)


def _of_multi(context: Context, headers: Headers) -> Context:
    state = "d" if headers.first("x-b3-flags") == "1" else headers.first("x-b3-sampled").lower()
    if state not in _STATES:
        return context
    below = _below(context, headers.first("x-b3-traceid"), headers.first("x-b3-spanid"), state)
    return below or _of_state(context, state) or context


def _below(context: Context, trace_id: str, span_id: str, state: str) -> Context | None:
    trace, span = hex_id(trace_id, 32), hex_id(span_id, 16)
    if not trace or not span or len(trace_id) not in (16, 32) or len(span_id) != 16:
        return None
    return with_parent(context, trace, span, sampled=_STATES[state], debug=state == "d")


def _of_state(context: Context, state: str) -> Context | None:
    """A decision without a span: the trace begins here and follows it."""
    sampled = _STATES.get(state)
    return None if sampled is None else with_root_hints(context, RootHints(sampled=sampled, debug=state == "d"))
