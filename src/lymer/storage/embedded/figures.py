"""Figures of a store for `/metrics`."""

from __future__ import annotations

from collections.abc import Iterable

from lymer.storage.embedded.room import MemoryRoom
from lymer.storage.embedded.tenant import Tenant


def figures_of(tenants: Iterable[Tenant], memory: MemoryRoom) -> dict[str, float]:
    """Sums over all tenants; docs/components/embedded.md says what each means."""
    figures = dict.fromkeys(_NAMES, 0.0)
    for tenant in tenants:
        for name, value in zip(_NAMES, _figures(tenant), strict=True):
            figures[name] += value
        figures["tenants"] = figures.get("tenants", 0.0) + 1
    figures["writes_waited"] = memory.waited
    figures["writes_refused"] = memory.refused
    return figures


_NAMES = (
    "segments",
    "segment_spans",
    "segment_traces",
    "segment_bytes",
    "buffer_spans",
    "buffer_bytes",
    "queue_bytes",
    "log_bytes",
    "log_files",
    "log_groups",
    "log_writes",
    "log_sync_seconds",
    "append_seconds",
    "seals",
    "seal_seconds",
    "split_traces",
    "damages",
    "traces_set_aside",
)


def _figures(tenant: Tenant) -> tuple[float, ...]:
    version = tenant.version
    entries = tenant.entries
    commit = tenant.commit
    return (
        len(entries),
        sum(entry.span_count for entry in entries),
        sum(entry.trace_count for entry in entries),
        sum(entry.bytes for entry in entries),
        sum(piece.view.span_count for piece in (*version.sealing, version.open)),
        tenant.buffer_bytes,
        commit.queue_bytes,
        tenant.log.bytes_on_disk,
        tenant.log.file_count,
        commit.figures.groups,
        commit.figures.writes,
        commit.figures.sync_seconds,
        commit.figures.append_seconds,
        tenant.seal_count,
        tenant.seal_seconds,
        sum(len(piece.split) for piece in version.pieces),
        len(tenant.damages.lines),
        tenant.set_aside_count,
    )
