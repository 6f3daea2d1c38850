"""Pieces of traces put together: whole, each span once, in pre-order; and what sums them up."""

from __future__ import annotations

import pyarrow as pa

from lymer import _native
from lymer.model.batch import SpanBatch
from lymer.wire.columns import native_columns


def merge_traces(pieces: list[SpanBatch]) -> SpanBatch:
    """The rows of a trace together, traces in order of first appearance, spans in pre-order, equal spans one."""
    return SpanBatch(_native.merge_batches([native_columns(piece) for piece in pieces]))


def summarize_traces(traces: SpanBatch) -> pa.Table:
    """A row per trace of whole traces, of SUMMARY_SCHEMA."""
    return pa.Table.from_batches([pa.record_batch(_native.summarize(native_columns(traces)))])
