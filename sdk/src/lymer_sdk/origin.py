"""Where a span comes from that has no recording parent of ours: a root, below a remote span, below an unsampled one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import Span as ApiSpan
from opentelemetry.trace import TraceState

from lymer_sdk.remote_parent import NO_STATE, ROOT_HINTS_KEY, RemoteParent, RootHints
from lymer_sdk.span import DEBUG, RANDOM_TRACE_ID, SAMPLED, LocalSpan, Span

_W3C = SAMPLED | RANDOM_TRACE_ID

Origin = tuple[int, int, bool, int, TraceState, bool | None, Mapping[str, Any] | None, Mapping[str, str] | None]
"""Trace id, parent span id, parent is remote, flags, trace state, sampled (None: ask), attributes, baggage."""


def origin_of(context: Context, parent: ApiSpan | None, new_trace_id: Callable[[], int]) -> Origin:
    """The origin of a span that starts in this context below this parent."""
    if parent is None:
        return _root(context, new_trace_id)
    if isinstance(parent, LocalSpan):
        sampled = parent.__class__ is Span
        return parent.trace_id, parent.span_id, False, parent.flags, parent.trace_state, sampled, None, parent._baggage  # noqa: SLF001
    if isinstance(parent, RemoteParent):
        flags = parent.flags | DEBUG if parent.debug else parent.flags
        decided = None if parent.undecided else bool(flags & SAMPLED)
        return parent.trace_id, parent.span_id, True, flags, parent.trace_state, decided, None, None
    said = getattr(parent, "get_span_context", None)  # anything may have been put into the context as a span
    found = said() if said is not None else None
    if found is None or not found.is_valid:
        return _root(context, new_trace_id)
    flags = int(found.trace_flags) & _W3C
    return found.trace_id, found.span_id, found.is_remote, flags, found.trace_state, bool(flags & SAMPLED), None, None


def _root(context: Context, new_trace_id: Callable[[], int]) -> Origin:
    hints = context.get(ROOT_HINTS_KEY)
    if hints is None:
        return new_trace_id(), 0, False, RANDOM_TRACE_ID, NO_STATE, None, None, None
    assert isinstance(hints, RootHints)
    trace_id, random = (hints.trace_id, 0) if hints.trace_id else (new_trace_id(), RANDOM_TRACE_ID)
    said: dict[str, Any] = {}
    if hints.debug_id:
        said["jaeger-debug-id"] = hints.debug_id
    if hints.request_id:
        said["x_trace_id"] = hints.request_id
    if hints.debug:
        return trace_id, 0, False, random | SAMPLED | DEBUG, NO_STATE, True, said, None
    flags = random | SAMPLED if hints.sampled else random
    return trace_id, 0, False, flags, NO_STATE, hints.sampled, said or None, None
