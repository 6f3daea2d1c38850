"""Work in the native core lets other threads go on, and questions that do not end hold up no write."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lymer._native import OpenBuffer, Segment, merge_segments
from lymer.component.clock import SystemClock
from lymer.conformance.spans import batch, span, trace_id
from lymer.model.search import AnySpan, Compare, Op, SpanField, TraceSearch
from lymer.storage.base import Budget
from lymer.storage.embedded.store import EmbeddedStore
from lymer.wire.columns import native_columns
from tests.storage.embedded.views import plan

TRACES, SPANS = 300, 10
TRIES = 50

Work = Callable[[], object]


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Work]:
    folder = str(tmp_path_factory.mktemp("segments"))
    buffer = OpenBuffer()
    rows = [
        span(trace, number, number - 1 or None, attributes={"text": f"{trace} {number}"})
        for trace in range(1, TRACES + 1)
        for number in range(1, SPANS + 1)
    ]
    buffer.append(native_columns(batch(rows)), 1)
    buffer.seal(folder, "whole", "{}")
    segment = Segment.open(folder, "whole")
    slow = plan(TraceSearch(AnySpan(Compare(SpanField.NAME, Op.REGEX, "(a|b|c|d)*e"))))
    return {
        "sealing": lambda: buffer.seal(folder, "sealed", "{}"),
        "merging": lambda: merge_segments([segment], b"", folder, "merged", "{}"),
        "searching": lambda: segment.search(slow),
        "reading": lambda: segment.read(list(range(TRACES))),
        "opening": lambda: Segment.open(folder, "whole", verify=True),
    }


@pytest.fixture
def no_switching() -> Iterator[None]:
    """A thread keeps the interpreter until it lets go of it by itself."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.parametrize("name", ["sealing", "merging", "searching", "reading", "opening"])
def test_python_goes_on_meanwhile(works: dict[str, Work], name: str, no_switching: None) -> None:
    # A busy machine may let the work end before it wakes us: it is enough to be awake once.
    assert any(_goes_on_during(works[name]) for _ in range(TRIES))


def test_without_letting_go_nothing_goes_on(no_switching: None) -> None:
    """The measure itself: what stays in Python keeps the interpreter."""
    assert not any(_goes_on_during(lambda: sum(range(100_000))) for _ in range(5))


def _goes_on_during(work: Work) -> bool:
    begun, ended = threading.Event(), threading.Event()

    def run() -> None:
        begun.set()
        work()
        ended.set()

    thread = threading.Thread(target=run)
    thread.start()
    begun.wait()
    goes_on = not ended.is_set()
    thread.join()
    return goes_on


async def test_questions_that_do_not_end_hold_up_no_write(tmp_path: Path) -> None:
    settings = {"background": False, "retention": {"age": 0}, "disk_free_bytes_min": 0, "reserve_bytes": 0}
    store = EmbeddedStore.from_config(settings, data_dir=tmp_path, clock=SystemClock())
    await store.start()
    await store.write(batch([span(1, 1)]))
    begun, end = threading.Semaphore(0), threading.Event()

    def without_end(_: object) -> bool:
        begun.release()
        return end.wait(60)

    asked = [
        asyncio.ensure_future(store.ask_trace(trace_id(1), without_end, Budget()))
        for _ in range(3 * store.config.query_threads)
    ]
    for _ in range(store.config.query_threads):
        await asyncio.to_thread(begun.acquire)
    async with asyncio.timeout(30):
        await store.write(batch([span(2, 1)]))
        assert await store.seal()
        await store.write(batch([span(3, 1)]))
    assert not any(question.done() for question in asked)
    end.set()
    assert all(await asyncio.gather(*asked))
    assert len(await store.get_traces([trace_id(number) for number in (1, 2, 3)], Budget())) == 3
    await store.close()
