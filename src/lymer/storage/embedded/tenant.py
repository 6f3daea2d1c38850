"""One tenant: its folder, its log, its open buffer, its segments, and the one version of them that readers see.

Changes of the version are made under `_state` and are one assignment; readers take no lock of it. Methods that seal,
replace or delete block and run on threads of `background`. What to seal and to keep is decided in `sealing`,
`retention` and `compaction`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec

from lymer._native import Batch, OpenBuffer, merge_segments
from lymer.component.clock import Clock, new_random
from lymer.component.events import LOGGER
from lymer.model.batch import SpanBatch
from lymer.storage.embedded import opening, quarantine, split_file
from lymer.storage.embedded.commit import GroupCommit
from lymer.storage.embedded.config import EmbeddedConfig, RetentionConfig
from lymer.storage.embedded.durable import make_folder
from lymer.storage.embedded.kept_wholes import KeptRoom
from lymer.storage.embedded.manifest import Cut, Manifest, SegmentEntry, read_manifest, write_manifest
from lymer.storage.embedded.opening import LOG, SEGMENTS, Damages
from lymer.storage.embedded.pieces import (
    SEAL_OPTIONS,
    Piece,
    Snapshot,
    SplitTraces,
    Version,
    append_all,
    entries_of,
    found_ids,
    marks,
    open_buffer,
    sealed_piece,
    some,
    still_split,
    write_view,
)
from lymer.storage.embedded.sealing import EVERYTHING, LogTimes
from lymer.storage.embedded.wal import Disk, Log
from lymer.storage.embedded.wal_recovery import Recovery

_CATCH_UP_ROUNDS = 3  # Each round is a fraction of the one before.


class Tenant:
    """Made closed; `open` once, before anything else."""

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        config: EmbeddedConfig,
        retention: RetentionConfig,
        memory_bytes_max: int = 0,
        clock: Clock,
        buffer_full: Callable[[], None],
        disk: Disk | None = None,
        kept_room: KeptRoom | None = None,
    ) -> None:
        self.name = name
        self.folder = folder
        self.retention = retention
        self.memory_bytes_max = memory_bytes_max
        self.times = LogTimes()
        self.damages = Damages(strict=config.strict)
        self.version = Version()
        self.seal_count = self.set_aside_count = 0
        self.seal_seconds = 0.0
        self._config = config
        self._clock = clock
        self._buffer_full = buffer_full
        self._disk = disk
        self._split = SplitTraces(room=kept_room)
        self._appending = threading.Lock()
        self._sealing = threading.RLock()
        self._rewriting = threading.RLock()  # Of segments, by one at a time; after `_sealing`, before `_state`.
        self._state = threading.RLock()
        self._appended = 0
        self._news: list[tuple[Batch, int]] | None = None
        """What has been appended since a cut began; None when there is no cut."""

    # --- beginning and end ---------------------------------------------------------------------------------------

    def open(self) -> None:
        """Open or create the folder. Blocks. Raises StartError, OSError."""
        for part in (SEGMENTS, LOG):
            make_folder(self.folder / part)
        manifest = read_manifest(self.folder)
        if manifest is None:
            manifest = Manifest(log_id=new_random().randbytes(8).hex())
            write_manifest(self.folder, manifest)
        self.manifest = manifest
        self._next_segment = manifest.next_segment
        strays = opening.remove_strays(self.folder, manifest)
        if strays:
            LOGGER.info("removed half-written files", extra={"fields": {"tenant": self.name, "files": len(strays)}})
        segments = opening.open_segments(self.folder, manifest, self.damages)
        self._split = SplitTraces(2 * sum(entry.trace_count for entry in manifest.segments), self._split.room)
        for piece in segments:
            self._split.sealed(piece.view.trace_ids())
        self.log = Log(
            self.folder / LOG,
            log_id=bytes.fromhex(manifest.log_id),
            config=self._config.log,
            keep_free_bytes=self._config.disk_free_bytes_min,
            disk=self._disk,
        )
        buffer = self._replay(manifest)
        deleted = frozenset(bytes.fromhex(trace_id) for trace_id in manifest.deleted)
        self.version = Version(segments=tuple(segments), open=Piece(buffer), deleted=deleted)
        self.commit = GroupCommit(
            self.log,
            append=self._append,
            group_bytes_max=self._config.log.group_bytes_max,
            monotonic_s=self._clock.monotonic_s,
            name=self.name,
        )
        self.commit.start()

    def close(self) -> None:
        """Finish the log, let go of everything. Blocks. May be called twice."""
        if hasattr(self, "commit"):
            self.commit.close()
        if hasattr(self, "log"):
            self.log.close()

    # --- spans in ------------------------------------------------------------------------------------------------

    def write(self, batch: SpanBatch) -> asyncio.Future[None]:
        """Queue the batch; done when durable and visible."""
        return self.commit.submit(batch)

    @property
    def buffer(self) -> OpenBuffer:
        """Where spans come in."""
        return open_buffer(self.version.open)

    @property
    def buffer_bytes(self) -> int:
        """Memory of the spans that are in no segment yet."""
        version = self.version
        return sum(open_buffer(piece).memory_bytes for piece in (*version.sealing, version.open))

    def _append(self, batches: list[Batch], first: int) -> list[str | None]:
        with self._appending:
            reasons = self.buffer.append_group(batches, first)
            placed = zip(batches, range(first, first + len(batches)), reasons, strict=True)
            stored = [(columns, position) for columns, position, reason in placed if reason is None]
            self._appended = stored[-1][1] if stored else self._appended
            if self._news is not None:
                self._news += stored
        self.times.note(self._clock.monotonic_s(), first + len(batches) - 1)
        if self.buffer.span_count >= self._config.seal.spans:
            self._buffer_full()
        return reasons

    def note_time(self) -> None:
        """Remember where the log stands now; call it regularly, so that the last spans grow old too."""
        self.times.note(self._clock.monotonic_s(), self._appended)

    # --- reading -------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """What there is to read now, consistently."""
        with self._split.lock:  # The version that is compared must be the one that is in place.
            return self._split.snapshot(self.version)

    # --- sealing -------------------------------------------------------------------------------------------------

    def seal(self, before: int = EVERYTHING) -> bool:
        """Make a segment of the traces whose last span came before this position. Blocks. False when there were none.

        When it fails the spans stay in memory and in the log, and the next seal tries again.
        """
        with self._sealing:
            if before:
                self._cut(before)
            waiting = self.version.sealing
            for piece in waiting:
                try:
                    self._write_segment(piece)
                except Exception as error:
                    self._write_segment(piece, without=self._set_aside(piece, error))
            self._split.rebuild_if_crowded(self.version)
            return bool(waiting)

    def _cut(self, before: int) -> None:
        """Take the traces to be sealed out of the open buffer. Writers are held up only at its begin and at its end.

        While the young traces are copied into a new buffer, spans go on into the old one, which readers still see; they
        are noted, and follow into the new one before it takes the old one's place.
        """
        with self._appending:
            upto = self._appended
            frozen, _ = self.buffer.split(EVERYTHING)
            self._news = []
        try:
            idle, rest = frozen.split(before)
            if not idle.span_count:
                return
            for _ in range(_CATCH_UP_ROUNDS):
                with self._appending:
                    news, self._news = self._news, []
                append_all(rest, news)
            with self._appending, self._state:
                append_all(rest, self._news)
                self._swap_buffers(idle, rest, Cut(before=min(before, upto + 1), upto=upto))
        finally:
            self._news = None

    def _swap_buffers(self, idle: OpenBuffer, rest: OpenBuffer, cut: Cut) -> None:
        version = self.version
        self._split.compare(version)
        with self._split.lock:
            marked = version.open.split
            gone = set(found_ids(idle, b"".join(marked))) if marked else set()
            self._split.sealed(idle.trace_ids())
            idle_piece = Piece(idle, split=gone, checked=idle.trace_count, cut=cut)
            # Compared anew: what came during the cut may belong to a trace that is being sealed.
            rest_piece = Piece(rest, split=marked - gone)
            self.version = replace(version, sealing=(*version.sealing, idle_piece), open=rest_piece)

    def _write_segment(self, piece: Piece, *, without: frozenset[bytes] = frozenset()) -> None:
        began_s = self._clock.monotonic_s()
        with self._new_segment() as name:
            write_view(piece.view, self.version.deleted | without, self.folder / SEGMENTS, name)
            self._finish_seal(piece, self._open_new(name))
        self.seal_count += 1
        self.seal_seconds += self._clock.monotonic_s() - began_s

    def _set_aside(self, piece: Piece, error: Exception) -> frozenset[bytes]:
        """Keep the traces that cannot be sealed elsewhere. Raises the error while it may be something else's fault."""
        piece.failures += 1
        if quarantine.is_of_the_disk(error) or piece.failures < quarantine.TRIES_MAX:
            raise error
        if not (bad := quarantine.find_unsealable(piece.view, self.folder / SEGMENTS, self._new_segment)):
            raise error
        path = quarantine.set_aside(self.folder, f"{self._next_segment:08d}", piece.view, bad, error=error)
        self.damages.note(f"{len(bad)} traces cannot be sealed and were set aside in {path}: {error}")
        self.set_aside_count += len(bad)
        return frozenset(bad)

    def _finish_seal(self, piece: Piece, sealed: Piece | None) -> None:
        remaining = tuple(other for other in self.version.sealing if other is not piece)
        with self._appending:
            replay_from = self._replay_from((*remaining, self.version.open))
        with self._state:
            self._save_split(sealed, piece.split)
            cuts = (*self.manifest.cuts, piece.cut) if piece.cut else self.manifest.cuts
            self._change(
                segments=(*self.manifest.segments, *entries_of(sealed)),
                replay_from=replay_from,
                cuts=tuple(cut for cut in cuts if cut.before > replay_from),
            )
            with self._split.lock:
                if sealed:
                    self._split.add(sealed, piece.split)
                segments = (*self.version.segments, *some(sealed))
                self.version = replace(self.version, segments=segments, sealing=remaining)
        self.log.release(replay_from)
        self.times.forget(replay_from)

    def _replay_from(self, buffers: Iterable[Piece]) -> int:
        positions = [open_buffer(piece).min_position for piece in buffers if piece.view.span_count]
        return min(positions, default=self._appended + 1)

    # --- changing segments ---------------------------------------------------------------------------------------

    @property
    def entries(self) -> list[SegmentEntry]:
        """Of all segments."""
        return [piece.entry for piece in self.version.segments if piece.entry]

    def pieces_named(self, names: Collection[str]) -> list[Piece]:
        """The segments with these names."""
        return [piece for piece in self.version.segments if piece.entry and piece.entry.name in names]

    def merge(self, pieces: list[Piece]) -> None:
        """Make one segment of these, as far as they still are segments. Blocks."""
        with self._rewriting, self._new_segment() as name:
            pieces = [piece for piece in pieces if piece in self.version.segments]
            if not pieces:
                return
            views = [piece.view for piece in pieces]
            merge_segments(views, b"".join(self.version.deleted), str(self.folder / SEGMENTS), name, SEAL_OPTIONS)
            self._replace(pieces, self._open_new(name, of=pieces))

    def drop(self, pieces: list[Piece]) -> None:
        """Forget these segments. Blocks."""
        with self._rewriting:
            self._replace([piece for piece in pieces if piece in self.version.segments], None)

    def delete_trace(self, trace_id: bytes) -> bool:
        """Forget a trace: at once for readers, then in every file. Blocks. False when it is not there."""
        found = any(True for piece in self.version.pieces for _ in found_ids(piece.view, trace_id))
        if not found and not quarantine.holds(self.folder, trace_id):
            return False
        with self._state:
            self._change(deleted=(*self.manifest.deleted, trace_id.hex()))
            self.version = replace(self.version, deleted=self.version.deleted | {trace_id})
        self.finish_deletions()
        return True

    def finish_deletions(self) -> None:
        """Remove the deleted traces from buffer, log, segments and quarantine. Blocks."""
        with self._sealing:
            deleted = self.version.deleted
            if not deleted:
                return
            ids = b"".join(deleted)
            self.commit.call(self.log.leave_file)
            self.seal()
            with self._rewriting:
                for piece in self.version.segments:
                    if any(True for _ in found_ids(piece.view, ids)):
                        self.merge([piece])
            self.log.purge(self.manifest.replay_from)
            quarantine.forget(self.folder, deleted)
            with self._state:
                self._split.forget(self.version, deleted)
                self._save_split(None, set())
                self._change(deleted=tuple(set(self.manifest.deleted) - {trace_id.hex() for trace_id in deleted}))
                self.version = replace(self.version, deleted=self.version.deleted - deleted)

    def _replace(self, old: list[Piece], new: Piece | None) -> None:
        with self._state:
            version = self.version
            rest = tuple(piece for piece in version.segments if piece not in old)
            others = (*rest, *version.sealing, version.open)
            if new is not None:
                self._save_split(new, still_split(marks(old), others))
            gone = {piece.entry.name for piece in old if piece.entry}
            kept = tuple(entry for entry in self.manifest.segments if entry.name not in gone)
            self._change(segments=(*kept, *entries_of(new)))
            with self._split.lock:
                if new is not None:  # Late spans may have come meanwhile, also of traces that were whole just now.
                    self._split.add(new, set(marks(old) & marks(others)))
                self.version = replace(self.version, segments=(*rest, *some(new)))
        for name in gone:
            opening.remove_segment(self.folder, name)

    # --- small parts ---------------------------------------------------------------------------------------------

    def _replay(self, manifest: Manifest) -> OpenBuffer:
        recovery = Recovery(manifest.replay_from - 1)
        buffer = opening.replay(self.log.recover(recovery), manifest.cuts, self.damages)
        self._appended = recovery.last_position
        for damage in recovery.damages:
            self.damages.report(f"log {damage}; its spans are missing")
        for torn in recovery.torn:
            LOGGER.info("the log's last group was not finished", extra={"fields": {"where": str(torn)}})
        self.times.note(self._clock.monotonic_s(), self._appended)
        return buffer

    @contextmanager
    def _new_segment(self) -> Iterator[str]:
        """A name for a segment; when the manifest does not come to name it, its files go again."""
        with self._state:
            name = f"{self._next_segment:08d}"
            self._next_segment += 1
        try:
            yield name
        finally:
            if not any(entry.name == name for entry in self.manifest.segments):
                opening.remove_segment(self.folder, name)

    def _open_new(self, name: str, *, of: list[Piece] | None = None) -> Piece | None:
        """The segment just written; None when nothing was left of it."""
        stored = [piece.entry.stored_unix_nano for piece in of or [] if piece.entry]
        stored_at = max(stored, default=self._clock.now_unix_nano())
        return sealed_piece(self.folder / SEGMENTS, name, stored_unix_nano=stored_at, compacted=bool(of))

    def _save_split(self, new: Piece | None, ids: set[bytes]) -> None:
        """Write what has become known of split traces; before the manifest that makes it necessary."""
        with self._split.lock:
            if new is not None:
                self._split.add(new, ids)
            dirty = [(piece, set(piece.split)) for piece in (*self.version.segments, *some(new)) if piece.dirty]
        for piece, split in dirty:
            if piece.entry:
                split_file.write_split(self.folder / SEGMENTS, piece.entry.name, split)
            with self._split.lock:
                piece.dirty = piece.split != split

    def _change(self, **fields: object) -> None:
        manifest = msgspec.structs.replace(
            self.manifest, generation=self.manifest.generation + 1, next_segment=self._next_segment, **fields
        )
        write_manifest(self.folder, manifest)
        self.manifest = manifest
