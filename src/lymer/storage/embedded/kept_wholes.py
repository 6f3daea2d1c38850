"""Split traces in groups, and the buffers in which they were put together, kept as long as the segments stay.

Filled in the order in which questions come, the newest traces first as a rule, and not emptied to make room for others:
who walks through everything does not push out what others ask for. All tenants share one room, and writes come first:
when the store needs the memory, everything is let go.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from lymer._native import OpenBuffer

if TYPE_CHECKING:
    from lymer.storage.embedded.pieces import Source

KEPT_BYTES_MAX: Final = 48 << 20
"""Where nobody gives a room."""
FEW_QUESTIONS: Final = 3
"""So many questions may put a part of a group together; for the next one it is worth keeping whole."""


class KeptRoom:
    """How much all kept buffers may take together. Safe on threads."""

    def __init__(self, bytes_max: int = KEPT_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._lock = threading.Lock()
        self._holders: WeakSet[KeptWholes] = WeakSet()
        self.held_bytes = 0
        """What they take."""

    def enter(self, holder: KeptWholes) -> None:
        """One more that keeps buffers here."""
        with self._lock:
            self._holders.add(holder)

    def let_go(self) -> None:
        """All that is kept: the memory is needed."""
        with self._lock:
            holders = list(self._holders)
        for holder in holders:
            holder.let_go(for_good=False)

    def take(self, more_bytes: int) -> bool:
        """False, and nothing taken, when there is not so much left."""
        with self._lock:
            fits = self.held_bytes + more_bytes <= self._bytes_max
            self.held_bytes += more_bytes if fits else 0
            return fits

    def give_back(self, held_bytes: int) -> None:
        """So much was let go."""
        with self._lock:
            self.held_bytes -= held_bytes


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Some split traces and where their parts lie. All of them have one in the first source."""

    ids: tuple[bytes, ...]
    sources: tuple[Source, ...]
    skip_hex: str = ""
    """Those that are evaluated elsewhere."""

    @property
    def max_trace_start(self) -> int:
        """None of its traces begins later: a trace begins with the first of its parts."""
        return self.sources[0].max_trace_start

    @property
    def min_start(self) -> int:
        """Of all its sources."""
        return min(source.min_start for source in self.sources)

    @property
    def max_start(self) -> int:
        """Of all its sources."""
        return max(source.max_start for source in self.sources)


MakeGroups = Callable[["Sequence[Source]", frozenset[bytes]], tuple[Group, ...]]


class KeptWholes:
    """What is known of the split traces of some segments. Safe on threads."""

    def __init__(self, room: KeptRoom | None = None) -> None:
        self._room = room or KeptRoom()
        self._room.enter(self)
        self._lock = threading.Lock()
        self._outdated = False
        self._groups: tuple[Group, ...] | None = None
        self._buffers: dict[tuple[bytes, ...], OpenBuffer] = {}
        self._bytes = 0
        self._is_full = False
        self._asked: dict[tuple[bytes, ...], int] = {}
        """How many questions have put together a part of a group that is not kept."""
        self.ids: frozenset[bytes] = frozenset()
        """The traces of the groups."""

    @property
    def memory_bytes(self) -> int:
        """What is kept."""
        return self._bytes

    def groups(self, segments: Sequence[Source], split: frozenset[bytes], make: MakeGroups) -> tuple[Group, ...]:
        """The groups of the split traces of the segments; made when asked for first, and the same ever after."""
        with self._lock:
            if self._groups is None:
                self._groups = make(segments, split)
                grouped = frozenset(trace_id for group in self._groups for trace_id in group.ids)
                self.ids = split if len(split) == len(grouped) else grouped
            return self._groups

    def get(self, group: Group) -> OpenBuffer | None:
        """The buffer that was kept for the group."""
        return self._buffers.get(group.ids)

    def is_due(self, group: Group) -> bool:
        """Whether the group had better be kept whole than a part of it be put together for one more question."""
        if self._is_full:
            return False
        with self._lock:
            self._asked[group.ids] = count = self._asked.get(group.ids, 0) + 1
        return count > FEW_QUESTIONS

    def keep(self, group: Group, buffer: OpenBuffer) -> None:
        """Keep it if there is room."""
        more = buffer.memory_bytes
        with self._lock:
            if self._outdated or group.ids in self._buffers:
                return
            if not self._room.take(more):
                self._is_full = True
                return
            self._buffers[group.ids] = buffer
            self._bytes += more

    def let_go(self, *, for_good: bool) -> None:
        """Keep nothing of what was kept; for good when the segments are others now."""
        with self._lock:
            self._outdated |= for_good
            self._buffers.clear()
            self._room.give_back(self._bytes)
            self._bytes = 0
            self._is_full = False
            self._asked.clear()
