"""The native structure of traces, compared with the oracle on thousands of random traces, odd ones included."""

from __future__ import annotations

import random
import time
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lymer._native import Batch, merge_batches, structure
from lymer.conformance import spans as spans_of_tests
from lymer.conformance.spans import NOON as START
from lymer.conformance.spans import Row, batch
from tests.oracles.structure import Placed, Span
from tests.oracles.structure import structure as oracle


def native(spans: list[Span]) -> list[Placed]:
    """What the native core makes of the spans of one trace."""
    columns = Batch.from_arrow(batch([_row(span) for span in spans]).record_batch)
    rows = pa.record_batch(merge_batches([columns]))
    found = pa.record_batch(structure(columns)).to_pylist()
    columns_of = {
        name: rows[name].to_pylist() for name in ("span_id", "parent_span_id", "kind", "service_name", "name")
    }
    columns_of |= {
        "start": rows["start_time_unix_nano"].cast(pa.int64()).to_pylist(),
        "duration": rows["duration_nano"].to_pylist(),
    }
    return [
        Placed(
            span=Span(
                span_id=columns_of["span_id"][row],
                parent_span_id=columns_of["parent_span_id"][row],
                start=columns_of["start"][row] - START,
                duration=columns_of["duration"][row],
                kind=columns_of["kind"][row],
                service=columns_of["service_name"][row],
                name=columns_of["name"][row],
                arrival=0,
            ),
            parent=figures["parent"],
            depth=figures["depth"],
            subtree_size=figures["subtree_size"],
            self_time=figures["self_time_nano"],
            critical_time=figures["critical_time_nano"],
        )
        for row, figures in enumerate(found)
    ]


def _row(span: Span) -> Row:
    row = spans_of_tests.span(
        service=span.service,
        name=span.name,
        span_id=span.span_id,
        parent_span_id=span.parent_span_id,
        start_time_unix_nano=START + span.start,
        duration_nano=span.duration,
    )
    return row | {"kind": span.kind}


def random_trace(seed: int) -> list[Span]:
    """Few ids and short times, so that ids are shared, parents are missing, circles close and intervals tie."""
    rng = random.Random(seed)
    count = rng.randint(1, 14)
    ids = [bytes(7) + bytes([n + 1]) for n in range(rng.choice([count, count, max(1, count // 2), 2]))]
    missing = [None, bytes(7) + b"\xff"]
    return [
        Span(
            span_id=rng.choice(ids),
            parent_span_id=rng.choice([*ids, *missing]),
            start=rng.randint(0, 12),
            duration=rng.randint(-2, 12),
            kind=rng.choice([0, 1, 2, 2, 3, 3]),
            service=rng.choice("ab"),
            name=rng.choice("xy"),
            arrival=n,
        )
        for n in range(count)
    ]


@pytest.mark.parametrize("hundred", range(40))
def test_random_traces_have_the_structure_of_the_specification(hundred: int) -> None:
    for seed in range(hundred * 100, hundred * 100 + 100):
        spans = random_trace(seed)
        assert native(spans) == oracle(spans), f"seed {seed}"


def _large(
    parents: np.ndarray[Any, Any], ids: np.ndarray[Any, Any], starts: np.ndarray[Any, Any]
) -> tuple[Batch, float]:
    """A trace of many spans as a batch, and the CPU seconds that its structure takes."""
    count = len(ids)
    one = batch([_row(Span(b"12345678", None, 0, 1000, 1, "a", "x", 0))]).record_batch
    columns = {name: one[name].take(pa.array(np.zeros(count, np.int32))) for name in one.schema.names}
    columns["span_id"] = pa.array([int(number).to_bytes(8, "big") for number in ids], pa.binary(8))
    named = [None if parent == 0 else int(parent).to_bytes(8, "big") for parent in parents]
    columns["parent_span_id"] = pa.array(named, pa.binary(8))
    columns["start_time_unix_nano"] = pa.array(START + starts, pa.int64()).cast(
        one.schema.field("start_time_unix_nano").type
    )
    made = Batch.from_arrow(pa.record_batch(list(columns.values()), schema=one.schema))
    begin = time.process_time()
    found = pa.record_batch(structure(made))
    seconds = time.process_time() - begin
    assert found.num_rows == count
    return made, seconds


LARGE = 200_000
SECONDS_MAX = 2.5
"""A quadratic step would take minutes."""


@pytest.mark.parametrize("shape", ["chain", "fan", "equal ids", "circle", "many circles"])
def test_no_shape_of_a_large_trace_is_slow(shape: str) -> None:
    numbers = np.arange(1, LARGE + 1, dtype=np.uint64) | np.uint64(1 << 56)
    starts = np.arange(LARGE)
    before = np.concatenate([[0], numbers[:-1]]).astype(np.uint64)
    cases = {
        "chain": (before, numbers),
        "fan": (np.where(numbers == numbers[0], 0, numbers[0]), numbers),
        "equal ids": (np.full(LARGE, numbers[0]), np.full(LARGE, numbers[0])),
        "circle": (np.roll(numbers, 1), numbers),
        "many circles": (np.arange(1, LARGE + 1, dtype=np.uint64) ^ np.uint64(1) | np.uint64(1 << 56), numbers),
    }
    parents, ids = cases[shape]
    _, seconds = _large(parents, ids, starts)
    assert seconds < SECONDS_MAX
