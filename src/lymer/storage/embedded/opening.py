"""What happens when a tenant's folder is opened: strays go, segments are mapped, the log is replayed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from lymer._native import Batch, OpenBuffer, Segment, View
from lymer.component.errors import DecodeError, StartError
from lymer.component.events import LOGGER
from lymer.model.batch import SpanBatch
from lymer.storage.embedded import split_file
from lymer.storage.embedded.commit import ARROW, native_columns
from lymer.storage.embedded.durable import HALF_WRITTEN, remove
from lymer.storage.embedded.manifest import Cut, Manifest
from lymer.storage.embedded.pieces import Piece, found_ids
from lymer.storage.embedded.wal_records import Record
from lymer.wire import codecs

SEGMENTS = "segments"
LOG = "wal"


@dataclass(slots=True)
class Damages:
    """What could not be read; one line each."""

    strict: bool
    lines: list[str] = field(default_factory=list)

    def report(self, line: str) -> None:
        """Name it. Raises StartError when the store is strict."""
        if self.strict:
            raise StartError(f"{line}; start without `strict` to serve the rest, or restore the file")
        self.note(line)

    def note(self, line: str) -> None:
        """Name what went wrong after the start."""
        self.lines.append(line)
        LOGGER.error("store damaged", extra={"fields": {"damage": line}})


def remove_strays(folder: Path, manifest: Manifest) -> list[str]:
    """Remove what the manifest does not name: half-written and merged segments. Returns what went."""
    known = {entry.name for entry in manifest.segments}
    strays = [path for path in (folder / SEGMENTS).iterdir() if path.name.partition(".")[0] not in known]
    strays += folder.rglob(f"*{HALF_WRITTEN}")
    return [path.name for path in strays if remove(path)]


def remove_segment(folder: Path, name: str) -> None:
    """Remove all files of a segment."""
    for path in (folder / SEGMENTS).glob(f"{name}.*"):
        remove(path)


def open_segments(
    folder: Path, manifest: Manifest, damages: Damages, *, known: Mapping[str, View] | None = None
) -> list[Piece]:
    """All segments of the manifest that can be opened; those that are open already are in `known`."""
    pieces = []
    unknown = []
    for entry in manifest.segments:
        try:
            segment = (known or {}).get(entry.name) or Segment.open(str(folder / SEGMENTS), entry.name)
        except (ValueError, OSError) as error:
            damages.report(f"segment {folder / SEGMENTS / entry.name} cannot be opened, its spans are missing: {error}")
            continue
        piece = Piece(segment, entry)
        pieces.append(piece)
        try:
            piece.split = split_file.read_split(folder / SEGMENTS, entry.name)
        except ValueError as error:
            LOGGER.warning("split traces are found again", extra={"fields": {"reason": str(error)}})
            unknown.append(piece)
    for piece in unknown:
        _find_split(piece, pieces)
    return pieces


def replay(
    records: Iterable[Record], cuts: tuple[Cut, ...], damages: Damages, *, into: OpenBuffer | None = None
) -> OpenBuffer:
    """The open buffer as it was.

    Each cut is made where it was made before, so that what is sealed does not come again.
    """
    buffer = into or OpenBuffer()
    waiting = list(cuts)
    for record in records:
        while waiting and record.position > waiting[0].upto:
            _, buffer = buffer.split(waiting.pop(0).before)
        try:
            buffer.append(decode_record(record), record.position)
        except (ValueError, DecodeError) as error:
            damages.report(f"log record {record.position} cannot be decoded, its spans are missing: {error}")
    for cut in waiting:
        _, buffer = buffer.split(cut.before)
    return buffer


def decode_record(record: Record) -> Batch:
    """The rows of a record. Raises ValueError or DecodeError."""
    payload = bytes(record.payload)
    if record.format == ARROW:
        with pa.ipc.open_stream(payload) as reader:
            batches = [SpanBatch.from_record_batch(batch) for batch in reader]
        return native_columns(SpanBatch.concat(batches))
    return native_columns(codecs.decode(record.format, payload).batch)


def _find_split(piece: Piece, pieces: list[Piece]) -> None:
    ids = piece.view.trace_ids()
    for other in pieces:
        if other is not piece:
            shared = set(found_ids(other.view, ids))
            piece.split |= shared
            other.split |= shared
    piece.dirty = True
