"""A bounded queue on disk: what is appended survives the process and waits until it is done.

Appending returns when the payload is durable; who appends at the same time is synced together. When the spool is full
the oldest payloads go, counted. Payloads are taken in order, in portions; several may be on their way at once, and what
was not done when the process ended is taken again by the next one. Belongs to one event loop; files have one thread.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from lymer.component.config import ByteSize, Config
from lymer.component.errors import UnavailableError
from lymer.component.events import Events
from lymer.pipeline.spool_files import SpoolFiles, Sync
from lymer.pipeline.spool_newest import Newest
from lymer.pipeline.spool_records import Damage, NewRecord, Record, encode_header

T = TypeVar("T")

_FILES_MIN: Final = 4
"""A full spool loses a quarter of what waits at most."""


class SpoolConfig(Config):
    """How much may wait, and where."""

    folder: Path | None = None
    """None: `spool` below the data directory."""
    bytes_max: ByteSize = ByteSize(1 << 30)
    """Beyond it the oldest spans are dropped."""
    file_bytes: ByteSize = ByteSize(16 << 20)
    """Files are removed as a whole; smaller when the spool is small."""
    sync: bool = True
    """Whether what was taken survives the machine too, and not only the process."""


@dataclass(slots=True, eq=False)
class Portion:
    """Payloads of one format that are sent together."""

    format: str
    payloads: list[bytes]
    span_counts: list[int]
    """Of each payload."""
    file: int
    end: int
    is_done: bool = field(default=False)

    @property
    def span_count(self) -> int:
        """Of all payloads."""
        return sum(self.span_counts)


@dataclass(slots=True, eq=False)
class _Append:
    record: NewRecord
    done: asyncio.Future[None]


class Spool:
    """The queue. Made closed."""

    def __init__(self, config: SpoolConfig, folder: Path, *, events: Events, sync: Sync | None = None) -> None:
        self._config = config
        self._events = events
        file_bytes = min(config.file_bytes, max(1, config.bytes_max // _FILES_MIN))
        options = {} if config.sync and sync is None else {"sync": sync or (lambda _: None)}
        self._files = SpoolFiles(config.folder or folder, file_bytes_max=file_bytes, **options)
        self._thread: ThreadPoolExecutor | None = None
        self._committing: asyncio.Task[None] | None = None
        self._appends: list[_Append] = []
        self._appended = asyncio.Event()
        self._arrived = asyncio.Event()
        self._emptied = asyncio.Event()
        self._reading = asyncio.Lock()
        self._next = (0, 0)
        self._newest = Newest()
        self._taken: deque[Portion] = deque()
        self._byte_count = self._span_count = 0

    @property
    def span_count(self) -> int:
        """How many spans wait or are on their way."""
        return self._span_count

    def figures(self) -> dict[str, float]:
        """For `/metrics`."""
        return {
            "spool_bytes": self._byte_count,
            "spool_bytes_max": self._config.bytes_max,
            "spool_spans": self._span_count,
        }

    async def start(self) -> None:
        """Take the folder. Raises StartError."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._next = await self._run(self._files.open)
        self._count(self._files.span_count)
        if self._span_count:
            self._events.noticed("spans of an earlier process wait in the spool", count=self._span_count)
        self._committing = asyncio.create_task(self._commit(), name="spool")

    async def close(self) -> None:
        """What was appended stays there for the next process. May be called twice."""
        if self._committing is not None:
            self._committing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._committing
            self._committing = None
        for append in self._appends:
            _refuse(append, "the spool is closed")
        self._appends = []
        if self._thread is not None:
            await self._run(self._files.close)
            self._thread.shutdown(wait=False)
            self._thread = None

    async def append(self, format_name: str, payload: bytes, span_count: int) -> None:
        """Keep the payload; returning means that it is durable. Raises UnavailableError."""
        if self._committing is None:
            raise UnavailableError("the spool is closed")
        done = asyncio.get_running_loop().create_future()
        header = encode_header(format_name, payload, span_count)
        self._appends.append(_Append(NewRecord(format_name, header, payload, span_count), done))
        self._appended.set()
        await done

    async def take(self, bytes_max: int, *, gather_s: float = 0.0) -> Portion:
        """The next payloads, about so many bytes; waits for some, then so long for more. Whoever takes them says when
        they are done.
        """
        while True:
            async with self._reading:
                self._arrived.clear()
                before = self._next
                found = await self._read(bytes_max)
                if found:
                    portion = self._portion(found)
                    self._taken.append(portion)
                    if portion.payloads:
                        return portion
                    portion.is_done = True
            if not found and self._next == before:
                await self._arrived.wait()
                await asyncio.sleep(gather_s)

    async def drained(self) -> None:
        """Returns when nothing waits and nothing is on its way."""
        while self._span_count or self._appends:
            self._emptied.clear()
            await self._emptied.wait()

    async def done(self, portion: Portion) -> None:
        """The payloads need not be kept any more, for whatever reason."""
        portion.is_done = True
        self._forget(portion.file, portion.span_count)
        self._count(-portion.span_count)
        last: Portion | None = None
        while self._taken and self._taken[0].is_done:
            last = self._taken.popleft()
        if last is not None:
            await self._run(self._files.done, last.file, last.end)

    async def _read(self, bytes_max: int) -> list[Record | Damage]:
        """Go on from the position where the last one stopped."""
        newest = self._newest.at(*self._next, bytes_max)
        if newest:
            self._next = (self._next[0], newest[-1].end)
            return list(newest)
        found, number, offset = await self._run(self._files.read, *self._next, bytes_max)
        self._next = (number, offset)
        return found

    def _portion(self, found: list[Record | Damage]) -> Portion:
        """Of records of one format; damage between them is counted and passed over."""
        portion = Portion("", [], [], self._next[0], self._next[1])
        for one in found:
            if isinstance(one, Damage):
                self._events.spans_dropped(one.span_count, cause="damaged", reason=f"{one.byte_count} bytes of a file")
            elif not portion.payloads or one.format == portion.format:
                portion.format = one.format
                portion.payloads.append(one.payload)
                portion.span_counts.append(one.span_count)
            else:
                self._next = (self._next[0], one.offset)
                break
        portion.end = self._next[1]
        return portion

    async def _commit(self) -> None:
        while True:
            await self._appended.wait()
            self._appended.clear()
            group, self._appends = self._appends, []
            try:
                self._newest.add(await self._run(self._files.append, [one.record for one in group]))
                self._count(sum(one.record.span_count for one in group))
                await self._make_room()
            except OSError as error:
                for one in group:
                    _refuse(one, f"the spool cannot be written: {error.strerror}")
            except asyncio.CancelledError:
                for one in group:
                    _refuse(one, "the spool is closed")
                raise
            else:
                for one in group:
                    if not one.done.done():
                        one.done.set_result(None)
            self._arrived.set()

    async def _make_room(self) -> None:
        """The oldest file goes while there is too much; what is on its way already is not lost with it."""
        while self._files.byte_count > self._config.bytes_max and len(self._files.files) > 1:
            async with self._reading:
                file = await self._run(self._files.drop_first)
                on_their_way = sum(one.span_count for one in self._taken if one.file == file.number and not one.is_done)
                if self._next[0] <= file.number:
                    self._next = (file.number + 1, 0)
            lost = file.span_count - on_their_way
            self._count(-lost)
            self._events.spans_dropped(lost, cause="spool_full", reason="the spool is full")

    def _forget(self, number: int, span_count: int) -> None:
        for file in tuple(self._files.files):
            if file.number == number:
                file.span_count -= span_count

    def _count(self, span_count: int) -> None:
        """So many spans more, or fewer."""
        self._span_count += span_count
        self._byte_count = self._files.byte_count
        if not self._span_count:
            self._emptied.set()

    async def _run(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)


def _refuse(append: _Append, why: str) -> None:
    if not append.done.done():
        append.done.set_exception(UnavailableError(why))
