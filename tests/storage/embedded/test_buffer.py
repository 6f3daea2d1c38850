"""The open buffer: visible at once, snapshots that stay, parts that are split off, equal spans that are one."""

from __future__ import annotations

import threading
from pathlib import Path

import pyarrow as pa
import pytest

from lymer._native import Batch, OpenBuffer, Segment
from lymer.conformance.spans import NOON, Row, batch, event, link, span, to_rows, trace_id
from lymer.model.batch import SpanBatch

ALL = 2**63 - 1


def columns(rows: list[Row]) -> Batch:
    return Batch.from_arrow(batch(rows).record_batch)


def filled(*batches: tuple[int, list[Row]]) -> OpenBuffer:
    buffer = OpenBuffer()
    for position, rows in batches:
        buffer.append(columns(rows), position)
    return buffer


def everything(buffer: OpenBuffer) -> list[Row]:
    rows = to_rows(SpanBatch(buffer.read(list(range(buffer.trace_count)))))
    return sorted(rows, key=lambda row: (row["trace_id"], row["span_id"]))


def test_what_is_appended_is_seen_by_the_next_read() -> None:
    buffer = filled((1, [span(1, 1)]))
    assert (buffer.span_count, buffer.trace_count) == (1, 1)
    buffer.append(columns([span(1, 2, 1, start=-5), span(2, 1, start=70)]), 2)
    assert (buffer.span_count, buffer.trace_count) == (3, 2)
    assert (buffer.min_start, buffer.max_start, buffer.max_trace_start) == (NOON - 5, NOON + 70, NOON + 70)
    assert len(everything(buffer)) == 3


def test_a_group_is_appended_batch_after_batch() -> None:
    group = [[span(1, 1)], [span(2, 1), span(1, 2)], [span(3, 1)]]
    one, other = filled(*enumerate(group, 5)), OpenBuffer()
    assert other.append_group([columns(rows) for rows in group], 5) == [None, None, None]
    assert everything(other) == everything(one)
    assert (
        [other.traces_idle(position) for position in (6, 7, 8)]
        == [0, 3, 4]
        == [one.traces_idle(position) for position in (6, 7, 8)]
    )


def test_numbers_of_traces_stay_valid() -> None:
    buffer = filled((1, [span(1, 1)]), (2, [span(2, 1)]))
    for position in range(3, 40):
        buffer.append(columns([span(position, 1), span(1, position)]), position)
    first = to_rows(SpanBatch(buffer.read([0])))
    assert {row["trace_id"] for row in first} == {trace_id(1)}
    assert len(first) == 38


def test_spans_that_are_repeated_are_kept_once() -> None:
    rows = [span(1, n, attributes={"k": n, "id": f"{n:040x}"}, events=[event("e", n)]) for n in range(1, 3000)]
    buffer = filled((1, rows), (2, rows[:500]), (3, rows))
    assert buffer.span_count == len(rows)
    assert everything(buffer) == sorted(rows, key=lambda row: (row["trace_id"], row["span_id"]))


