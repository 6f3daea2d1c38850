"""A trace that lies in several views is put together once for all that is asked of it, and anew when it has grown."""

from __future__ import annotations

from lymer._native import OpenBuffer, Segment
from lymer.component.clock import ManualClock
from lymer.conformance.spans import batch, span
from lymer.storage.base import Budget
from lymer.storage.embedded.look import KEPT_AGE_S, KEPT_SPANS_MIN, WholeTraces
from lymer.wire.columns import native_columns


def append(buffer: OpenBuffer, first: int, count: int) -> None:
    rows = [span(1, number, 1 if number > 1 else None) for number in range(first, first + count)]
    buffer.append(native_columns(batch(rows)), 1)


def parts(folder, count: int):
    """A segment and a buffer, each with half of a trace, and a wish for both."""
    sealed, rest = OpenBuffer(), OpenBuffer()
    append(sealed, 1, count // 2)
    sealed.seal(str(folder), "segment", "{}")
    append(rest, 1 + count // 2, count - count // 2)
    segment = Segment.open(str(folder), "segment")
    return rest, lambda: [(view, 0, view.span_count) for view in (segment, rest)]


def test_a_large_trace_is_put_together_once(tmp_path):
    wholes = WholeTraces(ManualClock(), bytes_max=1 << 30)
    _, places = parts(tmp_path, KEPT_SPANS_MIN)
    whole = wholes.get(places(), Budget())
    assert whole.span_count == KEPT_SPANS_MIN
    assert wholes.get(places(), Budget()) is whole


def test_one_that_has_grown_is_put_together_anew(tmp_path):
    wholes = WholeTraces(ManualClock(), bytes_max=1 << 30)
    rest, places = parts(tmp_path, KEPT_SPANS_MIN)
    wholes.get(places(), Budget())
    append(rest, KEPT_SPANS_MIN + 1, 5)
    assert wholes.get(places(), Budget()).span_count == KEPT_SPANS_MIN + 5


def test_small_ones_are_not_kept(tmp_path):
    wholes = WholeTraces(ManualClock(), bytes_max=1 << 30)
    _, places = parts(tmp_path, 10)
    assert wholes.get(places(), Budget()).span_count == 10
    assert wholes.memory_bytes == 0


def test_nothing_is_kept_for_long_or_beyond_the_bound(tmp_path):
    clock = ManualClock()
    _, places = parts(tmp_path, KEPT_SPANS_MIN)
    wholes = WholeTraces(clock, bytes_max=1 << 30)
    wholes.get(places(), Budget())
    clock.advance(KEPT_AGE_S + 1)
    wholes.forget()
    assert wholes.memory_bytes == 0
    tight = WholeTraces(clock, bytes_max=1)
    assert tight.get(places(), Budget()).span_count == KEPT_SPANS_MIN
    assert tight.memory_bytes == 0
