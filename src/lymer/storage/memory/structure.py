"""How spans of one trace become a tree: docs/specs/structure.md, line by line, on rows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from lymer.storage.memory.rows import Row

_SERVER = 2
_CLIENT = 3


@dataclass(frozen=True, slots=True)
class Tree:
    """The spans of a trace in span order, and who is whose parent."""

    rows: list[Row]
    parents: list[int | None]
    """Position in `rows` of each span's parent; None at the top."""
    orphans: list[int]
    """Spans whose parent is named but not there."""
    roots: list[int]
    """Spans that name no parent and have none."""

    @property
    def root(self) -> Row:
        """The trace's root: the first root; without one the first orphan; without one the first span."""
        return self.rows[(self.roots or self.orphans or [0])[0]]

    def pre_order(self) -> list[Row]:
        """Spans at the top in span order; after each its children in span order, with all below them."""
        children: dict[int | None, list[int]] = defaultdict(list)
        for position, parent in enumerate(self.parents):
            children[parent].append(position)
        ordered: list[Row] = []
        waiting = children[None][::-1]
        while waiting:
            position = waiting.pop()
            ordered.append(self.rows[position])
            waiting.extend(reversed(children[position]))
        return ordered


def build(rows: list[Row]) -> Tree:
    """The tree of a trace's spans, which are given in the order in which they arrived."""
    ordered = sorted(rows, key=_span_order)
    by_id: dict[bytes, list[int]] = defaultdict(list)
    for position, row in enumerate(ordered):
        by_id[row["span_id"]].append(position)
    parents = [_parent(position, ordered, by_id) for position in range(len(ordered))]
    unparented = [position for position, parent in enumerate(parents) if parent is None]
    _cut_circles(parents)
    return Tree(
        ordered,
        parents,
        orphans=[position for position in unparented if ordered[position]["parent_span_id"] is not None],
        roots=[position for position in unparented if ordered[position]["parent_span_id"] is None],
    )


def _span_order(row: Row) -> tuple[int, int, bytes, int, str, str]:
    return (
        row["start_time_unix_nano"],
        -row["duration_nano"],
        row["span_id"],
        row["kind"],
        row["service_name"],
        row["name"],
    )


def _parent(position: int, rows: list[Row], by_id: dict[bytes, list[int]]) -> int | None:
    row = rows[position]
    if row["kind"] == _SERVER:
        clients = (other for other in by_id[row["span_id"]] if rows[other]["kind"] == _CLIENT)
        client = next(clients, None)
        if client is not None:
            return client
    named = row["parent_span_id"]
    candidates = [other for other in by_id.get(named, ()) if other != position]
    servers = (other for other in candidates if rows[other]["kind"] == _SERVER)
    return next(servers, candidates[0] if candidates else None)


def _cut_circles(parents: list[int | None]) -> None:
    """Take away the parent of the first span of every circle."""
    done: set[int] = set()
    for begin in range(len(parents)):
        path: list[int] = []
        on_path: set[int] = set()
        position: int | None = begin
        while position is not None and position not in done and position not in on_path:
            path.append(position)
            on_path.add(position)
            position = parents[position]
        if position is not None and position in on_path:
            parents[min(path[path.index(position) :])] = None
        done.update(path)
