"""The columns of a batch as the native core wants them. Not here: any format."""

from __future__ import annotations

from lymer import _native
from lymer.model.batch import SpanBatch


def native_columns(batch: SpanBatch) -> _native.Batch:
    """The batch's columns in the native core: as they are when they live there, else handed over without a copy."""
    columns = batch.columns
    return columns if isinstance(columns, _native.Batch) else _native.Batch.from_arrow(batch.record_batch)
