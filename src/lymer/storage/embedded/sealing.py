"""When the open buffer is sealed, and which of its traces. Decides only; `tenant` does it."""

from __future__ import annotations

import threading
from bisect import bisect_left
from dataclasses import dataclass
from typing import Protocol

from lymer.storage.embedded.config import EmbeddedConfig

EVERYTHING = 2**63 - 1
"""A cut behind every position."""
_SAMPLE_S = 0.25


class Buffer(Protocol):
    """What a decision asks of an open buffer."""

    @property
    def span_count(self) -> int: ...
    @property
    def memory_bytes(self) -> int: ...
    @property
    def min_position(self) -> int: ...
    def traces_idle(self, before_position: int, /) -> int: ...


@dataclass(frozen=True, slots=True)
class Pressure:
    """What presses besides the buffer itself."""

    memory_bytes: int
    """Of all tenants."""
    log_bytes: int
    own_bytes: int = 0
    own_bytes_max: int = 0
    """Of this tenant; 0 is no limit of its own."""

    def is_high(self, memory_bytes_max: int) -> bool:
        """Whether half of what there may be in memory is taken: of all tenants, or of this one."""
        own_is_high = bool(self.own_bytes_max) and self.own_bytes > self.own_bytes_max // 2
        return own_is_high or self.memory_bytes > memory_bytes_max // 2


class LogTimes:
    """When the log stood where: (seconds, position), sampled, oldest first."""

    def __init__(self) -> None:
        self._samples: list[tuple[float, int]] = []
        self._lock = threading.Lock()

    def note(self, now_s: float, position: int) -> None:
        """The log's last record is now this one."""
        at_s, last = self._samples[-1] if self._samples else (float("-inf"), -1)
        if position != last and now_s - at_s >= _SAMPLE_S:
            with self._lock:
                self._samples.append((now_s, position))

    def position_at(self, time_s: float) -> int:
        """The last position that is known to have been written by then; 0 when none is."""
        with self._lock:
            return max((position for at_s, position in self._samples if at_s <= time_s), default=0)

    def age_s(self, position: int, now_s: float) -> float:
        """At least how long ago this position was written; 0 when it is younger than all samples."""
        with self._lock:
            return next((now_s - at_s for at_s, sampled in self._samples if sampled >= position), 0.0)

    def forget(self, before: int) -> None:
        """Positions before this one are sealed."""
        with self._lock:
            self._samples = [
                sample
                for sample, following in zip(self._samples, [*self._samples[1:], None], strict=True)
                if following is None or following[1] >= before
            ]

    @property
    def positions(self) -> list[int]:
        """All samples, oldest first."""
        with self._lock:
            return [position for _, position in self._samples]


def decide_cut(
    buffer: Buffer, times: LogTimes, now_s: float, *, pressure: Pressure, config: EmbeddedConfig
) -> int | None:
    """Traces whose last span came before this position are to be sealed now; None when it is not time.

    Traces idle for `config.seal.idle` are complete. When those are less than seven eighths of a full buffer, the idle
    time shrinks until they are: what stays behind is handled once more. A log that has grown too long is shortened by
    sealing everything.
    """
    spans = buffer.span_count
    if not spans:
        return None
    if pressure.log_bytes > config.log.bytes_max:
        return EVERYTHING
    complete = times.position_at(now_s - config.seal.idle) + 1
    full = spans >= config.seal.spans or pressure.is_high(config.memory_bytes_max)
    if full:
        return _cut_for(buffer, times, complete, spans * 7 // 8)
    age_s = times.age_s(buffer.min_position, now_s)
    if age_s >= 2 * config.seal.age:
        return EVERYTHING
    if age_s >= config.seal.age and buffer.traces_idle(complete):
        return complete
    return None


def _cut_for(buffer: Buffer, times: LogTimes, complete: int, spans_min: int) -> int:
    """The first position, none before `complete`, before which so many spans belong to idle traces.

    Exact, not one of the samples: at high rates all that came since the last sample is most of a buffer, and to seal
    what is arriving splits its traces.
    """
    behind = max(complete, *times.positions, 0) + 1
    while behind < EVERYTHING and buffer.traces_idle(behind) < spans_min:
        behind = min(EVERYTHING, 2 * behind)
    return complete + bisect_left(range(complete, behind), spans_min, key=buffer.traces_idle)
