"""The columns that adjusters look at and replace, with the warnings that they leave. A span is a row number here."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lymer.model.edited import EditedColumns, Ints

__all__ = ["NO_ROW", "Ints", "SpanIds", "Spans"]

NO_ROW = -1


class Spans(EditedColumns):
    """A record batch of THE schema under adjustment."""

    def __init__(self, record_batch: pa.RecordBatch) -> None:
        super().__init__(record_batch)
        self.warnings: dict[int, list[str]] = defaultdict(list)
        """Row to what its adjusters want to say of it."""


class SpanIds:
    """Span ids of a batch as small numbers: equal for rows of one trace that have the same id."""

    def __init__(self, spans: Spans) -> None:
        trace_codes = spans.column("trace_id").dictionary_encode().indices.to_numpy(zero_copy_only=False)
        own, parents = _ids(spans.column("span_id")), _ids(spans.column("parent_span_id"))
        _, codes = np.unique(np.concatenate([own, parents]), return_inverse=True)
        first = trace_codes.astype(np.int64) * len(codes)
        self.own: Ints = first + codes[: len(spans)]
        self.named: Ints = np.where(parents == 0, NO_ROW, first + codes[len(spans) :])
        """The parent's number, NO_ROW where none is named."""
        self._order = np.argsort(self.own, kind="stable")
        self._sorted = self.own[self._order]

    def repeated(self) -> npt.NDArray[np.bool_]:
        """Rows whose id an earlier row of the trace has."""
        repeated = np.zeros(len(self.own), dtype=bool)
        repeated[self._order[1:]] = self._sorted[1:] == self._sorted[:-1]
        return repeated

    def first_rows(self, numbers: Ints) -> Ints:
        """The first row with each of these numbers, NO_ROW where there is none."""
        places = np.minimum(np.searchsorted(self._sorted, numbers), len(self._sorted) - 1)
        return np.where(self._sorted[places] == numbers, self._order[places], NO_ROW)


def _ids(column: pa.Array) -> npt.NDArray[np.uint64]:
    """Ids of 8 bytes as numbers; 0 where there is none."""
    filled = pc.fill_null(column, bytes(8))
    whole = np.frombuffer(filled.buffers()[1], dtype=">u8")
    return whole[filled.offset : filled.offset + len(filled)].astype(np.uint64)
