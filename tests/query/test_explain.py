"""Why slow and why failed: facts of small traces that can be told by eye, and of random ones by plain counting."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from hypothesis import given, settings

from lymer.conformance.spans import batch, span
from lymer.conformance.strategies import batches
from lymer.query.explain import REPEATS_MIN, explain_slow, sibling_groups
from lymer.query.failure import explain_failure
from lymer.wire.skeleton import Skeleton, read_skeleton
from lymer.wire.trace_view import TraceView
from tests.query.skeletons import skeletons


def skeleton(rows) -> Skeleton:
    return read_skeleton(TraceView.of_batch(batch(rows)).skeleton())


def test_contributors_are_named_by_their_share():
    facts = explain_slow(
        skeleton(
            [
                span(1, 1, service="web", name="GET /", duration=1000),
                span(1, 2, 1, service="pay", name="charge", start=100, duration=600),
                span(1, 3, 1, service="pay", name="charge", start=800, duration=100),
            ]
        )
    )
    assert [(one.service, one.critical_nano, one.share, one.rows) for one in facts.contributors] == [
        ("pay", 700, 0.7, [1, 2]),
        ("web", 300, 0.3, [0]),
    ]
    assert (facts.duration_nano, facts.critical_nano, facts.critical_span_count) == (1000, 1000, 3)


def test_gaps_are_stretches_without_a_child():
    facts = explain_slow(
        skeleton(
            [span(1, 1, duration=1000), span(1, 2, 1, start=0, duration=300), span(1, 3, 1, start=995, duration=5)]
        )
    )
    assert [(gap.row, gap.start_nano, gap.end_nano, gap.share) for gap in facts.gaps] == [(0, 300, 995, 0.695)]


def test_many_similar_siblings_are_a_repeat():
    rows = [span(1, 1, duration=1000)]
    rows += [span(1, 2 + n, 1, name="SELECT", start=20 * n, duration=10) for n in range(REPEATS_MIN)]
    rows += [span(1, 20 + n, 1, name="fan", start=500, duration=100) for n in range(REPEATS_MIN)]
    rows += [span(1, 40 + n, 1, name="few", start=n) for n in range(REPEATS_MIN - 1)]
    fan, select = explain_slow(skeleton(rows)).repeats
    assert (select.operation, select.count, select.total_nano, select.is_sequential) == ("SELECT", 5, 50, True)
    assert (fan.operation, fan.elapsed_nano, fan.total_nano, fan.is_sequential) == ("fan", 100, 500, False)


def test_attempts_that_failed_before_one_that_did_not_are_retries():
    def attempt(number, status, **more):
        return span(1, number, 1, name="reserve", start=10 * number, duration=5, status=status, **more)

    rows = [span(1, 1, duration=1000), attempt(2, "error"), attempt(3, "error"), attempt(4, "ok")]
    [retries] = explain_slow(skeleton(rows)).retries
    assert (retries.attempt_count, retries.failed_count, retries.succeeded, retries.rows) == (3, 2, True, [1, 2, 3])
    assert not explain_slow(skeleton([*rows[:2], attempt(3, "ok"), attempt(4, "ok")])).retries
    at_once = [{**row, "start_time_unix_nano": rows[1]["start_time_unix_nano"]} for row in rows[1:]]
    assert not explain_slow(skeleton([rows[0], *at_once])).retries


@given(batches())
@settings(max_examples=15, deadline=None)
def test_groups_of_siblings(written):
    for found in skeletons(written):
        expected = defaultdict(list)
        for row in range(len(found)):
            if found.parent[row] >= 0:
                expected[found.parent[row], found.service[row], found.name[row]].append(row)
        groups = sibling_groups(found)
        rows = [groups.rows(number).tolist() for number in range(len(groups))]
        assert sorted(rows) == sorted(expected.values())
        assert groups.totals.tolist() == [int((found.end[one] - found.start[one]).sum()) for one in rows]
        explain_slow(found)


@given(batches())
@settings(max_examples=15, deadline=None)
def test_the_chain_of_a_failure_goes_down_along_failed_spans(written):
    for found in skeletons(written):
        failure = explain_failure(found)
        failed = [row for row in range(len(found)) if found.is_error[row]]
        assert (failure is None) == (not failed)
        if failure is None:
            continue
        assert failure.chain[0] == (found.root if found.root in failed else failed[0])
        for above, below in pairwise([*failure.chain, None]):
            # The same by plain counting: the levels from each failed span below that has no failed one between.
            levels = {row: level for row in failed if (level := levels_between(found, above, row))}
            best = max(levels, key=lambda row: (-levels[row], found.end[row], row), default=None)
            assert below == best
        assert sorted(failure.chain + failure.unrelated_rows) == failed
        assert failure.error_count == len(failed)


def levels_between(found: Skeleton, above: int, row: int) -> int:
    """How many levels a failed row is below another; 0 when it is not, or when there is a failed one between."""
    level, at = 1, found.parent[row]
    while at >= 0 and at != above and not found.is_error[at]:
        level, at = level + 1, found.parent[at]
    return level if at == above else 0


def test_a_span_that_hides_the_error_does_not_end_the_chain():
    rows = [
        span(1, 1, status="error", duration=1000),
        span(1, 2, 1, status="ok", start=1, duration=500),
        span(1, 3, 2, status="error", start=2, duration=400),
        span(1, 4, 2, status="error", start=3, duration=100),
        span(1, 5, 1, status="ok", start=600, duration=100),
        span(1, 6, 5, status="ok", start=600, duration=100),
        span(1, 7, 6, status="error", start=600, duration=100),
    ]
    failure = explain_failure(skeleton(rows))
    assert (failure.chain, failure.unrelated_rows) == ([0, 2], [3, 6])


def test_the_failed_child_that_ended_last_is_to_blame():
    rows = [
        span(1, 1, status="error", duration=1000),
        span(1, 2, 1, status="error", start=1, duration=10),
        span(1, 3, 1, status="error", start=20, duration=100),
        span(1, 4, 3, status="ok", start=30),
    ]
    failure = explain_failure(skeleton(rows))
    assert (failure.chain, failure.unrelated_rows) == ([0, 2], [1])
