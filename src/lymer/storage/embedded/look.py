"""A close look at one trace: where it lies whole, or put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lymer._native import Batch, OpenBuffer, View, merge_batches
from lymer.component.errors import BadQueryError
from lymer.storage.base import Budget
from lymer.storage.embedded.pieces import Snapshot, found_traces
from lymer.storage.embedded.seen_traces import ID_BYTES
from lymer.storage.embedded.whole_traces import as_buffer
from lymer.wire.trace_view import TraceView

T = TypeVar("T")


def ask_trace(snapshot: Snapshot, trace_id: bytes, question: Callable[[TraceView], T], budget: Budget) -> T | None:
    """What the question says of the trace; None when it is not here."""
    if len(trace_id) != ID_BYTES:
        raise BadQueryError(f"a trace id has {ID_BYTES} bytes")
    if trace_id in snapshot.deleted:
        return None
    places = [
        (source.view, number)
        for source in snapshot.sources
        for _, number in found_traces(source.view, trace_id)
        if source.traces_max is None or number < source.traces_max
    ]
    budget.check()
    if not places:
        return None
    is_buffered = any(isinstance(view, OpenBuffer) for view, _ in places)
    if len(places) == 1:
        view, number = places[0]
        return question(TraceView(view, number, is_buffered=is_buffered))
    return question(TraceView(_whole(places, budget), 0, is_buffered=is_buffered))


def _whole(places: list[tuple[View, int]], budget: Budget) -> OpenBuffer:
    batches: list[Batch] = []
    for view, number in places:
        batches.append(view.read([number]))
        budget.check(sum(batch.nbytes for batch in batches))
    return as_buffer(merge_batches(batches))
