"""Why a trace was slow: facts from its skeleton. Pure; docs/specs/native-api.md, section 8, says what each means.

Not here: why it failed (`query.failure`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from lymer.wire.skeleton import Longs, Skeleton

FACTS_MAX: Final = 10
"""How many of each kind are named."""
ROWS_MAX: Final = 100
"""How many rows of a fact are listed."""
REPEATS_MIN: Final = 5
GAP_SHARE_MIN: Final = 0.01


@dataclass(frozen=True, slots=True)
class Contributor:
    """A service's operation on the critical path."""

    service: str
    operation: str
    span_count: int
    critical_nano: int
    share: float
    rows: list[int]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Many similar spans below one parent."""

    parent_row: int
    service: str
    operation: str
    count: int
    total_nano: int
    elapsed_nano: int
    """How much time at least one of them covers."""
    share: float
    is_sequential: bool
    rows: list[int]


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of the critical path in which a span with children has none."""

    row: int
    service: str
    operation: str
    start_nano: int
    end_nano: int
    share: float


@dataclass(frozen=True, slots=True)
class Retries:
    """Attempts at the same, one after the other."""

    parent_row: int
    service: str
    operation: str
    attempt_count: int
    failed_count: int
    succeeded: bool
    total_nano: int
    rows: list[int]


@dataclass(frozen=True, slots=True)
class Slowness:
    """Where the time of a trace went."""

    duration_nano: int
    critical_nano: int
    critical_span_count: int
    contributors: list[Contributor]
    repeats: list[Repeat]
    gaps: list[Gap]
    retries: list[Retries]


@dataclass(frozen=True, slots=True)
class SiblingGroups:
    """Spans below one parent with the same service and operation, in the order of their starts."""

    order: Longs
    """Rows, group after group."""
    begins: Longs
    """Where in `order` each group begins."""
    sizes: Longs
    totals: Longs
    """The sum of the intervals of each."""

    def __len__(self) -> int:
        return len(self.begins)

    def rows(self, group: int) -> Longs:
        """The rows of one."""
        begin = self.begins[group]
        return self.order[begin : begin + self.sizes[group]]

    def sums(self, figures: Longs) -> Longs:
        """The sum of a figure by row, for each group."""
        if not len(self):
            return np.zeros(0, np.int64)
        sums: Longs = np.add.reduceat(figures[self.order], self.begins)
        return sums


def sibling_groups(skeleton: Skeleton) -> SiblingGroups:
    """All groups, those of one span too."""
    rows = np.flatnonzero(skeleton.parent >= 0)
    operations = _operations(skeleton)
    order = rows[np.lexsort((rows, skeleton.start[rows], operations[rows], skeleton.parent[rows]))]
    parents, kinds = skeleton.parent[order], operations[order]
    differs = (parents[1:] != parents[:-1]) | (kinds[1:] != kinds[:-1])
    begins = np.flatnonzero(np.concatenate(([len(order) > 0], differs))) if len(order) else np.zeros(0, np.int64)
    sizes = np.diff(np.concatenate((begins, [len(order)])))
    groups = SiblingGroups(order, begins, sizes, sizes)
    return SiblingGroups(order, begins, sizes, groups.sums(skeleton.end - skeleton.start))


def explain_slow(skeleton: Skeleton) -> Slowness:
    """The facts, the weightiest first."""
    groups = sibling_groups(skeleton)
    return Slowness(
        duration_nano=skeleton.duration_nano,
        critical_nano=int((skeleton.critical_end - skeleton.critical_start).sum()),
        critical_span_count=len(np.unique(skeleton.critical_row)),
        contributors=_contributors(skeleton),
        repeats=_repeats(skeleton, groups),
        gaps=_gaps(skeleton),
        retries=_retries(skeleton, groups),
    )


def _contributors(skeleton: Skeleton) -> list[Contributor]:
    critical = skeleton.critical_time()
    rows = np.flatnonzero(critical)
    if not len(rows):
        return []
    kinds, codes = np.unique(_operations(skeleton)[rows], return_inverse=True)
    sums = np.bincount(codes, critical[rows], len(kinds)).astype(np.int64)
    found = []
    for code in np.argsort(-sums, kind="stable")[:FACTS_MAX].tolist():
        mine = rows[codes == code]
        mine = mine[np.argsort(-critical[mine], kind="stable")]
        service, operation = _names(skeleton, int(mine[0]))
        time = int(sums[code])
        share = _share(skeleton, time)
        found.append(Contributor(service, operation, len(mine), time, share, _listed(mine)))
    return found


