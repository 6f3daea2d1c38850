"""Sealed segments: what went in comes out, others can read the file, damage is named."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from lymer._native import (
    Batch,
    OpenBuffer,
    Segment,
    View,
    decode_otlp_proto,
    encode_otlp_proto,
    merge_batches,
    merge_segments,
)
from lymer.conformance.spans import Row, batch, event, link, span, to_rows
from lymer.model.attributes import Pairs
from lymer.model.batch import SpanBatch
from tests.wire.otlp_strategies import requests

ROW_GROUP = 131_072


def columns(rows: list[Row]) -> Batch:
    return Batch.from_arrow(batch(rows).record_batch)


def rows_of(columns: Batch) -> list[Row]:
    """As dicts; doubles are ints in THE schema, so that equal means equal bit for bit."""
    return to_rows(SpanBatch(columns))


def everything(view: View) -> list[Row]:
    """All spans of a view: traces by id, pre-order inside."""
    ids = view.trace_ids()
    numbers = sorted(range(view.trace_count), key=lambda number: ids[16 * number : 16 * number + 16])
    return rows_of(view.read(numbers))


@contextmanager
def sealed(buffer: OpenBuffer, options: str = "") -> Iterator[tuple[Segment, Path]]:
    with TemporaryDirectory() as directory:
        buffer.seal(directory, "one", options)
        yield Segment.open(directory, "one", verify=True), Path(directory)


def shop(seed: int, traces: int) -> list[Row]:
    """Traces of every kind of attribute, in random order of arrival."""
    rng = random.Random(seed)
    rows = []
    for trace in range(1, traces + 1):
        for number in range(1, rng.randint(2, 9)):
            attributes: list[tuple[str, Any]] = [
                ("http.route", rng.choice(["/a", "/b", "/ü"])),
                ("http.response.status_code", rng.choice([200, 500])),
                ("request.id", f"{rng.getrandbits(64):016x}"),
                ("score", rng.choice([0.5, 1.0, float("nan"), float("-inf"), -0.0])),
                ("sampled", rng.random() < 0.5),
                ("raw", rng.randbytes(3)),
                ("list", [1, "two", None, 3.0]),
                ("map", Pairs([("k", 1), ("k", 2)])),
                ("nothing", None),
                (f"rare.{rng.randint(0, 300)}", rng.choice(["x", 7, 2.5, True, b"\x00", [1]])),
                ("twice", 1),
                ("twice", 2),
                ("either", rng.choice(["text", 5])),
            ]
            rng.shuffle(attributes)
            rows.append(
                span(
                    trace,
                    number,
                    rng.choice([None, rng.randint(1, number)]) if number > 1 else None,
                    start=trace * 1000 + rng.randint(0, 500),
                    duration=rng.randint(0, 800),
                    service=rng.choice(["cart", "pay", "web"]),
                    name=rng.choice(["GET /a", "SELECT"]),
                    kind=rng.choice(["server", "client", "internal"]),
                    status=rng.choice(["unset", "ok", "error"]),
                    attributes=attributes[: rng.randint(0, len(attributes))],
                    resource=[("host", rng.choice("abc"))],
                    scope=[("v", 1)] if rng.random() < 0.1 else [],
                    events=[event("boom", 3, {"k": rng.randint(0, 3)}, 1)] if rng.random() < 0.2 else [],
                    links=[link(7, 8, {"why": "x"})] if rng.random() < 0.1 else [],
                    status_message=rng.choice(["", "no"]),
                    trace_state=rng.choice(["", "a=b"]),
                    dropped_attributes_count=rng.choice([0, 3]),
                    dropped_events_count=rng.choice([0, 2]),
                    dropped_links_count=rng.choice([0, 1]),
                    flags=rng.choice([0, 1, 0x101]),
                )
            )
    rng.shuffle(rows)
    return rows


def filled(rows: list[Row], at_once: int = 50) -> OpenBuffer:
    buffer = OpenBuffer()
    for position in range(0, len(rows), at_once):
        buffer.append(columns(rows[position : position + at_once]), position)
    return buffer


@pytest.mark.parametrize("options", ["", '{"columns_max": 3}', '{"columns_max": 0}', '{"rare_one_in": 2}'])
def test_what_goes_in_comes_out(options: str) -> None:
    rows = shop(1, 200)
    buffer = filled(rows)
    wanted = everything(buffer)
    assert len(wanted) == len(rows)
    with sealed(buffer, options) as (segment, _):
        assert everything(segment) == wanted


@settings(max_examples=150, deadline=None)
@given(requests())
def test_otlp_comes_out_as_it_went_in(request: ExportTraceServiceRequest) -> None:
    decoded, _ = decode_otlp_proto(request.SerializeToString())
    buffer = OpenBuffer()
    buffer.append(decoded, 0)
    wanted = sorted(rows_of(merge_batches([decoded])), key=lambda row: row["trace_id"])
    with sealed(buffer) as (segment, _):
        assert everything(segment) == wanted
        encoded = encode_otlp_proto(segment.read(list(range(segment.trace_count))))
        again = rows_of(decode_otlp_proto(encoded)[0])
        assert sorted(again, key=lambda row: row["trace_id"]) == wanted


def test_ten_pieces_merged_are_what_one_seal_makes() -> None:
    rows = shop(2, 300)
    with TemporaryDirectory() as directory:
        filled(rows).seal(directory, "direct", "")
        pieces = []
        for piece in range(10):
            filled(rows[piece::10]).seal(directory, f"piece{piece}", "")
            pieces.append(Segment.open(directory, f"piece{piece}"))
        merge_segments(list(pieces), b"", directory, "merged", "")
        direct, merged = Segment.open(directory, "direct"), Segment.open(directory, "merged", verify=True)
        assert direct.trace_ids() == merged.trace_ids()
        assert everything(direct) == everything(merged)
        structure = ["parent_distance", "depth", "subtree_size", "self_time_nano", "critical_time_nano", "span_id"]
        tables = [pq.read_table(f"{directory}/{name}.parquet", columns=structure) for name in ("direct", "merged")]
        assert tables[0].equals(tables[1])


def test_a_dropped_trace_is_nowhere_in_the_merged_files() -> None:
    rows = [*shop(3, 20), span(77, 1, attributes={"secret": "do not keep me"})]
    with TemporaryDirectory() as directory:
        filled(rows).seal(directory, "old", "")
        old = Segment.open(directory, "old")
        merge_segments([old], (77).to_bytes(16, "big"), directory, "new", "")
        new = Segment.open(directory, "new", verify=True)
        assert (old.trace_count, new.trace_count) == (21, 20)
        for path in Path(directory).glob("new.*"):
            assert b"do not keep me" not in path.read_bytes()
            assert b"secret" not in path.read_bytes()


def test_equal_spans_are_one_and_others_that_share_an_id_are_kept() -> None:
    twice = span(1, 1, attributes={"request.id": "x"})
    other = span(1, 1, attributes={"request.id": "y"})
    buffer = filled([twice, other, twice])
    assert buffer.span_count == 2
    with TemporaryDirectory() as directory:
        for name in ("a", "b"):
            buffer.seal(directory, name, "")
        merge_segments([Segment.open(directory, name) for name in ("a", "b")], b"", directory, "c", "")
        assert Segment.open(directory, "c").span_count == 2


def test_an_empty_buffer_makes_an_empty_segment() -> None:
    with sealed(OpenBuffer()) as (segment, _):
        assert (segment.span_count, segment.trace_count, segment.min_start, segment.max_start) == (0, 0, 0, 0)
        assert everything(segment) == []


def test_bounds_are_those_of_the_spans() -> None:
    rows = [span(1, 1, start=5), span(1, 2, start=90), span(2, 1, start=50)]
    with sealed(filled(rows)) as (segment, _):
        starts = [row["start_time_unix_nano"] for row in rows]
        assert (segment.min_start, segment.max_start) == (min(starts), max(starts))
        assert segment.max_trace_start == starts[2]


# --- other readers ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shop_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Row], str]:
    rows = shop(4, 300)
    directory = tmp_path_factory.mktemp("segments")
    filled(rows).seal(str(directory), "shop", "")
    return rows, str(directory / "shop.parquet")


def _values(row: Row, key: str, types: set[int]) -> list[Any]:
    return [item for item in row["attributes"] if item["key"] == key and item["type"] in types]


def _expected(rows: list[Row]) -> dict[tuple[bytes, bytes], Row]:
    return {(row["trace_id"], row["span_id"]): row for row in rows}


def _check(found: list[dict[str, Any]], rows: list[Row]) -> None:
    expected = _expected(rows)
    assert len(found) == len(rows)
    for row in found:
        wanted = expected[row["trace_id"], row["span_id"]]
        assert row["service_name"] == wanted["service_name"]
        assert row["duration_nano"] == wanted["duration_nano"]
        assert row["parent_span_id"] == wanted["parent_span_id"]
        assert row["start"] == wanted["start_time_unix_nano"]
        request = _values(wanted, "request.id", {1})
        assert row["attributes.request.id"] == (request[0]["text"].decode() if request else None)
        code = _values(wanted, "http.response.status_code", {3})
        assert row["attributes.http.response.status_code"] == (code[0]["number"] if code else None)
        assert len(row["events"]) == len(wanted["events"])
        if wanted["events"]:
            assert json.loads(row["events"][0]["attributes"]) == json.loads(wanted["events"][0]["attributes"])
        assert json.loads(row["resource_attributes"]) == json.loads(wanted["resource_attributes"])


COLUMNS = [
    "trace_id",
    "span_id",
    "parent_span_id",
    "service_name",
    "duration_nano",
    "attributes.request.id",
    "attributes.http.response.status_code",
    "events",
    "resource_attributes",
]


def test_duckdb_reads_the_file_as_it_comes(shop_files: tuple[list[Row], str]) -> None:
    rows, path = shop_files
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    found = duckdb.sql(f"select {names}, epoch_ns(start_time) as start from '{path}'").to_arrow_table()
    _check(found.drop_columns("events").append_column("events", _event_texts(path)).to_pylist(), rows)
    longest = duckdb.sql(f"select max(duration_nano) from '{path}' where service_name = 'cart'").fetchall()
    assert longest == [(max(row["duration_nano"] for row in rows if row["service_name"] == "cart"),)]


def test_polars_reads_the_file_as_it_comes(shop_files: tuple[list[Row], str]) -> None:
    rows, path = shop_files
    frame = pl.read_parquet(path).with_columns(start=pl.col("start_time").dt.epoch("ns"))
    found = frame.select([*[name for name in COLUMNS if name != "events"], "start"]).to_arrow()
    _check(found.append_column("events", _event_texts(path)).to_pylist(), rows)
    assert frame["events"].list.len().sum() == sum(len(row["events"]) for row in rows)


def test_pyarrow_reads_the_file_as_it_comes(shop_files: tuple[list[Row], str]) -> None:
    rows, path = shop_files
    table = pq.read_table(path)
    table.validate(full=True)
    start = table["start_time"].cast(pa.int64())
    found = table.select([name for name in COLUMNS if name != "events"]).append_column("start", start)
    _check(found.append_column("events", _event_texts(path)).to_pylist(), rows)


def _event_texts(path: str) -> pa.ChunkedArray:
    """Events without their times, which Python's datetime cannot hold."""
    table = duckdb.sql(f"select [{{'attributes': e.attributes}} for e in events] as events from '{path}'")
    return table.to_arrow_table()["events"]


