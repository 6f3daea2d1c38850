"""docs/specs/structure.md for one trace, sentence by sentence. Intervals are sets of nanoseconds: keep times small."""

from __future__ import annotations

from dataclasses import dataclass, field

SERVER, CLIENT = 2, 3


@dataclass(frozen=True)
class Span:
    """What structure looks at."""

    span_id: bytes
    parent_span_id: bytes | None
    start: int
    duration: int
    kind: int
    service: str
    name: str
    arrival: int = field(compare=False)

    @property
    def interval(self) -> range:
        return range(self.start, self.start + max(self.duration, 0))


@dataclass(frozen=True)
class Placed:
    """A span in pre-order."""

    span: Span
    parent: int | None
    depth: int
    subtree_size: int
    self_time: int
    critical_time: int


def structure(arrived: list[Span]) -> list[Placed]:
    """The spans of one trace in pre-order. Equal ones are one: the first that arrived."""
    spans = sorted(dict.fromkeys(arrived), key=_span_order)
    parents = [_parent(at, spans) for at in range(len(spans))]
    for first in [min(circle) for circle in _circles(parents)]:
        parents[first] = None
    children = {at: [other for other in range(len(spans)) if parents[other] == at] for at in range(len(spans))}
    order: list[tuple[int, int]] = []
    for at in range(len(spans)):
        if parents[at] is None:
            _visit(at, 0, children, order)
    critical: dict[int, int] = dict.fromkeys(range(len(spans)), 0)
    for at in range(len(spans)):
        if parents[at] is None:
            _blame(at, spans[at].interval, spans, children, critical)
    row_of = {at: row for row, (at, _) in enumerate(order)}
    return [
        Placed(
            span=spans[at],
            parent=None if (parent := parents[at]) is None else row_of[parent],
            depth=depth,
            subtree_size=_size(at, children),
            self_time=len(set(spans[at].interval) - {t for child in children[at] for t in spans[child].interval}),
            critical_time=critical[at],
        )
        for at, depth in order
    ]


def _span_order(span: Span) -> tuple[object, ...]:
    return span.start, -span.duration, span.span_id, span.kind, span.service.encode(), span.name.encode(), span.arrival


def _parent(at: int, spans: list[Span]) -> int | None:
    span = spans[at]
    if span.kind == SERVER:
        for other, candidate in enumerate(spans):
            if candidate.kind == CLIENT and candidate.span_id == span.span_id:
                return other
    candidates = [n for n, other in enumerate(spans) if n != at and other.span_id == span.parent_span_id]
    for candidate in candidates:
        if spans[candidate].kind == SERVER:
            return candidate
    return candidates[0] if candidates else None


def _circles(parents: list[int | None]) -> list[set[int]]:
    circles = []
    for begin in range(len(parents)):
        path: list[int] = []
        at: int | None = begin
        while at is not None and at not in path:
            path.append(at)
            at = parents[at]
        if at == begin:
            circles.append(set(path))
    return [circle for n, circle in enumerate(circles) if circle not in circles[:n]]


def _visit(at: int, depth: int, children: dict[int, list[int]], order: list[tuple[int, int]]) -> None:
    order.append((at, depth))
    for child in children[at]:
        _visit(child, depth + 1, children, order)


def _size(at: int, children: dict[int, list[int]]) -> int:
    return 1 + sum(_size(child, children) for child in children[at])


def _blame(at: int, window: range, spans: list[Span], children: dict[int, list[int]], critical: dict[int, int]) -> None:
    cursor = window.stop
    left = list(children[at])
    while True:
        cuts = [(child, _cut(spans[child].interval, window)) for child in left]
        fitting = [(cut.stop, cut.start, child, cut) for child, cut in cuts if len(cut) and cut.stop <= cursor]
        if not fitting:
            break
        _, _, child, cut = max(fitting)
        critical[at] += cursor - cut.stop
        _blame(child, cut, spans, children, critical)
        cursor = cut.start
        left.remove(child)
    critical[at] += cursor - window.start


def _cut(interval: range, window: range) -> range:
    return range(max(interval.start, window.start), min(interval.stop, window.stop))
