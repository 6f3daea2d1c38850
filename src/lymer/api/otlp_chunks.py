"""Whole traces as OTLP messages of a bounded size: one trace each, large ones in several that follow each other.

Encoded natively; nothing here looks at a span. Jaeger's storage API asks for this form.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import numpy as np

from lymer.model.batch import SpanBatch
from lymer.wire.otlp_proto import encode_otlp_proto

CHUNK_BYTES_MAX: Final = 3 << 20
"""Below the 4 MiB that a gRPC client of Go's takes in one message, unless a single span is larger."""

_ROWS_FIRST: Final = 4096
_INLINE_ROWS_MAX: Final = 2048
"""Encoding so many takes about a millisecond: not worth a thread."""


async def otlp_chunks(batch: SpanBatch) -> AsyncIterator[bytes]:
    """The traces of the batch, whose rows stand together, as TracesData messages. Nothing for an empty batch."""
    begins = trace_begins(batch)
    rows_max = _ROWS_FIRST
    for begin, end in zip(begins, [*begins[1:], len(batch)], strict=False):
        first = begin
        while first < end:
            last = min(end, first + rows_max)
            chunk = await _encode(batch, first, last)
            if len(chunk) > CHUNK_BYTES_MAX and last - first > 1:
                rows_max = max(1, (last - first) * CHUNK_BYTES_MAX // (len(chunk) + len(chunk) // 4))
                continue
            yield chunk
            first = last


def trace_begins(batch: SpanBatch) -> list[int]:
    """The rows at which another trace begins."""
    if not len(batch):
        return []
    numbers = batch.record_batch.column("trace_id").dictionary_encode().indices.to_numpy()
    return [0, *(np.flatnonzero(numbers[1:] != numbers[:-1]) + 1).tolist()]


async def _encode(batch: SpanBatch, first: int, last: int) -> bytes:
    rows = SpanBatch(batch.record_batch.slice(first, last - first))
    if last - first <= _INLINE_ROWS_MAX:
        return encode_otlp_proto(rows)
    return await asyncio.to_thread(encode_otlp_proto, rows)
