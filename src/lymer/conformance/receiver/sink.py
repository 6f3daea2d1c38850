"""A consumer that does as it is told: accepts, refuses for now or for good, is slow, fails. For tests of receivers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable

from lymer.model.batch import SpanBatch


class ObedientSink:
    """A SpanSink. Knows which spans it has taken, and how often."""

    def __init__(self) -> None:
        self.taken: Counter[int] = Counter()
        """Ids of spans, as numbers, with how often each was written."""
        self.trouble: Callable[[], Exception | None] = lambda: None
        """What the next write fails with."""
        self.gate = asyncio.Event()
        """Writes wait here while it is not set."""
        self.waiting = 0
        """How many writes wait."""
        self.gate.set()

    async def write(self, batch: SpanBatch, /) -> None:
        """As `component.base.SpanSink`."""
        self.waiting += 1
        try:
            await self.gate.wait()
        finally:
            self.waiting -= 1
        error = self.trouble()
        if error is not None:
            raise error
        self.taken.update(span_numbers(batch))

    def fail_with(self, error: Exception | None) -> None:
        """Fail every write with this; None: take everything again."""
        self.trouble = lambda: error


def span_numbers(batch: SpanBatch) -> Iterable[int]:
    """The span ids of a batch as numbers."""
    return (int.from_bytes(value.as_py(), "big") for value in batch.record_batch["span_id"])
