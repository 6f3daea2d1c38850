"""Writes the pool's requests once, and notes where in the bytes everything stands that changes from pass to pass."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bench.otlp_bytes import Slot, tagged, varint
from bench.traffic import INSTANCES, SpanShape, resource_bytes, scope_bytes

SLOTS: tuple[Slot, ...] = ("hex32", "user7", "serial10", "size3", "double8")
ZONE_SPANS = 12_500
"""Traces next to each other run in one zone, so on the same instance of each service, as behind a zone's collector."""
_TRACE_ID_AT, _SPAN_ID_AT, _PARENT_ID_AT = 2, 20, 30


@dataclass(slots=True)
class _Marks:
    """Where things stand in the bytes of one span."""

    times: int = 0
    events: list[int] = field(default_factory=list)
    slots: list[tuple[Slot, int]] = field(default_factory=list)
    link: int | None = None


@dataclass(slots=True)
class Places:
    """Where things stand in the bytes of the pool. Lists of tuples are columns of numbers."""

    rows: list[tuple[int, int, int]] = field(default_factory=list)
    """A span's row, its trace, where its message begins."""
    parents: list[tuple[int, int]] = field(default_factory=list)
    """Where a parent id stands, and the row of the parent."""
    times: list[tuple[int, int, int]] = field(default_factory=list)
    """Where the start stands, the start's and the end's offset from the start of the trace."""
    events: list[tuple[int, int, int]] = field(default_factory=list)
    """Where an event's time stands, its trace, its offset."""
    links: list[tuple[int, int]] = field(default_factory=list)
    """Where the trace id of a link stands, and the trace."""
    slots: dict[Slot, list[tuple[int, int]]] = field(default_factory=lambda: {slot: [] for slot in SLOTS})
    """Where a value stands, and its trace."""


class PoolWriter:
    """Appends requests to one run of bytes."""

    def __init__(self, spans: list[SpanShape], trace_of: list[int], first_of: list[int]) -> None:
        self.data = bytearray()
        self.bounds: list[tuple[int, int]] = []
        self.places = Places()
        self._spans, self._trace_of, self._first_of = spans, trace_of, first_of

    def request(self, begin: int, rows: list[int]) -> None:
        """One request: the rows grouped by resource, as a collector groups them."""
        groups: dict[int, list[int]] = {}
        for row in rows:
            groups.setdefault(self._spans[row].service, []).append(row)
        first = len(self.data)
        for service, members in groups.items():
            self._group(service, begin // ZONE_SPANS % INSTANCES, members)
        self.bounds.append((first, len(self.data)))

    def _group(self, service: int, instance: int, rows: list[int]) -> None:
        bodies = [_span_bytes(self._spans[row]) for row in rows]
        heads = [b"\x12" + varint(len(body)) for body, _ in bodies]
        scope, resource = scope_bytes(service), resource_bytes(service, instance)
        inner = len(scope) + sum(len(head) + len(body) for head, (body, _) in zip(heads, bodies, strict=True))
        scope_head = b"\x12" + varint(inner)
        self.data += b"\x0a" + varint(len(resource) + len(scope_head) + inner) + resource + scope_head + scope
        for row, head, (body, marks) in zip(rows, heads, bodies, strict=True):
            self.data += head
            self._note(row, len(self.data), marks)
            self.data += body

    def _note(self, row: int, at: int, marks: _Marks) -> None:
        span, trace, places = self._spans[row], self._trace_of[row], self.places
        places.rows.append((row, trace, at))
        places.times.append((at + marks.times, span.start, span.end))
        if span.parent >= 0:
            places.parents.append((at + _PARENT_ID_AT, self._first_of[trace] + span.parent))
        for where, (part, _) in zip(marks.events, span.events, strict=True):
            places.events.append((at + where, trace, span.start + int((span.end - span.start) * part)))
        for slot, where in marks.slots:
            places.slots[slot].append((at + where, trace))
        if marks.link is not None:
            places.links.append((at + marks.link, (trace * 31 + 7) % len(self._first_of)))


def trace_id_at(span_at: np.ndarray) -> np.ndarray:
    """Where the trace ids of the spans at these places stand."""
    return span_at + _TRACE_ID_AT


def span_id_at(span_at: np.ndarray) -> np.ndarray:
    """Where the span ids of the spans at these places stand."""
    return span_at + _SPAN_ID_AT


def _span_bytes(span: SpanShape) -> tuple[bytes, _Marks]:
    """Fields in the order of their numbers, as senders write them."""
    marks = _Marks()
    out = bytearray(b"\x0a\x10" + bytes(16) + b"\x12\x08" + bytes(8))
    if span.parent >= 0:
        out += b"\x22\x08" + bytes(8)
    out += tagged(5, span.name.encode()) + bytes((0x30, span.kind))
    marks.times = len(out) + 1
    out += b"\x39" + bytes(8) + b"\x41" + bytes(8)
    for piece in span.attributes:
        if piece.slot is not None:
            marks.slots.append((piece.slot, len(out) + piece.offset))
        out += piece.data
    for _, event in span.events:
        head = b"\x5a" + varint(9 + len(event))
        marks.events.append(len(out) + len(head) + 1)
        out += head + b"\x09" + bytes(8) + event
    if span.link:
        marks.link = len(out) + 4
        out += b"\x6a\x1c\x0a\x10" + bytes(16) + b"\x12\x08" + bytes(8)
    if span.error:
        out += tagged(15, b"\x12\x0fdeadline passed\x18\x02")
    out += b"\x85\x01" + (0x301 if span.parent >= 0 else 0x101).to_bytes(4, "little")
    return bytes(out), marks
