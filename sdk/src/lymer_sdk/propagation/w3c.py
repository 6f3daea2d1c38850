"""W3C Trace Context, level 2: `traceparent` and `tracestate`. https://www.w3.org/TR/trace-context-2/"""

from __future__ import annotations

import re
from functools import lru_cache

from opentelemetry.context import Context
from opentelemetry.trace import TraceState

from lymer_sdk.propagation.base import Propagator, outgoing
from lymer_sdk.propagation.carriers import Headers, Put
from lymer_sdk.remote_parent import NO_STATE, with_parent

_traceparent = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?").fullmatch
_member = re.compile(
    r"([a-z0-9][a-z0-9_\-*/@]{0,255})=([\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e])"
).fullmatch
_MEMBERS_MAX = 32
_STATE_LENGTH_MAX = 8192


class TraceContext(Propagator):
    """Sampled and random flags; the state is kept as it came, as long as it is valid."""

    reads: frozenset[bytes] | None = frozenset((b"traceparent",))

    def read(self, headers: Headers, context: Context) -> Context:
        values = headers.all("traceparent")
        if len(values) != 1:
            return context
        found = _traceparent(values[0].strip())
        if found is None:
            return context
        version, trace_id, span_id, flags, rest = found.groups()
        if version == "ff" or (version == "00" and rest is not None):
            return context
        trace, span, bits = int(trace_id, 16), int(span_id, 16), int(flags, 16)
        if not trace or not span:
            return context
        state = headers.all("tracestate")
        return with_parent(
            context,
            trace,
            span,
            sampled=bool(bits & 1),
            random=bool(bits & 2),
            trace_state=_kept_state(",".join(state)) if state else NO_STATE,
        )

    def write(self, put: Put, context: Context) -> None:
        span = outgoing(context)
        if span is None:
            return
        put("traceparent", f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.flags & 3:02x}")
        if span.trace_state:
            put("tracestate", span.trace_state.to_header())

    @property
    def fields(self) -> set[str]:
        return {"traceparent", "tracestate"}


def _kept_state(header: str) -> TraceState:
    return read_state(header) if len(header) <= _STATE_LENGTH_MAX else NO_STATE


@lru_cache(maxsize=256)
def read_state(header: str) -> TraceState:
    """The members of a `tracestate`; all or, when one is wrong, none."""
    members: dict[str, str] = {}
    for text in header.split(","):
        trimmed = text.strip(" \t")
        if not trimmed:
            continue
        found = _member(trimmed)
        if found is None or found[1] in members or len(members) == _MEMBERS_MAX:
            return NO_STATE
        members[found[1]] = found[2]
    if not members:
        return NO_STATE
    state = TraceState()
    state._dict = members  # noqa: SLF001 (its constructor knows level 1's keys alone, and would drop level 2's)
    return state
