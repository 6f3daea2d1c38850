"""Traces that somebody brought to look at: kept in memory for a while, never stored.

Bounded in bytes and in time; the oldest go first. Not here: what the bytes were (`wire.uploaded`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final, TypeVar

import pyarrow as pa

from lymer.component.clock import Clock, new_random
from lymer.component.errors import NotFoundError, TooLargeError
from lymer.model.batch import SpanBatch
from lymer.wire.trace_view import TraceBuffer, TraceView

AGE_S: Final = 3600.0
"""How long an upload is kept."""
BYTES_MAX: Final = 256 << 20
"""How much memory all uploads take."""
_ID_BITS: Final = 96

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Upload:
    """Some traces under an id that nobody can guess by trying a few."""

    upload_id: str
    format: str
    summaries: pa.Table
    """Of SUMMARY_SCHEMA, newest first."""
    spans: TraceBuffer
    since_s: float

    def find(self, trace_id: bytes) -> TraceView:
        """A trace of it. Raises NotFoundError."""
        found = self.spans.trace(trace_id)
        if found is None:
            raise NotFoundError("trace not found in this upload")
        return found


class Uploads:
    """All that is kept now. Belongs to one event loop."""

    def __init__(
        self, clock: Clock, *, bytes_max: int = BYTES_MAX, age_s: float = AGE_S, seed: int | None = None
    ) -> None:
        self._clock = clock
        self._bytes_max = bytes_max
        self._age_s = age_s
        self._random: Random = new_random(seed)
        self._kept: dict[str, Upload] = {}

    async def add(self, format_name: str, batch: SpanBatch) -> Upload:
        """Keep these spans. Raises TooLargeError when they alone take more than all may."""
        spans = await asyncio.to_thread(TraceBuffer, batch)
        if spans.memory_bytes > self._bytes_max:
            raise TooLargeError(f"the upload takes more than {self._bytes_max >> 20} MiB in memory")
        upload = Upload(
            upload_id=f"{self._random.getrandbits(_ID_BITS):024x}",
            format=format_name,
            summaries=await asyncio.to_thread(spans.summaries),
            spans=spans,
            since_s=self._clock.monotonic_s(),
        )
        self._kept[upload.upload_id] = upload
        self._forget_old()
        return upload

    def get(self, upload_id: str) -> Upload:
        """An upload by id. Raises NotFoundError."""
        self._forget_old()
        found = self._kept.get(upload_id)
        if found is None:
            raise NotFoundError("there is no such upload; uploads are kept for a while only")
        return found

    def remove(self, upload_id: str) -> None:
        """Forget an upload. Raises NotFoundError."""
        del self._kept[self.get(upload_id).upload_id]

    def expires_in_s(self, upload: Upload) -> float:
        """How long it will be kept, unless others need its room."""
        return max(0.0, upload.since_s + self._age_s - self._clock.monotonic_s())

    async def ask_trace(self, upload_id: str, trace_id: bytes, question: Callable[[TraceView], T]) -> T:
        """What the question says of a trace of an upload, asked on a thread. Raises NotFoundError."""
        trace = self.get(upload_id).find(trace_id)
        return await asyncio.to_thread(question, trace)

    def _forget_old(self) -> None:
        oldest_s = self._clock.monotonic_s() - self._age_s
        taken = sum(upload.spans.memory_bytes for upload in self._kept.values())
        for upload_id, upload in list(self._kept.items()):
            if upload.since_s > oldest_s and taken <= self._bytes_max:
                return
            taken -= upload.spans.memory_bytes
            del self._kept[upload_id]
