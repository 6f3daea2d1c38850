"""Reading a data folder from another process or a notebook, while a server writes to it or after it has stopped.

    import lymer
    with lymer.open("lymer-data") as spans:
        spans.traces(limit=10)                            # pyarrow tables
        spans.spans([bytes.fromhex("…")]).to_pandas()
        spans.service_graph()

Nothing is locked and nothing is written. Every question looks first whether there is something new: in the manifest,
and in the log, which is replayed into a buffer of its own. So it sees what the server has acknowledged before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import pyarrow as pa

from lymer._native import OpenBuffer, View
from lymer.component.errors import NotFoundError, StartError
from lymer.model.search import EVERYTHING, Order, Predicate, TimeRange, TraceSearch
from lymer.model.trace import Operation
from lymer.storage.base import ALWAYS, DEFAULT_TENANT, Budget
from lymer.storage.embedded import find, opening, read
from lymer.storage.embedded.engine import ARCHIVE
from lymer.storage.embedded.manifest import Manifest, read_manifest
from lymer.storage.embedded.opening import LOG, Damages
from lymer.storage.embedded.pieces import Piece, Snapshot, SplitTraces, Version
from lymer.storage.embedded.wal_recovery import Recovery, log_files, read_log

_TRIES = 10

T = TypeVar("T")


class Library:
    """The spans of one tenant in a folder, to read. Not for several threads at once."""

    def __init__(self, folder: Path, *, time_s: float) -> None:
        self._folder = folder
        self._time_s = time_s
        self._views: dict[str, View] = {}
        self._manifest: Manifest | None = None
        self._version = Version()
        self._split = SplitTraces()
        self._position = 0
        self.damages: list[str] = []
        """What cannot be read, one line each."""
        self.refresh()

    def traces(
        self,
        where: Predicate = EVERYTHING,
        *,
        time: TimeRange = ALWAYS,
        order: Order = Order.NEWEST,
        limit: int = 20,
        cursor: str | None = None,
    ) -> pa.Table:
        """Summaries of the traces that match, of SUMMARY_SCHEMA; its metadata has the `cursor` of the next page."""
        search = TraceSearch(where, time, order, limit, cursor)
        page = self._ask(lambda snapshot, budget: find.find_traces(snapshot, search, budget))
        return page.summaries.replace_schema_metadata({"cursor": page.cursor} if page.cursor else None)

    def spans(self, trace_ids: Iterable[bytes]) -> pa.Table:
        """All spans of these traces, of SPAN_SCHEMA, trace after trace, in pre-order."""
        wanted = list(trace_ids)
        found = self._ask(lambda snapshot, budget: read.get_traces(snapshot, wanted, budget))
        return pa.table(found.record_batch)

    def services(self, *, time: TimeRange = ALWAYS) -> list[str]:
        """The names of services."""
        return self._ask(lambda snapshot, budget: read.services(snapshot, time, budget))

    def operations(self, service: str, *, time: TimeRange = ALWAYS) -> list[Operation]:
        """The span names of a service, with their kinds."""
        return self._ask(lambda snapshot, budget: read.operations(snapshot, service, None, time, budget))

    def service_graph(self, where: Predicate = EVERYTHING, *, time: TimeRange = ALWAYS) -> pa.Table:
        """Who calls whom, of GRAPH_SCHEMA, exact."""
        return self._ask(lambda snapshot, budget: read.service_graph(snapshot, where, time, budget))

    def parquet_files(self) -> list[Path]:
        """The sealed spans as files that other tools read. They may be merged away while you look."""
        self.refresh()
        assert self._manifest is not None
        return [self._folder / opening.SEGMENTS / f"{entry.name}.parquet" for entry in self._manifest.segments]

    def refresh(self) -> None:
        """Take in what is new. Every question does so first. Raises NotFoundError, StartError."""
        for _ in range(_TRIES):
            manifest = read_manifest(self._folder)
            if manifest is None:
                raise NotFoundError(f"{self._folder} holds no spans of Lymer")
            try:
                self._follow(manifest)
            except (FileNotFoundError, _MovedOnError):
                continue  # The server has sealed or merged meanwhile.
            after = read_manifest(self._folder)
            if after is not None and after.generation == manifest.generation:
                return
        raise StartError(f"{self._folder} changes faster than it can be read; try again")

    def close(self) -> None:
        """Let go of the files."""
        self._views.clear()
        self._version = Version()
        self._manifest = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, question: Callable[[Snapshot, Budget], T]) -> T:
        self.refresh()
        return question(self._split.snapshot(self._version), Budget(time_s=self._time_s, memory_bytes_max=8 << 30))

    def _follow(self, manifest: Manifest) -> None:
        if self._manifest is None or self._manifest.generation != manifest.generation:
            self._reopen(manifest)
        self._replay_news(manifest)

    def _reopen(self, manifest: Manifest) -> None:
        self._manifest = None
        damages = Damages(strict=False)
        pieces = opening.open_segments(self._folder, manifest, damages, known=self._views)
        files = [self._folder / opening.SEGMENTS / f"{entry.name}.idx" for entry in manifest.segments]
        if damages.lines and not all(file.exists() for file in files):
            raise _MovedOnError
        self.damages = damages.lines
        self._views = {piece.entry.name: piece.view for piece in pieces if piece.entry}
        self._split = SplitTraces(sum(entry.trace_count for entry in manifest.segments))
        for piece in pieces:
            self._split.sealed(piece.view.trace_ids())
        deleted = frozenset(bytes.fromhex(trace_id) for trace_id in manifest.deleted)
        self._version = Version(segments=tuple(pieces), deleted=deleted, open=Piece(OpenBuffer()))
        self._position = manifest.replay_from - 1
        self._manifest = manifest

    def _replay_news(self, manifest: Manifest) -> None:
        recovery = Recovery(self._position)
        records = read_log(log_files(self._folder / LOG), log_id=bytes.fromhex(manifest.log_id), recovery=recovery)
        fresh = self._position == manifest.replay_from - 1
        buffer = self._version.open.view
        assert isinstance(buffer, OpenBuffer)
        replayed = opening.replay(records, manifest.cuts if fresh else (), Damages(strict=False), into=buffer)
        self._position = recovery.last_position
        if replayed is not buffer:
            self._version = Version(self._version.segments, (), Piece(replayed), self._version.deleted)


class _MovedOnError(Exception):
    """The manifest that was read is not the last one any more."""


def open_folder(
    path: str | Path, *, tenant: str = DEFAULT_TENANT, archive: bool = False, time_s: float = 600.0
) -> Library:
    """The spans of a tenant in a data folder, to read; `time_s` bounds each question.

    Raises NotFoundError, StartError.
    """
    folder = Path(path) / tenant
    return Library(folder / ARCHIVE if archive else folder, time_s=time_s)