def test_all_readers_agree_on_every_column(shop_files: tuple[list[Row], str]) -> None:
    _, path = shop_files
    arrow = pq.read_table(path)
    times = {"start_time", "events"}
    names = [name for name in arrow.schema.names if name not in times]
    duck = duckdb.sql(f"select * from '{path}'").to_arrow_table()
    polars = pl.read_parquet(path)
    for name in names:
        values = [_nan_as_text(value) for value in arrow[name].to_pylist()]
        assert [_nan_as_text(value) for value in duck[name].to_pylist()] == values, name
        if name != "attributes_rest":
            assert [_nan_as_text(value) for value in polars[name].to_list()] == values, name


def _nan_as_text(value: Any) -> Any:
    return "NaN" if isinstance(value, float) and value != value else value


def test_bloom_filters_and_listed_values_say_what_is_not_there() -> None:
    rows = [span(n, 1, attributes={"request.id": f"id-{n}", "route": "/a"}) for n in range(1, 6001)]
    with sealed(filled(rows, 1000)) as (segment, directory):
        for where, count in (("id-17", 1), ("nowhere", 0)):
            compare = {"op": "compare", "attribute": "request.id", "scope": "any", "cmp": "=", "value": where}
            plan = {
                "where": {"op": "any_span", "where": compare},
                "min_start": -(2**63),
                "max_start": 2**63 - 1,
                "order": "newest",
                "limit": 5,
                "after": None,
                "with_total": True,
                "skip_trace_ids": "",
            }
            assert pa.record_batch(segment.search(json.dumps(plan))).num_rows == count
        path = directory / "one.parquet"
        for value, groups in (("id-17", "1 / 1"), ("nowhere", "0 / 1")):
            query = f"""explain analyze select * from '{path}' where "attributes.request.id" = '{value}'"""
            assert f"Row Groups Scanned: {groups}" in duckdb.sql(query).fetchall()[0][1]


