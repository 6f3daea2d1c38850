"""Jaeger's protobuf, api_v2: PostSpansRequest in; SpansResponseChunk and PostSpansRequest out.

Spans say their process each, or the batch says it for all. Not here: the other messages of api_v2.
"""

from __future__ import annotations

from typing import Final

from lymer import _native
from lymer.model.batch import SpanBatch
from lymer.wire.columns import native_columns
from lymer.wire.decoded import Decoded
from lymer.wire.native_decoder import decoded_by
from lymer.wire.protobuf import bytes_head

FORMAT: Final = "jaeger_proto"


def decode_jaeger_proto(payload: bytes) -> Decoded:
    """The spans of a PostSpansRequest. Raises DecodeError when the bytes are not the message."""
    return decoded_by(_native.decode_jaeger_proto, payload, FORMAT, "a PostSpansRequest")


def encode_spans_chunk(batch: SpanBatch) -> bytes:
    """The spans as one SpansResponseChunk, each with its process."""
    return _native.encode_jaeger_proto(native_columns(batch))


def encode_post_spans_request(batch: SpanBatch) -> bytes:
    """The spans as a PostSpansRequest, each with its process; the batch says none."""
    return post_spans_request(encode_spans_chunk(batch))


def post_spans_request(*chunks: bytes) -> bytes:
    """One or more SpansResponseChunks as a PostSpansRequest."""
    return b"".join((bytes_head(1, sum(map(len, chunks))), *chunks))
