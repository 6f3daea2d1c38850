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

    It begins at the root, or where that is fine at the first failed span, and goes down to the failed child that ended
    last (the last in pre-order among equals) as long as there is one.
    """
    failed = np.flatnonzero(skeleton.is_error)
    if not len(failed):
        return None
    row = skeleton.root if skeleton.is_error[skeleton.root] else int(failed[0])
    chain = [row]
    # Rows are in pre-order: the failed children of all failed spans, by parent.
    children: dict[int, list[int]] = {}
    for child in failed.tolist():
        children.setdefault(int(skeleton.parent[child]), []).append(child)
    while below := children.get(row):
        row = max(below, key=lambda child: (int(skeleton.end[child]), child))
        chain.append(row)
    beside = failed[~np.isin(failed, chain)]
    return Failure(chain, len(failed), beside[:ROWS_MAX].tolist())
