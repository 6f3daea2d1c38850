"""The services and span names of one view, asked once: a segment's never change."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lymer._native import View
from lymer.model.search import TimeRange


class Names:
    """Of one view. Safe for several threads: at worst two of them ask."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._rows: pa.RecordBatch | None = None
        self._services: frozenset[str] | None = None

    def services(self, time: TimeRange) -> frozenset[str]:
        """Those with a span in the range, generously."""
        rows = self._within(time)
        if rows is not self._rows:
            return _distinct(rows)
        if self._services is None:
            self._services = _distinct(rows)
        return self._services

    def operations(self, service: str, time: TimeRange) -> set[tuple[str, int]]:
        """(name, kind) of the spans of a service, likewise."""
        rows = self._within(time)
        mine = rows.filter(pc.equal(rows.column("service"), service))
        return set(zip(mine.column("name").to_pylist(), mine.column("kind").to_pylist(), strict=True))

    def _within(self, time: TimeRange) -> pa.RecordBatch:
        rows = self._rows
        if rows is None:
            rows = self._rows = pa.record_batch(self._view.operations())
        inside = (np.asarray(rows.column("max_start")) >= time.start) & (
            np.asarray(rows.column("min_start")) <= time.end
        )
        return rows if inside.all() else rows.filter(pa.array(inside))


def _distinct(rows: pa.RecordBatch) -> frozenset[str]:
    return frozenset(pc.unique(rows.column("service")).to_pylist())
