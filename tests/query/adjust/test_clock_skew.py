"""Jaeger's clock skew rule, in its cases and against the recursion that it is written as there."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lymer.conformance.spans import NOON, batch, event, span, to_rows
from lymer.model.attributes import read_bag
from lymer.model.search import Scope
from lymer.query.adjust import WARNINGS_KEY, adjust
from lymer.query.adjust.clock_skew import format_go_duration
from lymer.storage.memory.rows import attributes


def shown(spans, delta_max=0):
    rows = to_rows(adjust(batch(spans), clock_skew_max_nano=delta_max))
    return [(row["start_time_unix_nano"] - NOON, _warnings(row)) for row in rows]


def _warnings(row):
    return [text for key, _, value in attributes(row, Scope.SPAN) if key == WARNINGS_KEY for text in value]


def on(host):
    return {"host.name": host}


def test_it_is_disabled_by_default_and_says_what_it_would_do():
    spans = [span(1, 1, duration=1_000), span(1, 2, 1, start=-500, duration=100)]
    assert shown(spans) == [
        (0, []),
        (-500, ["clock skew adjustment disabled; not applying calculated delta of 950ns"]),
    ]


def test_a_short_child_is_put_into_the_middle_and_its_events_with_it():
    spans = [
        span(1, 1, duration=1_000, resource=on("a"), events=[event(at=7)]),
        span(1, 2, 1, start=-500, duration=100, resource=on("b"), events=[event(at=-450), event(at=-410)]),
    ]
    rows = to_rows(adjust(batch(spans), clock_skew_max_nano=10_000))
    assert [row["start_time_unix_nano"] - NOON for row in rows] == [0, 450]
    assert [[one["time_unix_nano"] - NOON for one in row["events"]] for row in rows] == [[7], [500, 540]]
    assert _warnings(rows[1]) == ["This span's timestamps were adjusted by 950ns"]


@pytest.mark.parametrize(("start", "moved_to"), [(-500, 0), (500, 500)])
def test_a_child_that_lasts_longer_is_only_kept_from_beginning_first(start, moved_to):
    spans = [span(1, 1, duration=1_000), span(1, 2, 1, start=start, duration=2_000)]
    assert shown(spans, 10_000)[1][0] == moved_to


def test_spans_of_the_same_host_move_together():
    spans = [
        span(1, 1, duration=1_000, resource=on("a")),
        span(1, 2, 1, start=5_000, duration=500, resource=on("b")),
        span(1, 3, 2, start=5_100, duration=100, resource=on("b")),
        span(1, 4, 3, start=5_110, duration=10, resource=on("b")),
        span(1, 5, 3, start=320, duration=10, resource=on("a")),
        span(1, 6, 1, start=-10, duration=10, resource=on("a")),
    ]
    assert [start for start, _ in shown(spans, 10_000)] == [0, 250, 350, 360, 395, -10]


def test_a_skew_beyond_the_limit_is_left_with_a_warning():
    spans = [span(1, 1, duration=1_000), span(1, 2, 1, start=2_000_000, duration=0)]
    start, texts = shown(spans, 1_500)[1]
    assert start == 2_000_000
    assert texts == ["max clock skew adjustment delta of 1.5µs exceeded; not applying calculated delta of -1.9995ms"]


@pytest.mark.parametrize(
    ("parent", "child", "is_same"),
    [
        ({"host.id": "i", "host.name": "x"}, {"host.name": "y", "host.id": "i"}, True),
        ({"host.id": "i", "host.name": "x"}, {"host.id": "j", "host.name": "x"}, False),
        ({"host.ip": "1", "host.name": "x"}, {"host.ip": "1", "host.name": "y"}, True),
        ({"host.name": "x"}, {"host.name": "x"}, True),
        ({"host.name": "x"}, {}, False),
        ({}, {}, False),
    ],
)
def test_a_host_is_known_by_its_id_then_its_ip_then_its_name(parent, child, is_same):
    spans = [span(1, 1, duration=10, resource=parent), span(1, 2, 1, start=99, duration=5, resource=child)]
    assert (shown(spans)[1][1] == []) is is_same


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1_100, "1.1µs"),
        (-2_200_000, "-2.2ms"),
        (3_300_000_000, "3.3s"),
        (60_000_000_000, "1m0s"),
        (60_500_000_000, "1m0.5s"),
        (3_600_000_000_001, "1h0m0.000000001s"),
        (36_610_000_000_000, "10h10m10s"),
        (999_999_999, "999.999999ms"),
    ],
)
def test_durations_are_written_as_go_does(nanoseconds, text):
    assert format_go_duration(nanoseconds) == text


HOSTS = st.sampled_from(({}, {"host.name": "a"}, {"host.name": "b"}, {"host.ip": "a"}))


@st.composite
def traces(draw):
    made = draw(
        st.lists(
            st.tuples(
                st.integers(1, 2),
                st.integers(1, 9),
                st.none() | st.integers(1, 10),
                st.integers(-50, 50),
                st.integers(0, 60),
                HOSTS,
            ),
            max_size=14,
        )
    )
    return [
        span(trace, one, parent, start=start, duration=duration, resource=host, events=[event(at=start)])
        for trace, one, parent, start, duration, host in made
    ]


@settings(deadline=None, max_examples=300)
@given(traces(), st.sampled_from((0, 20, 1_000)))
def test_it_equals_jaegers_recursion(spans, delta_max):
    spans = sorted(spans, key=lambda row: row["trace_id"])
    expected = []
    for trace in sorted({row["trace_id"] for row in spans}):
        expected += jaegers_recursion([row for row in spans if row["trace_id"] == trace], delta_max)
    assert shown(spans, delta_max) == expected


def jaegers_recursion(spans, delta_max):
    """As Jaeger's adjuster walks: nodes by id, then from each root downwards. Start and warnings of each span."""
    start = [row["start_time_unix_nano"] - NOON for row in spans]
    end = [start[row] + spans[row]["duration_nano"] for row in range(len(spans))]
    texts = [[] for _ in spans]
    nodes, children, roots = {}, {}, []
    for row, one in enumerate(spans):
        if one["span_id"] in nodes:
            texts[row].append("duplicate span IDs; skipping clock skew adjustment")
        else:
            nodes[one["span_id"]] = row
    for row in nodes.values():
        parent = spans[row]["parent_span_id"]
        if parent is None:
            roots.append(row)
        elif parent not in nodes:
            texts[row].append(f"parent span ID={parent.hex()} is not in the trace; skipping clock skew adjustment")
            roots.append(row)
        else:
            children.setdefault(nodes[parent], []).append(row)

    def host(row):
        bag = dict(read_bag(spans[row]["resource_attributes"]))
        return next((bag[key] for key in ("host.id", "host.ip", "host.name") if key in bag), "")

    def skew_of(child, parent):
        length, whole = end[child] - start[child], end[parent] - start[parent]
        if length > whole:
            return start[parent] - start[child] if start[child] < start[parent] else 0
        if start[child] >= start[parent] and end[child] <= end[parent]:
            return 0
        return start[parent] + (whole - length) // 2 - start[child]

    def walk(row, parent, skew_host, delta):
        if parent is not None and (host(row) != skew_host or host(row) == ""):
            skew_host, delta = host(row), skew_of(row, parent)
        if delta != 0:
            if delta_max == 0:
                text = f"clock skew adjustment disabled; not applying calculated delta of {delta}ns"
            elif abs(delta) > delta_max:
                shown_max = "1µs" if delta_max == 1_000 else f"{delta_max}ns"
                text = f"max clock skew adjustment delta of {shown_max} exceeded"
                text += f"; not applying calculated delta of {delta}ns"
            else:
                start[row] += delta
                end[row] += delta
                text = f"This span's timestamps were adjusted by {delta}ns"
            texts[row].append(text)
        for child in children.get(row, []):
            walk(child, row, skew_host, delta)

    for row in roots:
        walk(row, None, host(row), 0)
    return list(zip(start, texts, strict=True))
