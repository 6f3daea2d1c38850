"""Jaeger's v1 UI JSON: the traces of `/api/traces`. Not here: the envelope around them (`api.jaeger_v1`)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from lymer import _native
from lymer.model.batch import SpanBatch
from lymer.wire.columns import native_columns


def jaeger_json_pieces(batch: SpanBatch, span_count: int) -> Iterator[bytes]:
    """The objects of `encode_jaeger_json` with commas between them, as one text in pieces of so many spans each."""
    pieces = _native.JaegerPieces(native_columns(batch))
    return iter(partial(pieces.next, span_count), None)


def encode_jaeger_json(batch: SpanBatch, *, pretty: bool = False) -> list[bytes]:
    """One JSON object for each trace of the batch, in which the rows of a trace stand together.

    `pretty` gives each member a line of its own, indented by four blanks a level, as Go does.
    """
    return _native.encode_jaeger_json(native_columns(batch), pretty=pretty)
