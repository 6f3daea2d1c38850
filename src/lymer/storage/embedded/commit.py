"""Group commit: whoever waits is written to the log together with whoever else waits, by one thread.

The same thread then hands the decoded batches on in log order, and only then are the waiters told. While one group is
being synced the next one gathers, so groups are small under light load and large under heavy load.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import pyarrow as pa

from lymer._native import Batch
from lymer.component.errors import LymerError, PermanentError, UnavailableError
from lymer.model.batch import SpanBatch
from lymer.storage.embedded.wal import Entry, Log

ARROW = "arrow"
"""Format of a record that holds columns, as an Arrow IPC stream, because no payload was known."""


@dataclass(slots=True, eq=False)
class Write:
    """One write on its way."""

    batch: SpanBatch
    bytes: int
    done: asyncio.Future[None]
    entry: Entry | None = None
    columns: Batch | None = None
    error: LymerError | None = None


@dataclass(slots=True, eq=False)
class Errand:
    """Something that the log's thread is to do between two groups."""

    run: Callable[[], None]
    done: Future[None]


@dataclass(slots=True)
class CommitFigures:
    """What the thread did so far."""

    groups: int = 0
    writes: int = 0
    sync_seconds: float = 0.0
    append_seconds: float = 0.0


class GroupCommit:
    """The thread that writes one tenant's log. `submit` belongs to one event loop.

    `append` makes a group visible, whose first batch stands at a position; of each, why it cannot be stored, or None.
    """

    def __init__(
        self,
        log: Log,
        *,
        append: Callable[[list[Batch], int], list[str | None]],
        group_bytes_max: int,
        monotonic_s: Callable[[], float],
        name: str,
    ) -> None:
        self._log = log
        self._append = append
        self._group_bytes_max = group_bytes_max
        self._monotonic_s = monotonic_s
        self._queue: queue.SimpleQueue[Write | Errand | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"lymer-log-{name}", daemon=True)
        self._closed = False
        self._ending = False
        self.figures = CommitFigures()
        self.queue_bytes = 0
        """Bytes of writes that have not been answered yet."""

    def start(self) -> None:
        self._thread.start()

    def submit(self, batch: SpanBatch) -> asyncio.Future[None]:
        """Queue a batch; the future is done when it is durable and visible."""
        if self._closed:
            raise UnavailableError("the store is closing")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        write = Write(batch, payload_bytes(batch), done)
        self.queue_bytes += write.bytes
        self._queue.put(write)
        return done

    def call(self, run: Callable[[], None]) -> None:
        """Run this on the log's thread, after everything that was submitted before; returns when it is done."""
        if not self._thread.is_alive():
            run()
            return
        errand = Errand(run, Future())
        self._queue.put(errand)
        errand.done.result()

    def close(self) -> None:
        """Finish what is queued and end the thread. May be called twice."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            behind: Write | Errand | None = item
            if isinstance(item, Write):
                group, behind = self._gather(item)
                self._commit(group)
                self._answer(group)
                del group, item  # The batches are not held while waiting for the next ones.
            if isinstance(behind, Errand):
                _do(behind)
            if self._ending:
                return

    def _gather(self, first: Write) -> tuple[list[Write], Errand | None]:
        """What waits, up to the size of a group or up to an errand."""
        group = [first]
        size = first.bytes
        while size < self._group_bytes_max:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
            if item is None:
                self._ending = True
                break
            if isinstance(item, Errand):
                return group, item
            group.append(item)
            size += item.bytes
        return group, None

    def _commit(self, group: list[Write]) -> None:
        try:
            good = [write for write in group if _prepare(write)]
            entries = [write.entry for write in good if write.entry is not None]
            began_s = self._monotonic_s()
            positions = self._log.append(entries) if entries else range(0)
            synced_s = self._monotonic_s()
            if positions:
                self._show(good, positions[0])
            self._count(len(group), synced_s - began_s, self._monotonic_s() - synced_s)
        except LymerError as error:
            _fail(group, error)
        except Exception as error:  # The thread must outlive whatever one group does to it.
            unexpected = UnavailableError(f"the log failed: {error!r}")
            unexpected.__cause__ = error
            _fail(group, unexpected)

    def _show(self, writes: list[Write], first: int) -> None:
        columns = [write.columns for write in writes if write.columns is not None]
        for write, reason in zip(writes, self._append(columns, first), strict=True):
            if reason is not None:
                write.error = PermanentError(f"the batch cannot be stored: {reason}")

    def _count(self, writes: int, sync_s: float, append_s: float) -> None:
        self.figures.groups += 1
        self.figures.writes += writes
        self.figures.sync_seconds += sync_s
        self.figures.append_seconds += append_s

    def _answer(self, group: list[Write]) -> None:
        loop = group[0].done.get_loop()
        try:
            loop.call_soon_threadsafe(self._resolve, group)
        except RuntimeError:
            return  # The loop is closed: nobody waits any more.

    def _resolve(self, group: list[Write]) -> None:
        for write in group:
            self.queue_bytes -= write.bytes
            if write.done.done():
                continue
            if write.error is None:
                write.done.set_result(None)
            else:
                write.done.set_exception(write.error)


def _do(errand: Errand) -> None:
    try:
        errand.run()
        errand.done.set_result(None)
    except BaseException as error:
        errand.done.set_exception(error)


def payload_bytes(batch: SpanBatch) -> int:
    """About how many bytes a batch takes in the log."""
    return len(batch.payload.data) if batch.payload else int(getattr(batch.columns, "nbytes", 0))


def encode_entry(batch: SpanBatch) -> Entry:
    """What the log keeps of a batch: the bytes it came from, or its columns."""
    if batch.payload is not None:
        return Entry(batch.payload.format, batch.payload.data)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.record_batch.schema) as writer:
        writer.write_batch(batch.record_batch)
    return Entry(ARROW, sink.getvalue().to_pybytes())


def native_columns(batch: SpanBatch) -> Batch:
    """The batch's columns in the native core. Raises ValueError when they are not of THE schema."""
    return batch.columns if isinstance(batch.columns, Batch) else Batch.from_arrow(batch.record_batch)


def _prepare(write: Write) -> bool:
    try:
        write.columns = native_columns(write.batch)
        write.entry = encode_entry(write.batch)
    except ValueError as error:
        write.error = PermanentError(f"the batch cannot be stored: {error}")
        return False
    return True


def _fail(group: list[Write], error: LymerError) -> None:
    for write in group:
        write.error = write.error or error