# --- damage ----------------------------------------------------------------------------------------------------------


def test_a_flipped_byte_anywhere_is_named(tmp_path: Path) -> None:
    filled(shop(5, 60)).seal(str(tmp_path), "one", "")
    rng = random.Random(5)
    for ending in ("idx", "parquet"):
        path = tmp_path / f"one.{ending}"
        whole = path.read_bytes()
        for at in [*rng.sample(range(len(whole)), 150), 0, len(whole) - 1]:
            damaged = bytearray(whole)
            damaged[at] ^= 1 << rng.randrange(8)
            path.write_bytes(damaged)
            with pytest.raises(ValueError, match="segment one"):
                Segment.open(str(tmp_path), "one", verify=True)
        path.write_bytes(whole)
    Segment.open(str(tmp_path), "one", verify=True)


def test_reading_damage_is_an_error_and_never_a_crash(tmp_path: Path) -> None:
    """Without `verify` a read may find damage, or may not see it; it ends in an answer or a ValueError."""
    filled(shop(6, 60)).seal(str(tmp_path), "one", "")
    path = tmp_path / "one.parquet"
    whole = path.read_bytes()
    rng = random.Random(6)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(rng.choice([1, 1, 20])):
            damaged[rng.randrange(len(whole))] = rng.randrange(256)
        path.write_bytes(damaged)
        try:
            segment = Segment.open(str(tmp_path), "one")
            segment.read(list(range(segment.trace_count)))
        except ValueError:
            refused += 1
    assert refused > 30


