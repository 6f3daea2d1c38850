"""Two traces aligned by path: kind, service and name of each span from the top down. Pure.

Not here: their attributes (`query.compare_attributes`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from lymer.model.trace import kind_name
from lymer.wire.skeleton import Longs, Skeleton

PATHS_MAX: Final = 20_000
"""How many paths a comparison shows."""
ROWS_MAX: Final = 100
"""How many rows of a path are listed."""

_NO_PATH: Final = -1


@dataclass(frozen=True, slots=True)
class Side:
    """The spans of one trace on a path."""

    span_count: int
    error_count: int
    total_nano: int
    self_nano: int
    critical_nano: int
    rows: list[int]


@dataclass(frozen=True, slots=True)
class Path:
    """A path of either trace."""

    id: int
    parent: int | None
    depth: int
    service: str
    name: str
    kind: str
    a: Side
    b: Side

    @property
    def change(self) -> str:
        """What became of A's spans in B."""
        a, b = self.a.span_count, self.b.span_count
        if a == 0 or b == 0:
            return "removed" if b == 0 else "added"
        return "same" if a == b else "more" if b > a else "fewer"


@dataclass(frozen=True, slots=True)
class Comparison:
    """All paths, in pre-order of the merged tree: A's order, what only B has behind its siblings."""

    paths: list[Path]
    path_count: int
    """How many there are in all."""


def compare(a: Skeleton, b: Skeleton) -> Comparison:
    """The comparison. At most PATHS_MAX paths, the first ones."""
    tree = _merge(a, b)
    order = _pre_order(tree)
    sides = [_Sides(skeleton, paths, len(tree.parent)) for skeleton, paths in ((a, tree.of_a), (b, tree.of_b))]
    number = {node: place for place, node in enumerate(order)}
    paths = []
    for node in order[:PATHS_MAX]:
        kind, service, name = tree.operations[tree.operation[node]]
        parent = tree.parent[node]
        paths.append(
            Path(
                id=number[node],
                parent=None if parent == _NO_PATH else number[parent],
                depth=tree.depth[node],
                service=service,
                name=name,
                kind=kind_name(kind),
                a=sides[0].at(node),
                b=sides[1].at(node),
            )
        )
    return Comparison(paths, len(order))


Operation = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class _Tree:
    """The paths of both traces. Nodes are numbered level by level."""

    operations: list[Operation]
    operation: list[int]
    parent: list[int]
    depth: list[int]
    of_a: Longs
    of_b: Longs
    """The node of each row."""


class _Sides:
    """The figures of one trace by node."""

    def __init__(self, skeleton: Skeleton, nodes: Longs, count: int) -> None:
        self._rows = np.argsort(nodes, kind="stable")
        self._counts = np.bincount(nodes, minlength=count)
        self._ends = np.cumsum(self._counts)
        figures = (
            skeleton.is_error.astype(np.int64),
            skeleton.end - skeleton.start,
            skeleton.self_time,
            skeleton.critical_time(),
        )
        self._sums = [_sums(nodes, figure, count) for figure in figures]

    def at(self, node: int) -> Side:
        end, count = int(self._ends[node]), int(self._counts[node])
        errors, total, own, critical = (int(sums[node]) for sums in self._sums)
        rows: list[int] = self._rows[end - count : end][:ROWS_MAX].tolist()
        return Side(count, errors, total, own, critical, rows)


def _merge(a: Skeleton, b: Skeleton) -> _Tree:
    numbers: dict[Operation, int] = {}
    kinds = np.concatenate([_operations(skeleton, numbers) for skeleton in (a, b)])
    parents = np.concatenate([a.parent, np.where(b.parent < 0, -1, b.parent + len(a))])
    tree = _Tree(list(numbers), [], [], [], np.zeros(len(a), np.int64), np.zeros(len(b), np.int64))
    node_of = np.full(len(kinds), _NO_PATH, np.int64)
    for depth, rows in enumerate(_levels(parents)):
        above = np.where(parents[rows] < 0, _NO_PATH, node_of[parents[rows]])
        keys = np.stack([above, kinds[rows]])
        distinct, inverse = np.unique(keys, axis=1, return_inverse=True)
        node_of[rows] = len(tree.parent) + inverse.reshape(-1)
        tree.parent.extend(distinct[0].tolist())
        tree.operation.extend(distinct[1].tolist())
        tree.depth.extend([depth] * distinct.shape[1])
    tree.of_a[:], tree.of_b[:] = node_of[: len(a)], node_of[len(a) :]
    return tree


def _operations(skeleton: Skeleton, numbers: dict[Operation, int]) -> Longs:
    """The number of each row's kind, service and name; new ones are added."""
    names, services = skeleton.names, skeleton.services
    codes = (skeleton.service * max(1, len(names)) + skeleton.name) * 8 + skeleton.kind
    distinct, inverse = np.unique(codes, return_inverse=True)
    mine = np.empty(len(distinct), np.int64)
    for place, code in enumerate(distinct.tolist()):
        pair, kind = divmod(code, 8)
        service, name = divmod(pair, max(1, len(names)))
        mine[place] = numbers.setdefault((kind, services[service], names[name]), len(numbers))
    found: Longs = mine[inverse]
    return found


def _levels(parents: Longs) -> list[Longs]:
    """The rows at the top, their children, and so on."""
    by_parent = np.argsort(parents, kind="stable")
    counts = np.bincount(parents + 1, minlength=len(parents) + 1)
    ends = np.cumsum(counts)
    levels = [by_parent[: counts[0]]]
    while len(levels[-1]):
        above = levels[-1] + 1
        lengths = counts[above]
        begins = np.repeat(ends[above] - lengths - np.cumsum(lengths) + lengths, lengths)
        levels.append(by_parent[begins + np.arange(len(begins))])
    return levels[:-1]


def _pre_order(tree: _Tree) -> list[int]:
    """A's nodes by their first row; what only B has behind its siblings."""
    count = len(tree.parent)
    first = np.full(count, len(tree.of_a) + len(tree.of_b), np.int64)
    np.minimum.at(first, tree.of_b, len(tree.of_a) + np.arange(len(tree.of_b)))
    np.minimum.at(first, tree.of_a, np.arange(len(tree.of_a)))
    children: dict[int, list[int]] = {}
    for node in np.argsort(-first, kind="stable").tolist():
        children.setdefault(tree.parent[node], []).append(node)
    order: list[int] = []
    waiting = children.get(_NO_PATH, [])
    while waiting:
        node = waiting.pop()
        order.append(node)
        waiting.extend(children.get(node, ()))
    return order


def _sums(nodes: Longs, figure: npt.NDArray[np.int64], count: int) -> Longs:
    sums = np.zeros(count, np.int64)
    np.add.at(sums, nodes, figure)
    return sums
