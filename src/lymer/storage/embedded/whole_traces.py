"""Traces that lie in several views, made whole: read everywhere, merged, put into a buffer of their own.

The same kernels then evaluate that buffer as they evaluate a view, so that split traces are exact like all others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from lymer._native import Batch, OpenBuffer, View, merge_batches
from lymer.storage.base import Budget
from lymer.storage.embedded.pieces import Source, found_traces

CHUNK_TRACES = 512
"""So many are made whole at a time, to bound memory."""


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
