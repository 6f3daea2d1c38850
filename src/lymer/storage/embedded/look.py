"""A close look at one trace: where it lies whole, or put together. What was put together is kept for a moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from lymer._native import OpenBuffer, View, trace_span_count
from lymer.component.clock import Clock
from lymer.component.errors import BadQueryError
from lymer.storage.base import Budget
from lymer.storage.embedded.pieces import Snapshot, found_traces
from lymer.storage.embedded.seen_traces import ID_BYTES
from lymer.wire.trace_view import TraceView

KEPT_SPANS_MIN: Final = 4_096
"""Smaller traces are put together anew."""
KEPT_AGE_S: Final = 20.0

T = TypeVar("T")

Place = tuple[View, int, int]
"""A view that has the trace or a part of it, its number there, and how many spans the view has of it."""


@dataclass(frozen=True, slots=True)
class _Kept:
    places: list[Place]
    whole: OpenBuffer
    since_s: float


class WholeTraces:
    """Large traces that lie in several views, put together, for who asks one thing after the other of a trace.

    Bounded in bytes and in time; the oldest go first. A trace that has grown since is not given out. Safe on threads.
    """

    def __init__(self, clock: Clock, *, bytes_max: int) -> None:
        self._clock = clock
        self._bytes_max = bytes_max
        self._kept: list[_Kept] = []
        self._lock = threading.Lock()

    @property
    def memory_bytes(self) -> int:
        """What is kept."""
        return sum(kept.whole.memory_bytes for kept in self._kept)

    def get(self, places: list[Place], budget: Budget) -> OpenBuffer:
        """A buffer of the one trace that has these places."""
        with self._lock:
            for kept in self._kept:
                if kept.places == places:
                    return kept.whole
        whole = _put_together(places, budget)
        if sum(span_count for _, _, span_count in places) >= KEPT_SPANS_MIN:
            with self._lock:
                self._kept.append(_Kept(places, whole, self._clock.monotonic_s()))
        self.forget()
        return whole

    def clear(self) -> None:
        """Let go of all."""
        with self._lock:
            self._kept = []

    def forget(self) -> None:
        """Let go of what is old or too much."""
        with self._lock:
            young = self._clock.monotonic_s() - KEPT_AGE_S
            self._kept = [kept for kept in self._kept if kept.since_s > young]
            while self._kept and self.memory_bytes > self._bytes_max:
                self._kept.pop(0)


def ask_trace(
    snapshot: Snapshot, trace_id: bytes, question: Callable[[TraceView], T], budget: Budget, wholes: WholeTraces
) -> T | None:
    """What the question says of the trace; None when it is not here."""
    if len(trace_id) != ID_BYTES:
        raise BadQueryError(f"a trace id has {ID_BYTES} bytes")
    if trace_id in snapshot.deleted:
        return None
    places = [
        (source.view, number, trace_span_count(source.view, number))
        for source in snapshot.sources
        for _, number in found_traces(source.view, trace_id)
        if source.traces_max is None or number < source.traces_max
    ]
    budget.check()
    if not places:
        return None
    is_buffered = any(isinstance(view, OpenBuffer) for view, _, _ in places)
    if len(places) == 1:
        view, number, _ = places[0]
        return question(TraceView(view, number, is_buffered=is_buffered))
    return question(TraceView(wholes.get(places, budget), 0, is_buffered=is_buffered))


def _put_together(places: list[Place], budget: Budget) -> OpenBuffer:
    """Equal spans are made one by the buffer."""
    whole = OpenBuffer()
    for view, number, _ in places:
        whole.append(view.read([number]), 1)
        budget.check(whole.memory_bytes)
    return whole
