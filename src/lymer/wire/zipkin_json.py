"""Zipkin's JSON: a list of spans, of version 2 or of version 1; version 2 on the way back."""

from __future__ import annotations

from typing import Final

from lymer import _native
from lymer.model.batch import SpanBatch
from lymer.wire.columns import native_columns
from lymer.wire.decoded import Decoded
from lymer.wire.native_decoder import decoded_by

FORMAT: Final = "zipkin_json"
FORMAT_V1: Final = "zipkin_json1"


def decode_zipkin_json(payload: bytes) -> Decoded:
    """The spans of a list of version 2. Raises DecodeError when the bytes are not such a list."""
    return decoded_by(_native.decode_zipkin_json, payload, FORMAT, "a list of Zipkin spans")


def decode_zipkin_v1_json(payload: bytes) -> Decoded:
    """The spans of a list of version 1; one that client and server share becomes two. Raises DecodeError likewise."""
    return decoded_by(_native.decode_zipkin_v1_json, payload, FORMAT_V1, "a list of Zipkin spans of version 1")


def encode_zipkin_json(batch: SpanBatch) -> list[bytes]:
    """A list of spans of version 2 for each trace of the batch, in which the rows of a trace stand together."""
    return _native.encode_zipkin_json(native_columns(batch))
