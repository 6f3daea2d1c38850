"""Two traces by path, against a plain alignment; attributes that differ."""

from __future__ import annotations

from collections import defaultdict
from random import Random

import pytest
from hypothesis import given, settings

from lymer.conformance.spans import batch, span
from lymer.conformance.strategies import batches
from lymer.model.trace import KIND_NAMES
from lymer.query.compare import compare
from lymer.query.compare_attributes import Value, differences, rows_to_look_at
from lymer.wire.skeleton import Skeleton, read_skeleton
from lymer.wire.trace_view import TraceView
from tests.query.skeletons import skeletons


def skeleton(rows) -> Skeleton:
    return read_skeleton(TraceView.of_batch(batch(rows)).skeleton())


def by_path(found: Skeleton):
    """The rows of each path, spelled out."""
    paths = []
    for row in range(len(found)):
        own = (KIND_NAMES[found.kind[row]], found.services[found.service[row]], found.names[found.name[row]])
        paths.append(((*paths[found.parent[row]],) if found.parent[row] >= 0 else ()) + (own,))
    rows = defaultdict(list)
    for row, path in enumerate(paths):
        rows[path].append(row)
    return rows


@given(batches())
@settings(max_examples=10, deadline=None)
def test_every_path_has_the_spans_of_both(written):
    found = skeletons(written)
    for a, b in zip(found, found[1:] + found[:1], strict=True):
        comparison = compare(a, b)
        of_a, of_b = by_path(a), by_path(b)
        critical = a.critical_time()
        spelled = {}
        for path in comparison.paths:
            above = () if path.parent is None else spelled[path.parent]
            spelled[path.id] = (*above, (path.kind, path.service, path.name))
            mine = spelled[path.id]
            assert path.depth == len(mine) - 1
            assert (path.a.rows, path.b.rows) == (of_a.get(mine, []), of_b.get(mine, []))
            assert path.a.span_count == len(path.a.rows)
            assert path.a.total_nano == sum(int(a.end[row] - a.start[row]) for row in path.a.rows)
            assert path.a.self_nano == sum(int(a.self_time[row]) for row in path.a.rows)
            assert path.a.critical_nano == sum(int(critical[row]) for row in path.a.rows)
            assert path.b.error_count == sum(bool(b.is_error[row]) for row in path.b.rows)
        assert set(spelled.values()) == of_a.keys() | of_b.keys()
        assert [path.id for path in comparison.paths] == list(range(comparison.path_count))
        siblings = defaultdict(list)
        for path in comparison.paths:
            siblings[path.parent].append(path.a.rows[0] if path.a.rows else len(a) + path.b.rows[0])
        assert all(firsts == sorted(firsts) for firsts in siblings.values())


def test_changes_have_names():
    a = skeleton(
        [span(1, 1, name="r"), *(span(1, n, 1, name=f"s{n}", start=n) for n in (2, 3)), span(1, 4, 1, name="s3")]
    )
    b = skeleton([span(2, 1, name="r"), span(2, 2, 1, name="s3"), span(2, 3, 1, name="new")])
    changes = {path.name: path.change for path in compare(a, b).paths}
    assert changes == {"r": "same", "s2": "removed", "s3": "fewer", "new": "added"}
    assert compare(b, a).paths[1].change == "more"


def test_attributes_that_differ_are_told_but_not_ids():
    one = skeleton([span(1, 1, name="r"), span(1, 2, 1, name="s")])
    comparison = compare(one, one)
    assert rows_to_look_at(comparison) == ([0, 1], [0, 1])

    def values(shard, trace):
        return [
            Value(1, "span", "db.shard", shard),
            Value(1, "span", "trace", trace),
            Value(1, "span", "same", "x"),
            Value(0, "resource", "host", "h"),
        ]

    found = differences(comparison, values("7", "a" * 32), values("2", "b" * 32))
    assert [(one.path, one.scope, one.key, one.a, one.b) for one in found] == [
        (1, "span", "db.shard", [("7", 1)], [("2", 1)])
    ]


def test_a_deep_chain_and_a_wide_fan_are_compared():
    chain = skeleton([span(1, n, n - 1 or None, name=f"n{n % 3}", start=n) for n in range(1, 3000)])
    fan = skeleton([span(1, 1), *(span(1, n, 1, name="leaf", start=n) for n in range(2, 3000))])
    assert compare(chain, chain).path_count == 2999
    [root, leaf] = compare(fan, fan).paths
    assert (root.a.span_count, leaf.a.span_count, len(leaf.a.rows)) == (1, 2998, 100)


def shop(number, chance, *, cards=1, slow_shard=False):
    """A request that is a little different each time: some calls more or less, times that waver."""
    rows = [span(number, 1, name="POST /pay", duration=9_000_000)]
    for call in ("cart", "stock", "prices", "mail"):
        for _ in range(chance.randint(1, 3)):
            rows.append(span(number, len(rows) + 1, 1, name=call, start=len(rows), duration=chance.randint(80, 120)))
    duration = 50_000 if slow_shard else chance.randint(80, 120)
    rows.append(span(number, len(rows) + 1, 1, name="charge", start=len(rows), duration=duration))
    charge = len(rows)
    for _ in range(cards):
        row = len(rows) + 1
        rows.append(span(number, row, charge, name="SELECT card", start=row, duration=chance.randint(20, 40)))
    return skeleton(rows)


@pytest.mark.parametrize("seed", range(20))
def test_a_call_that_became_many_stands_out_from_those_that_waver(seed):
    chance = Random(seed)
    grown = [path for path in compare(shop(1, chance), shop(2, chance, cards=41)).paths if path.a.span_count]
    worst = max(grown, key=lambda path: path.b.span_count - path.a.span_count)
    assert (worst.name, worst.change, worst.a.span_count, worst.b.span_count) == ("SELECT card", "more", 1, 41)


@pytest.mark.parametrize("seed", range(20))
def test_a_slow_shard_is_found_by_its_time_and_told_by_its_attribute(seed):
    chance = Random(seed)
    comparison = compare(shop(1, chance), shop(2, chance, slow_shard=True))
    worst = max(comparison.paths, key=lambda path: path.b.self_nano - path.a.self_nano)
    assert worst.name == "charge"
    rows_of_a, rows_of_b = rows_to_look_at(comparison)
    assert set(worst.a.rows) <= set(rows_of_a) and set(worst.b.rows) <= set(rows_of_b)
    sides = [
        [Value(row, "span", "db.shard", shard), Value(row, "span", "db.system", "x")]
        for row, shard in ((worst.a.rows[0], "2"), (worst.b.rows[0], "7"))
    ]
    [told] = differences(comparison, *sides)
    assert (told.path, told.key, told.a, told.b) == (worst.id, "db.shard", [("2", 1)], [("7", 1)])
