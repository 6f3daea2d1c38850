"""Split traces in groups, and the buffers in which they were put together, kept as long as the segments stay.

Filled in the order in which questions come, the newest traces first as a rule, and never emptied to make room: who
walks through everything does not push out what others ask for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lymer._native import OpenBuffer

if TYPE_CHECKING:
    from lymer.storage.embedded.pieces import Source

KEPT_BYTES_MAX: Final = 48 << 20
"""Of one tenant."""


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

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: tuple[Group, ...] | None = None
        self._buffers: dict[tuple[bytes, ...], OpenBuffer] = {}
        self._bytes = 0
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

    def keep(self, group: Group, buffer: OpenBuffer) -> None:
        """Keep it if there is room."""
        with self._lock:
            more = buffer.memory_bytes
            if group.ids not in self._buffers and self._bytes + more <= KEPT_BYTES_MAX:
                self._buffers[group.ids] = buffer
                self._bytes += more
