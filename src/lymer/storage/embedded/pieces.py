"""The views of a tenant, as a reader finds them: segments, buffers that are being sealed, the open buffer.

A `Version` is an immutable list of pieces; the tenant swaps one for the next at once, so that no span is ever in no
view or in two. A `Snapshot` is a version as one read sees it, with the traces that lie in several pieces.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from lymer._native import Batch, OpenBuffer, Segment, View, merge_segments
from lymer.storage.embedded.kept_wholes import KeptRoom, KeptWholes
from lymer.storage.embedded.manifest import Cut, SegmentEntry
from lymer.storage.embedded.names import Names
from lymer.storage.embedded.seen_traces import ID_BYTES, SeenTraces

SEAL_OPTIONS = "{}"


@dataclass(slots=True, eq=False)
class Piece:
    """One view and what is known of it."""

    view: View
    entry: SegmentEntry | None = None
    """Of a segment; a buffer has none."""
    split: set[bytes] = field(default_factory=set)
    """Its traces that may lie in other pieces too. Guarded by `SplitTraces`."""
    checked: int = 0
    """Of a buffer: how many of its traces have been compared with what was sealed before."""
    dirty: bool = False
    """Whether `split` has grown since it was written."""
    names: Names | None = None
    """Of a segment, kept."""
    cut: Cut | None = None
    """Of a buffer that is being sealed: what it took out of the log."""
    failures: int = 0
    """How often sealing it has failed."""


@dataclass(frozen=True, slots=True)
class Version:
    """What there is to read at one moment."""

    segments: tuple[Piece, ...] = ()
    sealing: tuple[Piece, ...] = ()
    """Buffers that take no more spans."""
    open: Piece = field(default_factory=lambda: Piece(OpenBuffer()))
    deleted: frozenset[bytes] = frozenset()
    """Traces that no read sees any more."""

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return (*self.segments, *self.sealing, self.open)


@dataclass(frozen=True, slots=True)
class Source:
    """One view as one read asks it."""

    view: View
    names: Names
    min_start: int
    max_start: int
    max_trace_start: int
    skip_hex: str
    """Traces that the read evaluates whole, or not at all."""
    split: frozenset[bytes]
    traces_max: int | None
    """Traces with a number from here on came after the read began."""

    @property
    def is_sealed(self) -> bool:
        """Whether it takes no more spans."""
        return self.traces_max is None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A version as one read sees it."""

    sources: tuple[Source, ...]
    split: frozenset[bytes]
    """Traces that lie in several sources, without the deleted ones."""
    deleted: frozenset[bytes]
    kept: KeptWholes = field(default_factory=KeptWholes)


class SplitTraces:
    """Keeps track of the traces that lie in several pieces of one tenant.

    Every id that leaves the open buffer is added to `SeenTraces`; every trace that is new in a buffer is compared with
    that. So two pieces that share a trace are found as soon as anybody looks, and the cost is that of the new traces.
    """

    def __init__(self, expected: int = 0, room: KeptRoom | None = None) -> None:
        self.lock = threading.RLock()
        """Whoever moves marks from one piece to another in a new version holds it meanwhile."""
        self._seen = SeenTraces(expected)
        self._sealed_sources: tuple[Version, int, tuple[Source, ...], frozenset[bytes]] | None = None
        self.room = room or KeptRoom()
        """For whole traces that are kept."""
        self._kept: tuple[tuple[Piece, ...], KeptWholes] = ((), KeptWholes(self.room))
        """Of the segments of the version that was read last."""
        self._split_count = 0
        """How often a trace was marked."""

    def sealed(self, ids: bytes) -> None:
        """These traces leave the open buffer. Call it before the version with the new buffers is in place."""
        with self.lock:
            self._seen.add(ids)

    def rebuild_if_crowded(self, version: Version) -> None:
        """Make room for more ids."""
        with self.lock:
            if not self._seen.crowded:
                return
            seen = SeenTraces(2 * self._seen.count)
            for piece in (*version.segments, *version.sealing):
                seen.add(piece.view.trace_ids())
            self._seen = seen

    def compare(self, version: Version) -> None:
        """Find the split traces among those that are new in the buffers."""
        with self.lock:
            for piece in (*version.sealing, version.open):
                self._compare(piece, version)

    def snapshot(self, version: Version) -> Snapshot:
        """The version for one read."""
        with self.lock:
            buffers = [piece for piece in (*version.sealing, version.open) if piece.view.span_count]
            for piece in buffers:
                self._compare(piece, version)
            segments, split = self._segment_sources(version)
            arriving = tuple(_source(piece, version) for piece in buffers)
            if self._kept[0] != version.segments:
                self._kept[1].let_go(for_good=True)
                self._kept = (version.segments, KeptWholes(self.room))
            kept = self._kept[1]
        if any(source.split for source in arriving):
            split = split.union(*(source.split for source in arriving)) - version.deleted
        return Snapshot((*segments, *arriving), split, version.deleted, kept)

    def add(self, piece: Piece, ids: set[bytes]) -> None:
        """Mark traces of a piece as split."""
        if not ids <= piece.split:
            piece.split |= ids
            piece.dirty = True
            self._split_count += 1

    def forget(self, version: Version, ids: frozenset[bytes]) -> None:
        """These traces are in no segment any more."""
        with self.lock:
            for piece in version.pieces:
                if piece.split & ids:
                    piece.split -= ids
                    piece.dirty = True
            self._split_count += 1

    def _segment_sources(self, version: Version) -> tuple[tuple[Source, ...], frozenset[bytes]]:
        known = self._sealed_sources
        if known is None or known[0] is not version or known[1] != self._split_count:
            sources = tuple(_source(piece, version) for piece in version.segments)
            split = frozenset().union(*(source.split for source in sources)) - version.deleted
            self._sealed_sources = known = (version, self._split_count, sources, split)
        return known[2], known[3]

    def _compare(self, piece: Piece, version: Version) -> None:
        count = piece.view.trace_count
        if count == piece.checked:
            return
        fresh = piece.view.trace_ids(piece.checked)[: (count - piece.checked) * ID_BYTES]
        piece.checked = count
        candidates = self._seen.filter(fresh)
        if not candidates:
            return
        for other in version.pieces:
            if other is not piece and (shared := set(found_ids(other.view, candidates))):
                self.add(other, shared)
                self.add(piece, shared)