def _repeats(skeleton: Skeleton, groups: SiblingGroups) -> list[Repeat]:
    """By elapsed time. It is never more than the total, so groups with a smaller total need no look."""
    found: list[Repeat] = []
    candidates = np.flatnonzero(groups.sizes >= REPEATS_MIN)
    for group in candidates[np.argsort(-groups.totals[candidates], kind="stable")].tolist():
        if len(found) >= FACTS_MAX and found[FACTS_MAX - 1].elapsed_nano >= groups.totals[group]:
            break
        found.append(_repeat(skeleton, groups, group))
        found.sort(key=lambda repeat: (-repeat.elapsed_nano, repeat.rows))
    return found[:FACTS_MAX]


def _repeat(skeleton: Skeleton, groups: SiblingGroups, group: int) -> Repeat:
    rows, total = groups.rows(group), int(groups.totals[group])
    elapsed = _covered(skeleton.start[rows], skeleton.end[rows])
    service, operation = _names(skeleton, int(rows[0]))
    return Repeat(
        parent_row=int(skeleton.parent[rows[0]]),
        service=service,
        operation=operation,
        count=len(rows),
        total_nano=total,
        elapsed_nano=elapsed,
        share=_share(skeleton, elapsed),
        is_sequential=elapsed == total,
        rows=_listed(rows),
    )


def _retries(skeleton: Skeleton, groups: SiblingGroups) -> list[Retries]:
    """Groups in which all but perhaps the last failed, and no attempt began before the one before it had ended."""
    last_failed = skeleton.is_error[groups.order[groups.begins + groups.sizes - 1]]
    failed = groups.sums(skeleton.is_error.astype(np.int64))
    starts, ends = skeleton.start[groups.order], skeleton.end[groups.order]
    too_early = np.concatenate(([False], starts[1:] < ends[:-1]))
    too_early[groups.begins] = False
    one_by_one = np.add.reduceat(too_early.astype(np.int64), groups.begins) == 0 if len(groups) else groups.sizes == 0
    retried = np.flatnonzero((groups.sizes > 1) & (failed - last_failed == groups.sizes - 1) & one_by_one)
    found = []
    for group in retried[np.argsort(-groups.totals[retried], kind="stable")][:FACTS_MAX].tolist():
        rows = groups.rows(group)
        service, operation = _names(skeleton, int(rows[0]))
        found.append(
            Retries(
                parent_row=int(skeleton.parent[rows[0]]),
                service=service,
                operation=operation,
                attempt_count=len(rows),
                failed_count=int(failed[group]),
                succeeded=not last_failed[group],
                total_nano=int(groups.totals[group]),
                rows=_listed(rows),
            )
        )
    return found


def _gaps(skeleton: Skeleton) -> list[Gap]:
    has_children = np.zeros(len(skeleton), np.bool_)
    has_children[skeleton.parent[skeleton.parent >= 0]] = True
    lengths = skeleton.critical_end - skeleton.critical_start
    least = max(1, GAP_SHARE_MIN * skeleton.duration_nano)
    wide = np.flatnonzero(has_children[skeleton.critical_row] & (lengths >= least))
    longest = wide[np.argsort(-lengths[wide], kind="stable")][:FACTS_MAX]
    found = []
    for at in longest.tolist():
        row = int(skeleton.critical_row[at])
        service, operation = _names(skeleton, row)
        found.append(
            Gap(
                row=row,
                service=service,
                operation=operation,
                start_nano=int(skeleton.critical_start[at]),
                end_nano=int(skeleton.critical_end[at]),
                share=_share(skeleton, int(lengths[at])),
            )
        )
    return found


def _operations(skeleton: Skeleton) -> Longs:
    """A number for each service and name."""
    return skeleton.service * max(1, len(skeleton.header["names"])) + skeleton.name


def _covered(starts: Longs, ends: Longs) -> int:
    """The length of what intervals, sorted by start, cover together."""
    reached = np.maximum.accumulate(ends)
    before: npt.NDArray[np.int64] = np.concatenate((starts[:1], reached[:-1]))
    return int(np.maximum(0, ends - np.maximum(starts, before)).sum())


def _names(skeleton: Skeleton, row: int) -> tuple[str, str]:
    service = skeleton.header["services"][skeleton.service[row]]["name"]
    return service, skeleton.header["names"][skeleton.name[row]]


def _share(skeleton: Skeleton, time: int) -> float:
    return time / skeleton.duration_nano if skeleton.duration_nano else 0.0


def _listed(rows: Longs) -> list[int]:
    listed: list[int] = rows[:ROWS_MAX].tolist()
    return listed
