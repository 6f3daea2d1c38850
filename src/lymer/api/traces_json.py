"""Traces of an answer as pieces of JSON: portions of the rows, turned into bytes by the native encoders in a thread.

Nothing here looks at a span. Not here: the envelopes (`jaeger_v1`, `jaeger_v3`, `native`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from lymer.model.batch import SpanBatch
from lymer.model.ids import TRACE_ID_BYTES
from lymer.wire.jaeger_json import jaeger_json_pieces
from lymer.wire.otlp_json import encode_otlp_json

PORTION_ROWS: Final = 8192
"""About 10 MB of JSON: small beside a large answer, large beside the cost of a portion."""

STREAM_BYTES_MIN: Final = 1 << 20
"""Less than this is sent at once."""

Change = Callable[[SpanBatch], SpanBatch]
"""What is done to whole traces before they are shown."""

_OTLP_HEAD: Final = b'{"resourceSpans":['
_OTLP_TAIL: Final = b"]}"


def unchanged(batch: SpanBatch) -> SpanBatch:
    """The traces as they were sent."""
    return batch


async def jaeger_pieces(batch: SpanBatch, change: Change = unchanged) -> AsyncIterator[bytes]:
    """The traces in Jaeger's v1 form, with commas between them, as one text in pieces."""
    comma = b""
    for portion in _whole_trace_portions(batch):
        piece, pieces = await asyncio.to_thread(_begun, portion, change)
        while piece is not None:
            if comma:
                yield comma
            yield piece
            comma = b""
            piece = await asyncio.to_thread(next, pieces, None) if pieces else None
        comma = b","


def _begun(portion: SpanBatch, change: Change) -> tuple[bytes | None, Iterator[bytes] | None]:
    """The first piece, and the others where there are any: a small answer takes one way to a thread, not three."""
    changed = change(portion)
    pieces = jaeger_json_pieces(changed, PORTION_ROWS)
    return next(pieces, None), None if len(changed) <= PORTION_ROWS else pieces


async def otlp_pieces(batch: SpanBatch, change: Change = unchanged) -> AsyncIterator[bytes]:
    """The spans as the elements of OTLP's `resourceSpans`, with commas between them, as one text in pieces."""
    comma = b""
    for portion in _whole_trace_portions(batch):
        spans = await asyncio.to_thread(change, portion)
        for first in range(0, len(spans), PORTION_ROWS):
            text = await asyncio.to_thread(encode_otlp_json, _rows(spans, first, first + PORTION_ROWS))
            assert text.startswith(_OTLP_HEAD)
            assert text.endswith(_OTLP_TAIL)
            yield comma + memoryview(text)[len(_OTLP_HEAD) : -len(_OTLP_TAIL)]
            comma = b","


async def whole(head: bytes, pieces: AsyncIterator[bytes], tail: bytes) -> bytes:
    """The pieces between two others, all at once."""
    return b"".join([head, *[piece async for piece in pieces], tail])


async def enclosed(head: bytes, pieces: AsyncIterator[bytes], tail: bytes) -> bytes | AsyncIterator[bytes]:
    """The pieces between two others: at once when it is little, else as a stream.

    What is little has an answer of known length, and an error in making it is still an answer of its own.
    """
    ready = [head]
    size = 0
    async for piece in pieces:
        ready.append(piece)
        size += len(piece)
        if size >= STREAM_BYTES_MIN:
            return _stream(ready, pieces, tail)
    return b"".join([*ready, tail])


async def _stream(begin: list[bytes], pieces: AsyncIterator[bytes], tail: bytes) -> AsyncIterator[bytes]:
    for piece in begin:
        yield piece
    async for piece in pieces:
        yield piece
    yield tail


def trace_ids(batch: SpanBatch) -> list[bytes]:
    """The ids of the traces of the batch, in order of first appearance."""
    ids: list[bytes] = batch.record_batch.column("trace_id").unique().to_pylist()
    return ids


def traces_together(batch: SpanBatch) -> SpanBatch:
    """The same rows with those of a trace side by side, traces in order of first appearance."""
    numbers = batch.record_batch.column("trace_id").dictionary_encode().indices.to_numpy()
    return batch.take(np.argsort(numbers, kind="stable"))


def _whole_trace_portions(batch: SpanBatch) -> Iterator[SpanBatch]:
    if len(batch) <= PORTION_ROWS:
        if len(batch):
            yield batch
        return
    begins = _trace_begins(batch)
    first = 0
    while first < len(batch):
        later = begins[np.searchsorted(begins, first + PORTION_ROWS) :]
        last = int(later[0]) if len(later) else len(batch)
        yield _rows(batch, first, last)
        first = last


def _trace_begins(batch: SpanBatch) -> npt.NDArray[np.intp]:
    column = batch.record_batch.column("trace_id")
    first = column.offset * TRACE_ID_BYTES
    data = np.frombuffer(column.buffers()[1], dtype=np.uint64, offset=first, count=2 * len(batch)).reshape(-1, 2)
    return np.flatnonzero((data[1:] != data[:-1]).any(axis=1)) + 1


def _rows(batch: SpanBatch, first: int, last: int) -> SpanBatch:
    if first == 0 and last >= len(batch):
        return batch
    return SpanBatch(batch.record_batch.slice(first, last - first))
