"""Skeletons of random traces."""

from __future__ import annotations

from lymer.conformance.spans import batch
from lymer.model.batch import SpanBatch
from lymer.wire.skeleton import Skeleton, read_skeleton
from lymer.wire.trace_view import TraceBuffer


def skeletons(written) -> list[Skeleton]:
    """Of all traces of these rows."""
    spans = TraceBuffer(SpanBatch.concat([batch(rows) for rows in written]))
    ids = spans.summaries().column("trace_id").to_pylist()
    return [read_skeleton(spans.trace(trace_id).skeleton()) for trace_id in ids]