@pytest.mark.parametrize(
    "change",
    [
        {"flags": 1},
        {"kind": 2},
        {"status_code": 1},
        {"status_message": "x"},
        {"trace_state": "a=b"},
        {"dropped_links_count": 1},
        {"duration_nano": 7},
        {"service_name": "other"},
        {"resource_dropped_attributes_count": 2},
        {"resource_entity_refs": b"\x01"},
        {"scope_version": "2"},
        {"parent_span_id": bytes(7) + b"\x05"},
        {"attributes": span(attributes={"k": 1.0})["attributes"]},
        {"attributes": span(attributes=[("k", 1), ("k", 1)])["attributes"]},
        {"events": [event("e", 1)]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_spans_that_differ_anywhere_are_both_kept(change: Row) -> None:
    one = span(1, 1, attributes={"k": 1})
    assert filled((1, [one, one | change, one])).span_count == 2


def test_memory_is_counted() -> None:
    buffer = OpenBuffer()
    empty = buffer.memory_bytes
    rows = [span(n, 1, attributes={"text": f"{n:0100d}"}) for n in range(1, 5001)]
    buffer.append(columns(rows), 1)
    assert 5000 * 250 < buffer.memory_bytes - empty < 5000 * 500


def test_the_smallest_position_is_that_of_the_oldest_row() -> None:
    assert OpenBuffer().min_position > 2**62
    buffer = filled((7, [span(1, 1)]), (9, [span(2, 1), span(1, 2)]))
    assert buffer.min_position == 7


# --- split -----------------------------------------------------------------------------------------------------------


def young_and_old() -> OpenBuffer:
    old = [span(n, 1, attributes={"id": f"old-{n}"}, events=[event("e", n)]) for n in range(1, 50)]
    mixed = [span(n, m, 1, attributes={"id": f"young-{n}-{m}"}) for n in range(100, 130) for m in range(2, 5)]
    roots = [span(n, 1) for n in range(100, 130)]
    return filled((10, old), (20, roots), (30, mixed))


def test_a_split_keeps_every_span_on_one_side() -> None:
    buffer = young_and_old()
    assert buffer.traces_idle(15) == 49
    idle, rest = buffer.split(15)
    assert (idle.span_count, rest.span_count) == (49, 120)
    assert everything(idle) + everything(rest) == everything(buffer)
    assert (idle.min_position, rest.min_position) == (10, 20)
    assert rest.traces_idle(31) == 120


def test_a_split_off_part_answers_as_a_view_of_its_own(tmp_path: Path) -> None:
    idle, rest = young_and_old().split(15)
    ids = b"".join(trace_id(n) for n in (1, 49, 100, 129))
    assert [idle.find(ids).num_rows, rest.find(ids).num_rows] == [2, 2]
    assert idle.trace_ids() == b"".join(trace_id(n) for n in range(1, 50))
    idle.seal(str(tmp_path), "one", "")
    segment = Segment.open(str(tmp_path), "one", verify=True)
    assert sorted(to_rows(SpanBatch(segment.read(list(range(49))))), key=lambda row: row["trace_id"]) == everything(
        idle
    )


def test_splitting_at_the_end_takes_everything() -> None:
    buffer = young_and_old()
    idle, rest = buffer.split(ALL)
    assert (idle.span_count, rest.span_count) == (buffer.span_count, 0)
    rest.append(columns([span(1, 1)]), 40)
    assert rest.span_count == 1


def test_splitting_at_the_beginning_takes_nothing() -> None:
    buffer = young_and_old()
    idle, rest = buffer.split(1)
    assert (idle.span_count, rest.span_count) == (0, buffer.span_count)
    assert everything(rest) == everything(buffer)


def test_what_is_about_to_be_sealed_takes_nothing_in() -> None:
    idle, _ = young_and_old().split(15)
    with pytest.raises(ValueError, match="about to be sealed"):
        idle.append(columns([span(1, 1)]), 40)
    (reason,) = idle.append_group([columns([span(1, 1)])], 40)
    assert reason is not None
    assert "about to be sealed" in reason


def test_a_part_of_a_part_can_be_split_again() -> None:
    buffer = young_and_old()
    _, rest = buffer.split(15)
    idle, nothing = rest.split(31)
    assert (idle.span_count, nothing.span_count) == (120, 0)


def test_what_was_carried_over_is_equal_and_known_when_it_is_sent_again() -> None:
    old = [span(n, 1, attributes={"id": f"old-{n}"}) for n in range(1, 30)]
    values = {"text": "é", "yes": True, "no": False, "int": -5, "double": 0.5, "bytes": b"\xff", "list": [1], "map": {}}
    young = [
        span(
            n,
            m,
            attributes=[*values.items(), ("id", f"{n}-{m}"), ("id", "again"), ("none", None)],
            events=[event("e", m, attributes={"n": n}), event("f", 1)],
            links=[link(n, m)],
            status_message=f"failed {n % 3}",
            trace_state="a=b" if m % 2 else "",
            service_name=f"s{m % 3}",
            scope_version=f"{n % 2}",
            dropped_events_count=m % 2,
        )
        for n in range(100, 400)
        for m in range(1, 4)
    ]
    buffer = filled((10, old), (20, young))
    _, rest = buffer.split(15)
    assert everything(rest) == sorted(young, key=lambda row: (row["trace_id"], row["span_id"]))
    rest.append(columns(young), 30)
    assert rest.span_count == len(young)
    again = filled((1, young))
    assert pa.table(rest.attribute_keys()).sort_by("key") == pa.table(again.attribute_keys()).sort_by("key")
    rest.append(columns(old), 40)
    assert rest.span_count == buffer.span_count


# --- readers beside the writer ---------------------------------------------------------------------------------------


def test_readers_see_whole_batches_while_the_writer_goes_on() -> None:
    """Each batch is one trace of 50 spans: whoever sees a trace sees all of it."""
    buffer = OpenBuffer()
    batches = [columns([span(n, m, attributes={"id": f"{n}-{m}"}) for m in range(1, 51)]) for n in range(1, 201)]
    wrong: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            count = buffer.trace_count
            if count:
                rows = buffer.read(list(range(count))).num_rows
                if rows != 50 * count:
                    wrong.append(rows)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for position, rows in enumerate(batches):
        buffer.append(rows, position)
    done.set()
    for reader in readers:
        reader.join()
    assert not wrong
    assert buffer.span_count == 200 * 50


# --- odd input -------------------------------------------------------------------------------------------------------


def test_odd_times_and_sizes_come_back(tmp_path: Path) -> None:
    rows = [
        span(1, 1, start_time_unix_nano=0, duration_nano=-5),
        span(1, 2, start_time_unix_nano=2**63 - 1, duration_nano=2**63 - 1),
        span(1, 3, start_time_unix_nano=-(2**63), duration_nano=-(2**63)),
        span(2, 1, name="n" * 2_000_000),
        span(3, 1, attributes=[(f"key.{n}", n) for n in range(20_000)]),
        span(4, 1, attributes={"": "", "k" * 1000: "v" * 100_000}, events=[event("", 0) for _ in range(5000)]),
    ]
    buffer = filled((1, rows))
    wanted = everything(buffer)
    assert wanted == sorted(rows, key=lambda row: (row["trace_id"], row["span_id"]))
    buffer.seal(str(tmp_path), "one", "")
    segment = Segment.open(str(tmp_path), "one", verify=True)
    read = to_rows(SpanBatch(segment.read(list(range(segment.trace_count)))))
    assert sorted(read, key=lambda row: (row["trace_id"], row["span_id"])) == wanted


def test_a_number_that_no_trace_has_is_an_error(tmp_path: Path) -> None:
    buffer = filled((1, [span(1, 1)]))
    buffer.seal(str(tmp_path), "one", "")
    for view in (buffer, Segment.open(str(tmp_path), "one")):
        with pytest.raises(ValueError, match="trace 1 of a"):
            view.read([0, 1])


@pytest.mark.slow
def test_what_repeats_is_stored_once_even_when_it_is_long(tmp_path: Path) -> None:
    """A text of 1 MB that 1,200 spans have twice is 2.4 GB for whoever writes it out."""
    text = "t" * 1_000_000
    buffer = OpenBuffer()
    for first in range(0, 1200, 50):
        rows = [
            span(first + n + 1, 1, attributes=[("k", text), ("k", text)], events=[event("e", 1, {"stack": text})])
            for n in range(50)
        ]
        buffer.append(columns(rows), first)
    assert buffer.memory_bytes < 20_000_000
    figures = buffer.seal(str(tmp_path), "one", "")
    assert figures["data_bytes"] < 5_000_000
    segment = Segment.open(str(tmp_path), "one", verify=True)
    assert to_rows(SpanBatch(segment.read([1199]))) == to_rows(SpanBatch(buffer.read([1199])))
    with pytest.raises(ValueError, match=r"fewer at once|overflow"):
        segment.read(list(range(1200)))
