"""Figures of a store for `/metrics`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lymer.storage.embedded.gate import CAUSES, Gate
from lymer.storage.embedded.tenant import Tenant

_QUEUED_COPIES = 3
"""A write in the queue is there as bytes and as columns, which take about twice as much."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A tenant or its archive, by the tenant's name, and what its writes pass."""

    name: str
    tenant: Tenant
    gate: Gate


def memory_bytes_of(tenant: Tenant) -> int:
    """Of spans that are not in a segment yet."""
    return tenant.buffer_bytes + _QUEUED_COPIES * tenant.commit.queue_bytes


def figures_of(tenants: Iterable[Measured]) -> dict[str, float]:
    """Sums over all tenants; docs/components/embedded.md says what each means."""
    figures = dict.fromkeys((*_NAMES, "writes_waited", "writes_refused"), 0.0)
    for one in tenants:
        for name, value in zip(_NAMES, _figures(one.tenant), strict=True):
            figures[name] += value
        figures["writes_waited"] += one.gate.waited
        figures["writes_refused"] += one.gate.refused.total()
        figures["tenants"] = figures.get("tenants", 0.0) + 1
    return figures


def figures_by_tenant(tenants: Iterable[Measured]) -> dict[str, dict[str, float]]:
    """What to look at when somebody takes more than the others; an archive counts with its tenant."""
    figures: dict[str, dict[str, float]] = {}
    for one in tenants:
        mine = figures.setdefault(one.name, dict.fromkeys(_TENANT_NAMES, 0.0))
        mine["memory_bytes"] += memory_bytes_of(one.tenant)
        mine["segment_bytes"] += sum(entry.bytes for entry in one.tenant.entries)
        mine["writes_waited"] += one.gate.waited
        for cause in CAUSES:
            mine[f"writes_refused_{cause}"] += one.gate.refused[cause]
    return figures


_TENANT_NAMES = ("memory_bytes", "segment_bytes", "writes_waited", *(f"writes_refused_{cause}" for cause in CAUSES))


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
