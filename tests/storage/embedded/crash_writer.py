"""A process for test_crash: writes numbered spans as fast as it can, says which are acknowledged, until it is killed.

Arguments: folder, first number, seed. A line on standard output for each acknowledged batch: first and last number.
"""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

from lymer.component.clock import SystemClock
from lymer.conformance.spans import batch, span
from lymer.model.batch import SpanBatch
from lymer.storage.embedded.store import EmbeddedStore

SPANS_PER_TRACE = 7
SETTINGS = {
    "disk_free_bytes_min": 0,
    "reserve_bytes": 0,
    "retention": {"age": 0},
    "seal": {"spans": 300, "idle": 0.05, "age": 1},
    "log": {"file_bytes": 65536, "group_bytes_max": 16384},
    "compaction": {"segments": 3, "spans_max": 2000},
}


def numbered(numbers: range) -> SpanBatch:
    """Spans of these numbers; SPANS_PER_TRACE neighbours are one trace, so that traces lie across batches."""
    return batch([span(number // SPANS_PER_TRACE + 1, number + 1, start=number) for number in numbers])


def sizes(seed: int) -> random.Random:
    """Chance, seeded."""
    return random.Random(seed)


async def write(folder: Path, first: int, seed: int) -> None:
    store = EmbeddedStore.from_config(SETTINGS, data_dir=folder, clock=SystemClock())
    await store.start()
    chance = sizes(seed)
    number = first

    async def send() -> None:
        nonlocal number
        while True:
            numbers = range(number, number + chance.randint(1, 40))
            number = numbers.stop
            await store.write(numbered(numbers))
            sys.stdout.write(f"{numbers.start} {numbers.stop - 1}\n")
            sys.stdout.flush()

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.gather(*(send() for _ in range(3)))


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
