"""Traces that lie in several views, made whole: read everywhere, merged, put into a buffer of their own.

The same kernels then evaluate that buffer as they evaluate a view, so that split traces are exact like all others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from lymer._native import Batch, OpenBuffer, View, merge_batches
from lymer.model.search import TimeRange
from lymer.storage.base import Budget
from lymer.storage.embedded.candidates import Candidates
from lymer.storage.embedded.kept_wholes import Group, KeptWholes
from lymer.storage.embedded.pieces import Snapshot, Source, found_traces

CHUNK_TRACES = 512
"""So many are made whole at a time, to bound memory."""
_FEW_PART = 4
"""Up to 1/n of a group is put together alone."""


def split_groups(snapshot: Snapshot, time: TimeRange) -> Iterator[Group]:
    """All split traces that can have a span in the range, each in one group.

    Those of segments alone are in groups that stay; those that still arrive are in groups of their own.
    """
    kept = snapshot.kept
    segments = tuple(source for source in snapshot.sources if source.is_sealed)
    groups = [group for group in kept.groups(segments, snapshot.split, _grouped) if _overlaps(group, time)]
    arriving = frozenset().union(*(source.split for source in snapshot.sources if not source.is_sealed))
    if snapshot.split is kept.ids and not arriving:
        yield from groups
        return
    settled = (snapshot.split & kept.ids) - arriving
    for group in groups:
        skipped = [trace_id for trace_id in group.ids if trace_id not in settled]
        if len(skipped) < len(group.ids):
            yield replace(group, skip_hex=b"".join(skipped).hex()) if skipped else group
    loose = _grouped(snapshot.sources, snapshot.split - settled)
    yield from (group for group in loose if _overlaps(group, time))


def whole_group(
    group: Group, kept: KeptWholes, budget: Budget, candidates: Candidates | None = None
) -> OpenBuffer | None:
    """A buffer of the traces of the group, each whole; also of those that it skips.

    While nothing is kept and candidates are few, of these alone; None when it would be empty.
    """
    stays = all(source.is_sealed for source in group.sources)
    buffer = kept.get(group) if stays else None
    if buffer is not None:
        return buffer
    ids = candidates.among(group) if candidates else None
    if ids is not None and len(ids) <= len(group.ids) // _FEW_PART and not (ids and stays and kept.is_due(group)):
        return next(whole_traces(group.sources, ids, budget), None)
    buffer = next(whole_traces(group.sources, list(group.ids), budget), None)
    if buffer is not None and stays:
        kept.keep(group, buffer)
    return buffer


def whole_groups(snapshot: Snapshot, time: TimeRange, budget: Budget) -> Iterator[tuple[OpenBuffer, str]]:
    """Buffers of all groups that can have a span in the range, with what is skipped in each."""
    for group in split_groups(snapshot, time):
        buffer = whole_group(group, snapshot.kept, budget)
        if buffer is not None:
            yield buffer, group.skip_hex


def whole_traces(sources: Iterable[Source], ids: list[bytes], budget: Budget) -> Iterator[OpenBuffer]:
    """Buffers that together hold these traces, each whole."""
    sources = tuple(sources)
    for first in range(0, len(ids), CHUNK_TRACES):
        chunk = b"".join(ids[first : first + CHUNK_TRACES])
        batches = [batch for source in sources if (batch := read_traces(source.view, chunk)) is not None]
        budget.check(sum(batch.nbytes for batch in batches))
        if batches:
            yield as_buffer(merge_batches(batches))


def pieces_of(sources: Iterable[Source], hidden: Collection[bytes], budget: Budget) -> Iterator[OpenBuffer]:
    """Buffers that hold what each view has of its split traces and of these: what it counts of them."""
    for source in sources:
        mine = sorted(source.split.union(hidden))
        for first in range(0, len(mine), CHUNK_TRACES):
            batch = read_traces(source.view, b"".join(mine[first : first + CHUNK_TRACES]))
            if batch is not None:
                budget.check(batch.nbytes)
                yield as_buffer(batch)


def read_traces(view: View, ids: bytes) -> Batch | None:
    """What the view has of these traces (ids concatenated), in their order; None when it has none."""
    found = found_traces(view, ids)
    return view.read([trace for _, trace in found]) if found else None


def as_buffer(batch: Batch) -> OpenBuffer:
    """A buffer that holds just these rows."""
    buffer = OpenBuffer()
    buffer.append(batch, 1)
    return buffer


def _grouped(sources: Sequence[Source], ids: frozenset[bytes]) -> tuple[Group, ...]:
    """Groups of these traces by the source, of all that have a part of it, whose traces begin first."""
    ordered = sorted((source for source in sources if source.split), key=lambda source: source.max_trace_start)
    left = set(ids)
    groups: list[Group] = []
    for at, source in enumerate(ordered):
        mine = sorted(source.split & left)
        left.difference_update(mine)
        for first in range(0, len(mine), CHUNK_TRACES):
            chunk = tuple(mine[first : first + CHUNK_TRACES])
            others = (other for other in ordered[at + 1 :] if not other.split.isdisjoint(chunk))
            groups.append(Group(chunk, (source, *others)))
    return tuple(groups)


def _overlaps(group: Group, time: TimeRange) -> bool:
    return any(source.max_start >= time.start and source.min_start <= time.end for source in group.sources)
