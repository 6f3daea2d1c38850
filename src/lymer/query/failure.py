"""Why a trace failed: from its root down to the leaf that failed. Pure; docs/specs/native-api.md, section 8."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from lymer.wire.skeleton import Skeleton

ROWS_MAX: Final = 100
"""How many failed spans beside the chain are listed."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Failed spans of a trace, and which of them tells why."""

    chain: list[int]
    """From the topmost failed span down to the leaf."""
    error_count: int
    unrelated_rows: list[int]

    @property
    def row(self) -> int:
        """The failing leaf."""
        return self.chain[-1]


def explain_failure(skeleton: Skeleton) -> Failure | None:
    """The failure of the trace; None when no span has an error.

    It begins at the root, or where that is fine at the first failed span, and goes down to the nearest failed span
    below, over spans that hid the error; among equally near ones to the one that ended last (the last in pre-order
    among equals). It ends where nothing below has failed.
    """
    failed = np.flatnonzero(skeleton.is_error)
    if not len(failed):
        return None
    row = skeleton.root if skeleton.is_error[skeleton.root] else int(failed[0])
    chain = [row]
    below = _failed_below(skeleton, failed.tolist())
    while nearest := below.get(row):
        _, row = max(nearest, key=lambda found: (-found[0], int(skeleton.end[found[1]]), found[1]))
        chain.append(row)
    beside = failed[~np.isin(failed, chain)]
    return Failure(chain, len(failed), beside[:ROWS_MAX].tolist())


def _failed_below(skeleton: Skeleton, failed: list[int]) -> dict[int, list[tuple[int, int]]]:
    """Of each failed span that is some other's nearest failed one above: how many levels down, and the row of that."""
    parent, is_error = skeleton.parent.tolist(), skeleton.is_error.tolist()
    below: dict[int, list[tuple[int, int]]] = {}
    above: dict[int, tuple[int, int]] = {}
    """Of a row: the nearest failed one above, and how many levels up. No way up is walked twice."""
    for row in failed:
        way = []
        at = row
        while at >= 0 and at not in above and (at == row or not is_error[at]):
            way.append(at)
            at = parent[at]
        found, levels = above[at] if at in above and not is_error[at] else (at, 0)
        for one in reversed(way):
            levels += 1
            above[one] = (found, levels)
        if found >= 0:
            below.setdefault(found, []).append((levels, row))
    return below
