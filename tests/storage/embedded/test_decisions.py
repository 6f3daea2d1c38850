"""When to seal, what to merge, what to let go: pure decisions."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from lymer.component.config import ByteSize
from lymer.storage.embedded.compaction import all_small, choose, tier
from lymer.storage.embedded.config import CompactionConfig, EmbeddedConfig, LogConfig, RetentionConfig, SealConfig
from lymer.storage.embedded.manifest import SegmentEntry
from lymer.storage.embedded.retention import expired
from lymer.storage.embedded.sealing import EVERYTHING, LogTimes, Pressure, decide_cut

DAY = 86_400 * 10**9
CONFIG = EmbeddedConfig(seal=SealConfig(spans=1000, age=60.0, idle=10.0), log=LogConfig(bytes_max=1000))
CALM = Pressure(memory_bytes=0, log_bytes=0)


@dataclass
class FakeBuffer:
    """One span at each position; the trace of each is idle since."""

    last_positions: list[int] = field(default_factory=list)
    memory_bytes: int = 0

    @property
    def span_count(self) -> int:
        return len(self.last_positions)

    @property
    def min_position(self) -> int:
        return min(self.last_positions, default=0)

    def traces_idle(self, before_position: int) -> int:
        return sum(position < before_position for position in self.last_positions)


def written(seconds: range, per_second: int) -> tuple[FakeBuffer, LogTimes]:
    times = LogTimes()
    positions: list[int] = []
    for second in seconds:
        positions += range(second * per_second + 1, (second + 1) * per_second + 1)
        times.note(float(second), positions[-1])
    return FakeBuffer(positions), times


def test_an_empty_or_young_buffer_is_left_alone() -> None:
    assert decide_cut(FakeBuffer(), LogTimes(), 1e9, pressure=CALM, config=CONFIG) is None
    buffer, times = written(range(30), 10)
    assert decide_cut(buffer, times, 30.0, pressure=CALM, config=CONFIG) is None


def test_a_full_buffer_gives_its_idle_traces() -> None:
    buffer, times = written(range(100), 10)
    cut = decide_cut(buffer, times, 99.0, pressure=CALM, config=CONFIG)
    assert cut == 901
    assert buffer.traces_idle(cut) == 900


def test_under_load_the_idle_time_shrinks_until_most_of_the_buffer_goes() -> None:
    buffer, times = written(range(8), 200)
    cut = decide_cut(buffer, times, 7.0, pressure=CALM, config=CONFIG)
    assert cut is not None
    most = buffer.span_count * 7 // 8
    assert most <= buffer.traces_idle(cut) <= most + 200


def test_under_load_what_is_arriving_stays_however_seldom_the_time_was_noted() -> None:
    buffer, _ = written(range(8), 200)
    times = LogTimes()
    times.note(0.0, 200)
    cut = decide_cut(buffer, times, 7.0, pressure=CALM, config=CONFIG)
    assert cut is not None
    assert buffer.traces_idle(cut) == buffer.span_count * 7 // 8


def test_when_all_traces_are_young_the_youngest_stay() -> None:
    buffer, times = written(range(1), 2000)
    assert decide_cut(buffer, times, 0.1, pressure=CALM, config=CONFIG) == 1751


def test_a_trace_that_never_rests_does_not_keep_a_full_buffer_from_being_sealed() -> None:
    buffer, times = written(range(1), 2000)
    buffer.traces_idle = lambda before_position: 2000 * (before_position > 2000)  # type: ignore[method-assign]
    assert decide_cut(buffer, times, 0.1, pressure=CALM, config=CONFIG) == 2001


def test_memory_pressure_seals_a_small_buffer() -> None:
    buffer, times = written(range(30), 10)
    pressure = Pressure(memory_bytes=CONFIG.memory_bytes_max, log_bytes=0)
    assert decide_cut(buffer, times, 29.0, pressure=pressure, config=CONFIG) == 263


def test_age_seals_what_is_idle() -> None:
    buffer, times = written(range(70), 1)
    assert decide_cut(buffer, times, 70.0, pressure=CALM, config=CONFIG) == 62


def test_traces_that_never_rest_are_sealed_at_twice_the_age() -> None:
    times = LogTimes()
    times.note(0.0, 1)
    buffer = FakeBuffer([1])
    buffer.traces_idle = lambda before_position: 0  # type: ignore[method-assign]
    assert decide_cut(buffer, times, 70.0, pressure=CALM, config=CONFIG) is None
    assert decide_cut(buffer, times, 120.0, pressure=CALM, config=CONFIG) == EVERYTHING


def test_a_long_log_is_shortened() -> None:
    buffer, times = written(range(3), 1)
    pressure = Pressure(memory_bytes=0, log_bytes=1001)
    assert decide_cut(buffer, times, 3.0, pressure=pressure, config=CONFIG) == EVERYTHING


def test_forgotten_times_are_those_before_what_is_kept() -> None:
    _, times = written(range(100), 10)
    times.forget(501)
    assert times.positions[0] <= 510
    assert times.position_at(99.0) == 1000


def entry(number: int, *, spans: int = 100, stored: int = 0, size: int = 10) -> SegmentEntry:
    return SegmentEntry(
        name=f"{number:08d}",
        span_count=spans,
        trace_count=1,
        min_start=0,
        max_start=0,
        bytes=size,
        stored_unix_nano=stored,
    )


def test_retention_by_age_counts_from_storing() -> None:
    entries = [entry(number, stored=number * DAY) for number in range(1, 6)]
    gone = expired(entries, RetentionConfig(age=2 * 86_400.0), 5 * DAY + 1)
    assert [one.name for one in gone] == ["00000001", "00000002", "00000003"]


def test_retention_by_bytes_drops_the_oldest_until_it_fits() -> None:
    entries = [entry(number, stored=10 - number, size=100) for number in range(5)]
    gone = expired(entries, RetentionConfig(age=0.0, bytes_max=250), DAY)
    assert [one.name for one in gone] == ["00000004", "00000003", "00000002"]


def test_without_limits_everything_stays() -> None:
    assert expired([entry(1)], RetentionConfig(age=0.0, bytes_max=0), 10**30) == []


def test_few_or_large_segments_are_not_merged() -> None:
    config = CompactionConfig(segments=4, spans_max=1000)
    assert choose([entry(number) for number in range(3)], config) == []
    assert choose([entry(number, spans=1000) for number in range(20)], config) == []
    assert choose([entry(number) for number in range(9)], CompactionConfig(enabled=False)) == []


def test_neighbours_of_one_size_are_merged_smallest_first() -> None:
    config = CompactionConfig(segments=4, spans_max=1000)
    entries = [entry(number, spans=300, stored=number) for number in range(6)]
    entries += [entry(10 + number, spans=10, stored=100 - number) for number in range(5)]
    assert [one.name for one in choose(entries, config)] == ["00000014", "00000013", "00000012", "00000011"]


@pytest.mark.parametrize(("spans", "expected"), [(999, 0), (250, 0), (249, 1), (62, 1), (61, 2), (1, 4)])
def test_tiers_are_steps_of_the_number_merged(spans: int, expected: int) -> None:
    assert tier(spans, CompactionConfig(segments=4, spans_max=1000)) == expected


def test_compacting_everything_is_done_in_bounded_groups() -> None:
    config = CompactionConfig(segments=4, spans_max=100)
    entries = [entry(number, spans=90, stored=number) for number in range(9)] + [entry(99, spans=100)]
    groups = all_small(entries, config)
    assert [len(group) for group in groups] == [4, 4]
    assert not any("00000099" in group for group in groups)
    assert all_small([entry(1, spans=5)], config) == []


def test_a_merge_is_bounded_in_bytes() -> None:
    config = CompactionConfig(segments=4, bytes_max=ByteSize(100))
    wide = [entry(n, size=40) for n in range(4)]
    assert choose(wide, config) == wide[:2]
    assert choose([entry(n, size=80) for n in range(4)], config) == []
    assert choose([*(entry(n, size=80) for n in range(4)), entry(5), entry(6)], config) == [
        entry(3, size=80),
        entry(5),
        entry(6),
    ]
    assert all_small(wide, config) == [{wide[0].name, wide[1].name}, {wide[2].name, wide[3].name}]
