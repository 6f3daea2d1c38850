"""Datagrams of the agent, many as one payload: the same spans as one by one, and a broken one harms nobody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lymer.component.errors import DecodeError
from lymer.model.batch import SpanBatch
from lymer.wire.codecs import decode
from lymer.wire.jaeger_datagrams import FORMAT, join_datagrams, read_datagrams

CORPUS = Path(__file__).parents[2] / "corpus"
MESSAGES = [
    (CORPUS / name).read_bytes()
    for name in (
        "jaeger/emit-batch-compact.bin",
        "jaeger/emit-batch-strict.bin",
        "jaeger/emit-batch-old.bin",
        "jaeger/batch-compact.bin",
        "zipkin/emit-zipkin-batch-compact.bin",
    )
]
BROKEN = [
    (CORPUS / name).read_bytes()
    for name in ("jaeger/emit-batch-compact-cut.bin", "jaeger/emit-reply.bin", "jaeger/emit-nothing-known.bin")
]


def rows_of(*datagrams: bytes) -> list[dict[str, object]]:
    """Each datagram decoded alone."""
    return [row for data in datagrams for row in plain(decode("jaegerthrift", data).batch)]


def plain(batch: SpanBatch) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = batch.record_batch.to_pylist()
    return rows


def test_datagrams_of_every_kind_give_the_rows_that_each_gives_alone() -> None:
    decoded, broken, _ = read_datagrams(join_datagrams(MESSAGES))
    assert plain(decoded.batch) == rows_of(*MESSAGES)
    assert broken == []


@given(some.lists(some.sampled_from(MESSAGES + BROKEN) | some.binary(max_size=40), max_size=8))
def test_a_broken_datagram_gives_no_row_and_takes_none_from_its_neighbours(datagrams: list[bytes]) -> None:
    good, bad = [], 0
    for datagram in datagrams:
        try:
            decode("jaegerthrift", datagram)
        except DecodeError:
            bad += 1
        else:
            good.append(datagram)
    decoded, broken, _ = read_datagrams(join_datagrams(datagrams))
    assert plain(decoded.batch) == rows_of(*good)
    assert len(broken) == bad


def test_every_cut_of_a_datagram_is_broken_and_its_neighbours_stay() -> None:
    whole = MESSAGES[0]
    cuts = [whole[:end] for end in range(len(whole))]
    decoded, broken, _ = read_datagrams(join_datagrams([whole, *cuts, whole]))
    readable = [cut for cut in cuts if _reads(cut)]
    assert plain(decoded.batch) == rows_of(whole, *readable, whole)
    assert len(broken) == len(cuts) - len(readable)


def test_refused_spans_are_counted_over_all_datagrams() -> None:
    payload = (CORPUS / "jaeger/batch-one-span-without-an-id.bin").read_bytes()
    expected = json.loads((CORPUS / "jaeger/expected.json").read_text())["batch-one-span-without-an-id.bin"]
    decoded, _, _ = read_datagrams(join_datagrams([payload, payload]))
    assert {refusal.reason: refusal.count for refusal in decoded.refused} == {
        reason: 2 * count for reason, count in expected["refused"].items()
    }


def test_the_log_reads_the_same_rows_again() -> None:
    decoded, _, _ = read_datagrams(join_datagrams([*MESSAGES, *BROKEN]))
    assert decoded.batch.payload is not None
    again = decode(decoded.batch.payload.format, decoded.batch.payload.data)
    assert plain(again.batch) == plain(decoded.batch)


@pytest.mark.parametrize("payload", [b"\x01", b"\x05\x00\x00\x00abcd", b"\xff\xff\xff\xff"])
def test_lengths_that_do_not_fit_are_an_error(payload: bytes) -> None:
    with pytest.raises(DecodeError, match="cut at byte 0"):
        decode(FORMAT, payload)


def _reads(datagram: bytes) -> bool:
    try:
        decode("jaegerthrift", datagram)
    except DecodeError:
        return False
    return True
