"""Short cuts give the same answers: known calls without skipped traces, cut-offs, many views; damage is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lymer._native import OpenBuffer, Segment, View, graph_views, merge_graph, search_views
from lymer.conformance.spans import Row, batch, span, trace_id
from lymer.conformance.strategies import batches
from lymer.model.search import EVERYTHING, Order, TraceSearch
from lymer.model.trace import GRAPH_SCHEMA
from lymer.storage.base import ALWAYS
from lymer.storage.memory import answers
from lymer.wire.columns import native_columns
from tests.storage.embedded.views import EXAMPLES, FIGURES, matching, plain, plan, summary_rows, trees, views

QUICK = settings(
    deadline=None,
    max_examples=min(30, EXAMPLES),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@QUICK
@given(batches(), st.sets(st.integers(0, 6)))
def test_known_calls_without_skipped_traces_are_the_oracles(written: list[list[Row]], skipped: set[int]) -> None:
    ids = {trace_id(number) for number in skipped}
    kept = [tree for tree in trees(written) if tree.rows[0]["trace_id"] not in ids]
    expected = answers.service_graph(kept, EVERYTHING, ALWAYS).to_pylist()
    question = json.dumps({"skip_trace_ids": b"".join(sorted(ids)).hex()})
    with views(written) as kinds:
        for part in graph_views(kinds, [question] * len(kinds)):
            assert pa.table(pa.record_batch(merge_graph([part]))).cast(GRAPH_SCHEMA).to_pylist() == expected


@QUICK
@given(batches(), st.sampled_from(Order), st.integers(1, 6), st.data())
def test_a_cut_off_leaves_out_what_stands_behind_it_and_nothing_else(
    written: list[list[Row]], order: Order, limit: int, data: st.DataObject
) -> None:
    search = TraceSearch(order=order, limit=limit, with_total=True)
    expected = [plain(summary) for summary in matching(written, search)]
    if not expected:
        return
    figure = FIGURES[order]
    cut_off = data.draw(st.sampled_from([row[figure] for row in expected]))
    needed = [row for row in expected[:limit] if _stands_before(order, row[figure], cut_off)]
    with views(written) as kinds:
        for answer in search_views(kinds, [plan(search, cut_off=cut_off)] * len(kinds)):
            assert summary_rows(answer)[: len(needed)] == needed
            assert (pa.record_batch(answer).schema.metadata or {})[b"total"] == str(len(expected)).encode()


def _stands_before(order: Order, figure: int, cut_off: int) -> bool:
    return figure <= cut_off if order in (Order.OLDEST, Order.SHORTEST) else figure >= cut_off


def test_many_views_answer_in_their_order() -> None:
    buffers: list[View] = []
    for number in range(40):
        buffer = OpenBuffer()
        buffer.append(native_columns(batch([span(number + 1, 1)])), 0)
        buffers.append(buffer)
    found = search_views(buffers, ["{}"] * 40)
    assert [summary_rows(answer)[0]["trace_id"] for answer in found] == [trace_id(n + 1) for n in range(40)]
    assert search_views([], []) == []
    with pytest.raises(ValueError, match="every view needs a plan"):
        search_views(buffers, ["{}"])
    with pytest.raises(ValueError, match="unknown order"):
        search_views(buffers, [*["{}"] * 20, '{"order": "x"}', *["{}"] * 19])


def sealed(folder: Path) -> Segment:
    buffer = OpenBuffer()
    for number in range(1, 400):
        rows = [span(number, 1), span(number, 2, 1, service=f"s{number % 7}", attributes={"k": f"v{number % 11}"})]
        buffer.append(native_columns(batch(rows)), number)
    buffer.seal(str(folder), "one", "{}")
    return Segment.open(str(folder), "one")


@pytest.mark.parametrize(
    "ask",
    [
        lambda segment, value: segment.search(json.dumps({"where": _any_span({"attribute": "k"}, value)})),
        lambda segment, _: segment.read(list(range(segment.trace_count))),
    ],
    ids=["search", "read"],
)
def test_a_flipped_byte_in_a_page_of_codes_is_told_by_the_read_that_meets_it(
    tmp_path: Path, ask: Callable[[Segment, str], object]
) -> None:
    whole = sealed(tmp_path)
    ask(whole, "v3")
    del whole
    file = tmp_path / "one.parquet"
    start, length = _data_page_of(file, "attributes.k")
    data = bytearray(file.read_bytes())
    data[start + length - 6] ^= 1  # Behind the header, before the checksum.
    file.write_bytes(data)
    damaged = Segment.open(str(tmp_path), "one")
    with pytest.raises(ValueError, match="damaged: the page at byte"):
        ask(damaged, "v3")


def _data_page_of(file: Path, column: str) -> tuple[int, int]:
    import pyarrow.parquet as pq

    group = pq.ParquetFile(file).metadata.row_group(0)
    (chunk,) = [group.column(at) for at in range(group.num_columns) if group.column(at).path_in_schema == column]
    return chunk.data_page_offset, chunk.total_compressed_size - (chunk.data_page_offset - chunk.dictionary_page_offset)


def _any_span(subject: dict[str, str], value: str) -> dict[str, object]:
    return {"op": "any_span", "where": {"op": "compare", **subject, "scope": "span", "cmp": "=", "value": value}}
