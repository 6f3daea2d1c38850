"""Which segments have been kept long enough. Decides only."""

from __future__ import annotations

from lymer.storage.embedded.config import RetentionConfig
from lymer.storage.embedded.manifest import SegmentEntry


def expired(entries: list[SegmentEntry], retention: RetentionConfig, now_unix_nano: int) -> list[SegmentEntry]:
    """Segments that go: those stored too long ago, then the oldest ones until the rest fits. Oldest first.

    Age counts from when spans were stored, not from what their senders' clocks say: neither a span from 1970 nor one
    from 2200 changes how long others are kept.
    """
    ordered = sorted(entries, key=lambda entry: (entry.stored_unix_nano, entry.name))
    kept_bytes = sum(entry.bytes for entry in ordered)
    gone = []
    for entry in ordered:
        too_old = retention.age and entry.stored_unix_nano < now_unix_nano - round(retention.age * 1e9)
        too_much = retention.bytes_max and kept_bytes > retention.bytes_max
        if not too_old and not too_much:
            break
        gone.append(entry)
        kept_bytes -= entry.bytes
    return gone
