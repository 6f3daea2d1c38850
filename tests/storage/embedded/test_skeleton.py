"""Skeletons of random traces, odd ones included, as a buffer and as a segment have them, say what structure.md says."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from lymer._native import Batch, OpenBuffer, View, merge_batches, structure
from lymer.api.span_json import attribute_value
from lymer.conformance.spans import NOON, batch, event, link, span, to_rows
from lymer.conformance.strategies import batches
from lymer.model.attributes import as_text, read_bag
from lymer.model.batch import SpanBatch
from lymer.model.trace import KIND_NAMES, STATUS_NAMES
from lymer.storage.memory.structure import Tree
from lymer.wire.skeleton import Skeleton, read_skeleton
from lymer.wire.trace_view import TraceView, Words
from tests.storage.embedded.views import trees, views

EVENTS, LINKS, ORPHAN, ADJUSTED, CRITICAL, CIRCLE = (1 << bit for bit in range(5, 11))


def looks(view: View):
    """Each trace of a view, with its id."""
    ids = view.trace_ids()
    return {ids[16 * number : 16 * number + 16]: TraceView(view, number) for number in range(view.trace_count)}


@given(batches())
@settings(max_examples=10, deadline=None)
def test_a_skeleton_says_what_the_structure_says(written):
    expected = {tree.rows[0]["trace_id"]: tree for tree in trees(written)}
    with views(written) as kinds:
        for view in kinds:
            found = looks(view)
            assert found.keys() == expected.keys()
            for trace_id, look in found.items():
                _compare(read_skeleton(look.skeleton()), look, expected[trace_id])


def _compare(skeleton: Skeleton, look: TraceView, tree: Tree) -> None:
    rows = to_rows(look.spans(range(len(skeleton))))
    assert [_key(row) for row in rows] == [_key(row) for row in tree.pre_order()]
    base = min(row["start_time_unix_nano"] for row in rows)
    assert skeleton.header["startTimeUnixNano"] == str(base)
    assert (
        skeleton.duration_nano == max(row["start_time_unix_nano"] + max(row["duration_nano"], 0) for row in rows) - base
    )
    assert skeleton.start.tolist() == [row["start_time_unix_nano"] - base for row in rows]
    assert skeleton.duration.tolist() == [row["duration_nano"] for row in rows]
    assert [skeleton.services[code] for code in skeleton.service] == [row["service_name"] for row in rows]
    assert [skeleton.names[code] for code in skeleton.name] == [row["name"] for row in rows]
    scopes = [
        f"{row['scope_name']} {row['scope_version']}" if row["scope_version"] else row["scope_name"] for row in rows
    ]
    assert [skeleton.header["scopes"][code] for code in skeleton.scope] == scopes
    assert skeleton.kind.tolist() == [row["kind"] for row in rows]
    assert ((skeleton.flags >> 3) & 3).tolist() == [row["status_code"] for row in rows]
    assert (skeleton.flags & EVENTS != 0).tolist() == [bool(row["events"]) for row in rows]
    assert (skeleton.flags & LINKS != 0).tolist() == [bool(row["links"]) for row in rows]
    _compare_tops(skeleton, rows, tree)
    _compare_figures(skeleton, look)


def _key(row):
    """What tells spans apart, but for those that may stand in any order."""
    return tuple(
        row[name] for name in ("start_time_unix_nano", "duration_nano", "span_id", "kind", "service_name", "name")
    )


def _compare_tops(skeleton: Skeleton, rows, tree: Tree) -> None:
    orphans = Counter(_key(tree.rows[position]) for position in tree.orphans)
    assert Counter(_key(rows[row]) for row in np.flatnonzero(skeleton.flags & ORPHAN)) == orphans
    assert skeleton.header["orphanCount"] == len(tree.orphans)
    assert _key(rows[skeleton.root]) == _key(tree.root)
    tops = Counter(_key(tree.rows[at]) for at, parent in enumerate(tree.parents) if parent is None)
    cut = tops - orphans - Counter(_key(tree.rows[position]) for position in tree.roots)
    assert Counter(_key(rows[row]) for row in np.flatnonzero(skeleton.flags & CIRCLE)) == cut
    missing = {parent["spanId"]: parent["count"] for parent in skeleton.header["missingParents"]}
    assert missing == Counter(tree.rows[position]["parent_span_id"].hex() for position in tree.orphans)


def _compare_figures(skeleton: Skeleton, look: TraceView) -> None:
    """Parent, self time and critical time as the sealing kernel finds them."""
    columns = Batch.from_arrow(look.spans(range(len(skeleton))).record_batch)
    figures = pa.record_batch(structure(columns)).to_pydict()
    assert skeleton.parent.tolist() == [-1 if parent is None else parent for parent in figures["parent"]]
    assert skeleton.self_time.tolist() == figures["self_time_nano"]
    top = skeleton.root
    while skeleton.parent[top] >= 0:
        top = skeleton.parent[top]
    tree = range(top, top + figures["subtree_size"][top])
    expected = [time if row in tree else 0 for row, time in enumerate(figures["critical_time_nano"])]
    assert skeleton.critical_time().tolist() == expected
    assert (skeleton.flags & CRITICAL != 0).tolist() == [time > 0 for time in expected]
    segments = sorted(zip(skeleton.critical_start.tolist(), skeleton.critical_end.tolist(), strict=True))
    assert all(start < end for start, end in segments)
    assert all(left[1] == right[0] for left, right in pairwise(segments))


@given(batches())
@settings(max_examples=6, deadline=None)
def test_json_says_the_same_as_bytes(written):
    with views(written) as kinds:
        for look in looks(kinds[1]).values():
            skeleton, plain = read_skeleton(look.skeleton()), json.loads(look.skeleton(as_json=True))
            assert plain["columns"]["start"] == skeleton.start.tolist()
            assert plain["columns"]["duration"] == skeleton.duration.tolist()
            assert plain["columns"]["flags"] == skeleton.flags.tolist()
            assert [-1 if row is None else row for row in plain["columns"]["parent"]] == skeleton.parent.tolist()
            assert plain["critical"]["row"] == skeleton.critical_row.tolist()
            assert plain["names"] == skeleton.names


@given(batches())
@settings(max_examples=6, deadline=None)
def test_parts_of_a_buffer_say_the_same(written):
    buffer = OpenBuffer()
    for position, rows in enumerate(written):
        buffer.append(Batch.from_arrow(batch(rows).record_batch), position)
    whole = looks(buffer)
    for part in buffer.split(max(1, len(written) // 2)):
        for trace_id, look in looks(part).items():
            assert look.skeleton() == whole[trace_id].skeleton()
            assert look.find(Words(("log",))) == whole[trace_id].find(Words(("log",)))
            count = look.span_count
            assert to_rows(look.spans(range(count))) == to_rows(whole[trace_id].spans(range(count)))


def one(rows) -> TraceView:
    return TraceView.of_batch(batch(rows))


def test_long_traces_and_backward_clocks_have_wide_times():
    skeleton = one([span(1, 1, duration=5_000_000_000), span(1, 2, 1, duration=-7)])
    found = read_skeleton(skeleton.skeleton())
    assert found.header["columns"]["start"]["type"] == "f64"
    assert found.duration.tolist() == [5_000_000_000, -7]
    narrow = read_skeleton(one([span(1, 1, duration=4_294_967_295)]).skeleton())
    assert narrow.header["columns"]["duration"]["type"] == "u32"


def test_all_children_of_missing_parents_are_told():
    look = one([span(1, number, 901 if number % 3 else 902, start=number) for number in range(1, 400)])
    data, plain = look.skeleton(), json.loads(look.skeleton(as_json=True))
    assert [(parent["count"], len(parent["rows"])) for parent in plain["missingParents"]] == [(266, 100), (133, 100)]
    first, second = plain["orphans"]["row"][:266], plain["orphans"]["row"][266:]
    assert first == [row for row in range(399) if (row + 1) % 3]
    assert second == [row for row in range(399) if (row + 1) % 3 == 0]
    orphans = read_skeleton(data).header["orphans"]
    assert np.frombuffer(data, "<u4", orphans["count"], orphans["row"]["offset"]).tolist() == first + second


def test_columns_are_aligned():
    data = one([span(1, number, 1 if number > 1 else None) for number in range(1, 8)]).skeleton()
    header = read_skeleton(data).header
    places = [column["offset"] for column in header["columns"].values()]
    assert all(place % 8 == 0 for place in places)
    assert len(data) % 8 == 0


def test_a_child_on_another_host_is_shifted_into_its_parent():
    rows = [
        span(1, 1, start=100, duration=100, resource={"host.name": "a"}),
        span(1, 2, 1, start=20, duration=50, service="cart", resource={"host.name": "b"}),
        span(1, 3, 2, start=30, duration=10, service="cart", resource={"host.name": "b"}),
        span(1, 4, 1, start=110, duration=10, resource={"host.name": "a"}),
    ]
    raw, adjusted = (read_skeleton(one(rows).skeleton(adjusted=adjusted)) for adjusted in (False, True))
    assert raw.header["skewedCount"] == adjusted.header["skewedCount"] == 2
    assert raw.header["startTimeUnixNano"] == str(NOON + 20)
    assert adjusted.header["startTimeUnixNano"] == str(NOON + 100)
    assert adjusted.parent.tolist() == raw.parent.tolist()
    assert adjusted.start.tolist() == [0, 25, 35, 10]
    assert (adjusted.flags & ADJUSTED != 0).tolist() == [False, True, True, False]
    assert adjusted.self_time.tolist() == [40, 40, 10, 10]
    assert adjusted.header["times"] == "adjusted"


@given(batches())
@settings(max_examples=6, deadline=None)
def test_adjusted_self_times_are_what_children_leave(written):
    with views(written) as kinds:
        for look in looks(kinds[0]).values():
            found = read_skeleton(look.skeleton(adjusted=True))
            for row in range(len(found)):
                own = set(range(found.start[row], found.end[row]))
                for child in np.flatnonzero(found.parent == row):
                    own -= set(range(found.start[child], found.end[child]))
                assert found.self_time[row] == len(own)


@given(batches())
@settings(max_examples=10, deadline=None)
def test_text_is_found_wherever_it_stands(written):
    with views(written) as kinds:
        for view in kinds:
            for look in looks(view).values():
                count = len(read_skeleton(look.skeleton()))
                rows = to_rows(look.spans(range(count)))
                for term in ("LOG", "lib", "a=", "1", "err", "broke", "service.name=", "true"):
                    bits = np.unpackbits(np.frombuffer(look.find(Words((term.lower(),))), np.uint8), bitorder="little")
                    assert bits[:count].tolist() == [int(_mentions(row, term.lower())) for row in rows], term


def _mentions(row, term: str) -> bool:
    lines = [row[name] for name in ("service_name", "name", "status_message", "scope_name", "scope_version")]
    bags = [read_bag(row["resource_attributes"]), read_bag(row["scope_attributes"])]
    lines += [item["name"] for item in row["events"]]
    bags += [read_bag(item["attributes"]) for item in [*row["events"], *row["links"]]]
    lines += [f"{key}={as_text(value)}" for bag in bags for key, value in bag]
    lines += [f"{key}={as_text(value)}" for key, value in _attributes(row)]
    return any(term in line.lower() for line in lines)


def _attributes(row):
    return [(item["key"], attribute_value(item["type"], item["number"], item["text"])) for item in row["attributes"]]


def test_words_leave_keys_out_and_find_span_ids():
    look = one([span(1, 1, attributes={"sql": "pay", "route": "x"}), span(1, 2, 1, attributes={"route": "/pay"})])
    assert look.find(Words(("pay",))) == b"\x03"
    assert look.find(Words(("pay",), without_keys=("sql",))) == b"\x02"
    assert look.find(Words(span_ids=("0000000000000001",))) == b"\x01"


def test_spans_are_read_in_the_order_asked_for():
    look = one(
        [span(1, 1), *(span(1, number, 1, start=number, events=[event()], links=[link()]) for number in (2, 3, 4))]
    )
    assert [row["span_id"][-1] for row in to_rows(look.spans([3, 0, 99, 2]))] == [4, 1, 3]


@pytest.mark.slow
def test_odd_shapes_of_large_traces():
    chain = [span(1, number, number - 1 or None, start=number) for number in range(1, 10_001)]
    fan = [span(1, 1, duration=10_000_000), *(span(1, number, 1, start=number) for number in range(2, 100_000))]
    circle = [span(1, 1, 2), span(1, 2, 1)]
    for rows in (chain, fan, circle):
        found = read_skeleton(one(rows).skeleton())
        assert len(found) == len(rows)
    assert read_skeleton(one(chain).skeleton()).header["depthMax"] == 9_999


def test_kinds_and_statuses_are_those_of_otlp():
    rows = [span(1, number + 1, kind=kind) for number, kind in enumerate(KIND_NAMES)]
    rows += [span(1, number + 10, status=status) for number, status in enumerate(STATUS_NAMES)]
    found = read_skeleton(one(rows).skeleton())
    assert sorted(found.kind.tolist()) == [0, 1, 1, 1, 1, 2, 3, 4, 5]
    assert found.is_error.sum() == 1


def test_pieces_of_a_trace_are_one_skeleton():
    parts = [Batch.from_arrow(batch([row]).record_batch) for row in (span(1, 2, 1, start=5), span(1, 1))]
    found = read_skeleton(TraceView.of_batch(SpanBatch(merge_batches(parts))).skeleton())
    assert found.parent.tolist() == [-1, 0]