def marks(pieces: Iterable[Piece]) -> frozenset[bytes]:
    """The traces of these pieces that may lie in others too."""
    return frozenset().union(*(piece.split for piece in pieces))


def sealed_piece(folder: Path, name: str, *, stored_unix_nano: int, compacted: bool) -> Piece | None:
    """A segment that was just written, with its figures for the manifest; None when there is nothing in it."""
    segment = Segment.open(str(folder), name)
    if not segment.span_count:
        return None
    entry = SegmentEntry(
        name=name,
        span_count=segment.span_count,
        trace_count=segment.trace_count,
        min_start=segment.min_start,
        max_start=segment.max_start,
        bytes=segment.bytes_on_disk,
        stored_unix_nano=stored_unix_nano,
        compacted=compacted,
    )
    return Piece(segment, entry)


def found_ids(view: View, ids: bytes) -> Iterator[bytes]:
    """Those of the ids (concatenated) that the view has."""
    for index, _ in found_traces(view, ids):
        yield ids[index * ID_BYTES : (index + 1) * ID_BYTES]


def found_traces(view: View, ids: bytes) -> list[tuple[int, int]]:
    """(index into the ids, number of the trace in the view) of those that the view has."""
    table = view.find(ids)
    if not table.num_rows:
        return []
    batch = pa.record_batch(table)
    return list(zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True))


def _source(piece: Piece, version: Version) -> Source:
    view = piece.view
    if piece.entry and piece.names is None:
        piece.names = Names(view)
    return Source(
        view=view,
        names=piece.names or Names(view),
        min_start=view.min_start,
        max_start=view.max_start,
        max_trace_start=view.max_trace_start,
        skip_hex=b"".join(piece.split | version.deleted).hex(),
        split=frozenset(piece.split),
        traces_max=None if piece.entry else piece.checked,
    )


def still_split(ids: Collection[bytes], others: Iterable[Piece]) -> set[bytes]:
    """Those of the traces that others have, too."""
    joined = b"".join(ids)
    return {found for piece in others for found in found_ids(piece.view, joined)} if joined else set()


def ids_of(view: View) -> list[bytes]:
    """The ids of all its traces."""
    ids = view.trace_ids()
    return [ids[at : at + ID_BYTES] for at in range(0, len(ids), ID_BYTES)]


def write_view(view: View, without: Collection[bytes], folder: Path, name: str) -> None:
    """A segment of all but these traces. Raises ValueError, also for what the disk says."""
    if without or not isinstance(view, OpenBuffer):
        merge_segments([view], b"".join(without), str(folder), name, SEAL_OPTIONS)
    else:
        view.seal(str(folder), name, SEAL_OPTIONS)


def open_buffer(piece: Piece) -> OpenBuffer:
    """The view of a piece that is a buffer."""
    assert isinstance(piece.view, OpenBuffer)
    return piece.view


def append_all(buffer: OpenBuffer, batches: Iterable[tuple[Batch, int]]) -> None:
    """Batches with their positions."""
    for columns, position in batches:
        buffer.append(columns, position)


def some(piece: Piece | None) -> tuple[Piece, ...]:
    """None or one."""
    return (piece,) if piece else ()


def entries_of(piece: Piece | None) -> tuple[SegmentEntry, ...]:
    """Its entry, if it is a segment."""
    return (piece.entry,) if piece and piece.entry else ()
