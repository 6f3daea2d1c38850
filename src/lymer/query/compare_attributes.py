"""Which attributes differ between two traces, on the paths that both have. Pure; looks at some spans of each path."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lymer.query.compare import Comparison

ROWS_MAX: Final = 1_000
"""How many spans of each trace are looked at."""
ROWS_OF_PATH_MAX: Final = 20
DIFFERENCES_MAX: Final = 200
VALUES_MAX: Final = 10

_ID: Final = re.compile(r"[0-9a-fA-F-]{16,}|\d{10,}")
"""What surely differs from trace to trace and says nothing: ids and times."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of an attribute of one span, as text."""

    row: int
    scope: str
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """An attribute with other values in A than in B on a path; values with how many spans have them."""

    path: int
    scope: str
    key: str
    a: list[tuple[str, int]]
    b: list[tuple[str, int]]


def rows_to_look_at(comparison: Comparison) -> tuple[list[int], list[int]]:
    """Rows of A and of B: some of every path that both have."""
    both = [path for path in comparison.paths if path.a.rows and path.b.rows]
    share = max(1, min(ROWS_OF_PATH_MAX, ROWS_MAX // max(1, len(both))))
    of_a = [row for path in both for row in path.a.rows[:share]]
    of_b = [row for path in both for row in path.b.rows[:share]]
    return of_a[:ROWS_MAX], of_b[:ROWS_MAX]


def differences(comparison: Comparison, a: Iterable[Value], b: Iterable[Value]) -> list[Difference]:
    """The attributes whose values are not the same on both sides, in the order of the paths, then by key."""
    of_a = _counts({row: path.id for path in comparison.paths for row in path.a.rows}, a)
    of_b = _counts({row: path.id for path in comparison.paths for row in path.b.rows}, b)
    found = []
    for place in sorted(of_a.keys() | of_b.keys()):
        values_a, values_b = of_a.get(place, Counter()), of_b.get(place, Counter())
        if values_a.keys() != values_b.keys() and not _is_noise(values_a) and not _is_noise(values_b):
            path, key, scope = place
            found.append(Difference(path, scope, key, _most_common(values_a), _most_common(values_b)))
    return found[:DIFFERENCES_MAX]


Place = tuple[int, str, str]


def _counts(path_of_row: dict[int, int], values: Iterable[Value]) -> dict[Place, Counter[str]]:
    counts: dict[Place, Counter[str]] = defaultdict(Counter)
    for value in values:
        path = path_of_row.get(value.row)
        if path is not None:
            counts[path, value.key, value.scope][value.text] += 1
    return counts


def _is_noise(values: Counter[str]) -> bool:
    return bool(values) and all(_ID.fullmatch(text) for text in values)


def _most_common(values: Counter[str]) -> list[tuple[str, int]]:
    return sorted(values.items(), key=lambda item: (-item[1], item[0]))[:VALUES_MAX]
