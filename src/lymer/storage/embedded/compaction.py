"""Which small segments are to become one. Decides only.

A segment's tier is how often its size fits into that of a full one, in steps of `segments`. Neighbours in time of one
tier are merged when there are enough of them, so every span is rewritten at most once for each tier it passes.
"""

from __future__ import annotations

from collections.abc import Sequence

from lymer.storage.embedded.config import CompactionConfig
from lymer.storage.embedded.manifest import SegmentEntry


def choose(entries: Sequence[SegmentEntry], config: CompactionConfig) -> list[SegmentEntry]:
    """Segments to merge now, the smallest tier first; none when there is nothing to gain."""
    if not config.enabled or config.segments < 2:
        return []
    tiers: dict[int, list[SegmentEntry]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.stored_unix_nano, entry.name)):
        if entry.span_count < config.spans_max:
            tiers.setdefault(tier(entry.span_count, config), []).append(entry)
    for _, members in sorted(tiers.items(), reverse=True):
        if len(members) >= config.segments and (chosen := _fitting(members, config)):
            return chosen
    return []


def _fitting(members: list[SegmentEntry], config: CompactionConfig) -> list[SegmentEntry]:
    """The first two or more that may be held in memory together; where wide spans make two too large, later ones."""
    chosen: list[SegmentEntry] = []
    room = int(config.bytes_max)
    for entry in members:
        if entry.bytes > room and len(chosen) < 2:
            chosen, room = [], config.bytes_max
        if entry.bytes <= room and len(chosen) < config.segments:
            chosen.append(entry)
            room -= entry.bytes
    return chosen if len(chosen) > 1 else []


def all_small(entries: Sequence[SegmentEntry], config: CompactionConfig) -> list[set[str]]:
    """All small segments in groups to be merged; a group is bounded, because a merge holds all its spans."""
    groups: list[set[str]] = []
    room = bytes_room = 0
    for entry in sorted(entries, key=lambda entry: (entry.stored_unix_nano, entry.name)):
        if entry.span_count >= config.spans_max:
            continue
        if entry.span_count > room or entry.bytes > bytes_room:
            groups.append(set())
            room, bytes_room = config.segments * config.spans_max, config.bytes_max
        groups[-1].add(entry.name)
        room -= entry.span_count
        bytes_room -= entry.bytes
    return [group for group in groups if len(group) > 1]


def tier(span_count: int, config: CompactionConfig) -> int:
    """0 for segments that are nearly full; one more for each time that they are `segments` times smaller."""
    number, size = 0, config.spans_max // config.segments
    while span_count < size and size > 1:
        number += 1
        size //= config.segments
    return number
