"""Killed with SIGKILL at any moment, the store has every acknowledged span exactly once when it starts again."""

from __future__ import annotations

import os
import random
import select
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from lymer.component.clock import SystemClock
from lymer.conformance.spans import to_rows, trace_id
from lymer.model.search import TraceSearch
from lymer.storage.base import Budget
from lymer.storage.embedded.store import EmbeddedStore
from tests.storage.embedded.crash_writer import SETTINGS, SPANS_PER_TRACE

WRITER = Path(__file__).with_name("crash_writer.py")
ROUNDS = 10
SEEDS = 5
"""Five folders, each killed ten times: fifty moments."""


def write_until_killed(folder: Path, first: int, seed: int, after_s: float) -> list[int]:
    """The numbers that were acknowledged before the kill."""
    command = [sys.executable, "-P", str(WRITER), str(folder), str(first), str(seed)]
    root = Path(__file__).parents[3]
    paths = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=root,
        env=os.environ | {"PYTHONPATH": paths},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        ready, _, _ = select.select([process.stdout], [], [], 60)
        assert ready, "the writer did not start"
        time.sleep(after_s)
        process.kill()
        output, errors = process.communicate()
    lines = output.decode().split("\n")
    assert lines[0] == "ready", errors.decode()
    pairs = [line.split() for line in lines[1:-1]]  # The last line may be cut; the one before it is whole.
    return [number for first, last in pairs for number in range(int(first), int(last) + 1)]


async def stored_spans(folder: Path) -> tuple[Counter[int], list[str], int]:
    """How often each span number is there, counted from whole traces; damages; traces that a search finds."""
    store = EmbeddedStore.from_config({**SETTINGS, "background": False}, data_dir=folder, clock=SystemClock())
    await store.start()
    try:
        found: Counter[int] = Counter()
        cursor, traces = None, 0
        while True:
            page = await store.find_traces(TraceSearch(limit=1000, cursor=cursor), Budget())
            ids = page.summaries.column("trace_id").to_pylist()
            traces += len(ids)
            rows = to_rows(await store.get_traces(ids, Budget(memory_bytes_max=1 << 30)))
            found.update(int.from_bytes(row["span_id"], "big") - 1 for row in rows)
            counted = sum(page.summaries.column("span_count").to_pylist())
            assert counted == len(rows), "a summary counts other spans than the trace has"
            assert len(set(ids)) == len(ids)
            cursor = page.cursor
            if cursor is None:
                return found, store.damages, traces
    finally:
        await store.close()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
async def test_every_acknowledged_span_is_there_exactly_once_after_a_kill(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    acknowledged: set[int] = set()
    first = 0
    for round_number in range(ROUNDS):
        acknowledged |= set(write_until_killed(tmp_path, first, seed * 100 + round_number, chance.uniform(0.0, 0.6)))
        first = max(acknowledged, default=first) + 1000
        first -= first % SPANS_PER_TRACE
        found, damages, traces = await stored_spans(tmp_path)
        assert damages == []
        assert acknowledged <= set(found), f"lost {len(acknowledged - set(found))}"
        assert set(found.values()) <= {1}
        assert traces == len({number // SPANS_PER_TRACE for number in found})
    assert len(acknowledged) > 100


async def test_a_trace_id_of_the_writer_is_that_of_its_spans() -> None:
    assert trace_id(5 // SPANS_PER_TRACE + 1) == trace_id(1)
