"""Group commit: who waits is told of his own batch, and of no other's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lymer._native import Batch
from lymer.component.clock import SystemClock
from lymer.component.errors import PermanentError, UnavailableError
from lymer.conformance.spans import batch, span
from lymer.model.batch import SpanBatch
from lymer.storage.embedded.commit import GroupCommit
from lymer.storage.embedded.config import LogConfig
from lymer.storage.embedded.wal import Log
from lymer.storage.embedded.wal_recovery import Recovery

Append = Callable[[list[Batch], int], list[str | None]]


@contextmanager
def committing(folder: Path, append: Append) -> Iterator[GroupCommit]:
    """One group of whatever is submitted here: the thread begins at the end."""
    log = Log(folder, log_id=b"12345678", config=LogConfig())
    assert list(log.recover(Recovery(0))) == []
    commit = GroupCommit(
        log, append=append, group_bytes_max=1 << 30, monotonic_s=SystemClock().monotonic_s, name="tested"
    )
    yield commit
    commit.start()
    commit.close()
    log.close()


def rows(number: int) -> SpanBatch:
    return batch([span(number, 1)])


async def test_a_group_is_shown_at_once_in_the_order_of_the_log(tmp_path: Path) -> None:
    shown: list[tuple[int, int]] = []

    def append(batches: list[Batch], first: int) -> list[str | None]:
        shown.append((len(batches), first))
        return [None] * len(batches)

    with committing(tmp_path, append) as commit:
        writes = [commit.submit(rows(number)) for number in range(3)]
    assert await asyncio.gather(*writes) == [None] * 3
    assert shown == [(3, 1)]
    assert (commit.figures.groups, commit.figures.writes, commit.queue_bytes) == (1, 3, 0)


async def test_a_batch_that_cannot_be_stored_fails_alone(tmp_path: Path) -> None:
    with committing(tmp_path, lambda batches, first: [None, "too odd", None]) as commit:
        writes = [commit.submit(rows(number)) for number in range(3)]
    await writes[0]
    with pytest.raises(PermanentError, match="the batch cannot be stored: too odd"):
        await writes[1]
    await writes[2]


async def test_what_nobody_expected_fails_the_group_and_not_the_thread(tmp_path: Path) -> None:
    def append(batches: list[Batch], first: int) -> list[str | None]:
        raise RuntimeError("as told")

    with committing(tmp_path, append) as commit:
        write = commit.submit(rows(1))
    with pytest.raises(UnavailableError, match="as told"):
        await write
