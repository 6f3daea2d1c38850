"""The filter over sealed trace ids: never a false no, seldom a false yes."""

from __future__ import annotations

import random

import numpy as np
import pytest

from lymer.storage.embedded.seen_traces import SeenTraces


def ids_of(kind: str, count: int) -> list[bytes]:
    chance = random.Random(1)
    if kind == "random":
        return [chance.randbytes(16) for _ in range(count)]
    if kind == "short":
        return [bytes(8) + chance.randbytes(8) for _ in range(count)]
    return [(number + 1).to_bytes(16, "big") for number in range(count)]


@pytest.mark.parametrize("kind", ["random", "short", "sequential"])
def test_all_that_was_added_is_found_and_little_else(kind: str) -> None:
    ids = ids_of(kind, 40_000)
    seen = SeenTraces()
    seen.add(b"".join(ids[:20_000]))
    assert seen.filter(b"".join(ids[:20_000])) == b"".join(ids[:20_000])
    assert len(seen.filter(b"".join(ids[20_000:]))) // 16 < 100


def test_a_full_filter_says_so_and_answers_still() -> None:
    ids = b"".join(ids_of("random", 70_000))
    seen = SeenTraces()
    seen.add(ids)
    assert seen.crowded
    assert not SeenTraces(70_000).crowded
    found = np.frombuffer(seen.filter(ids), "V16")
    assert len(found) == 70_000


def test_nothing_is_in_nothing() -> None:
    assert SeenTraces().filter(b"") == b""