def test_a_file_cut_off_is_named(tmp_path: Path) -> None:
    filled(shop(7, 30)).seal(str(tmp_path), "one", "")
    for ending in ("idx", "parquet"):
        path = tmp_path / f"one.{ending}"
        whole = path.read_bytes()
        for length in (0, 1, 23, 100, len(whole) // 2, len(whole) - 1):
            path.write_bytes(whole[:length])
            with pytest.raises(ValueError, match="segment one"):
                Segment.open(str(tmp_path), "one")
        path.write_bytes(whole)


def test_an_index_from_the_future_says_so(tmp_path: Path) -> None:
    filled(shop(8, 3)).seal(str(tmp_path), "one", "")
    path = tmp_path / "one.idx"
    whole = bytearray(path.read_bytes())
    whole[8:12] = (99).to_bytes(4, "little")
    path.write_bytes(whole)
    with pytest.raises(ValueError, match=r"version 99.*use a newer"):
        Segment.open(str(tmp_path), "one")


def test_a_seal_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nowhere"):
        filled(shop(9, 3)).seal(str(tmp_path / "nowhere"), "one", "")
    (tmp_path / "one.idx").mkdir()
    with pytest.raises(ValueError, match=r"one\.idx"):
        filled(shop(9, 3)).seal(str(tmp_path), "one", "")
    assert not list(tmp_path.glob("*.tmp"))


def test_few_but_huge_values_do_not_fill_the_index(tmp_path: Path) -> None:
    """Few distinct values are listed in the index, but only while they are small together."""
    rng = random.Random(10)
    values = [rng.randbytes(50_000).hex() for _ in range(12)]
    rows = [span(n, 1, attributes={"body": values[n % 12], "small": f"s{n % 12}"}) for n in range(1, 241)]
    filled(rows).seal(str(tmp_path), "one", "")
    assert (tmp_path / "one.idx").stat().st_size < 100_000 < (tmp_path / "one.parquet").stat().st_size
    assert everything(Segment.open(str(tmp_path), "one", verify=True)) == everything(filled(rows))


# --- large -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_several_row_groups_and_pages_read_as_one() -> None:
    count = ROW_GROUP + 9_000
    one = batch([span(1, 1, attributes={"k": "v"}, events=[event("e", 1)])]).record_batch
    taken = {name: one[name].take(pa.array([0] * count, pa.int32())) for name in one.schema.names}
    taken["trace_id"] = pa.array([(n // 7 + 1).to_bytes(16, "big") for n in range(count)], pa.binary(16))
    taken["span_id"] = pa.array([(n + 1).to_bytes(8, "big") for n in range(count)], pa.binary(8))
    buffer = OpenBuffer()
    buffer.append(Batch.from_arrow(pa.record_batch(list(taken.values()), schema=one.schema)), 0)
    with sealed(buffer) as (segment, _):
        read = everything(segment)
        assert [row["span_id"] for row in read] == taken["span_id"].to_pylist()
        assert {json.dumps(row["attributes"], default=str) for row in read} == {
            json.dumps(read[0]["attributes"], default=str)
        }
        picked = [0, segment.trace_count - 1, segment.trace_count // 2]
        parts = [rows_of(segment.read([number])) for number in picked]
        assert rows_of(segment.read(picked)) == [row for part in parts for row in part]
