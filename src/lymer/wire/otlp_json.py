"""OTLP JSON. It is rewritten as OTLP protobuf and decoded as that, so that one decoder says what spans mean."""

from __future__ import annotations

from typing import Final

from lymer import _native
from lymer.component.errors import DecodeError
from lymer.model.batch import SpanBatch
from lymer.wire.columns import native_columns
from lymer.wire.decoded import Decoded
from lymer.wire.otlp_proto import decode_otlp_proto

FORMAT: Final = "otlp_json"


def decode_otlp_json(payload: bytes) -> Decoded:
    """The spans of a request. The batch's payload is the protobuf that it was rewritten as. Raises DecodeError."""
    try:
        rewritten, is_repaired = _native.otlp_json_to_proto(payload)
    except ValueError as error:
        raise DecodeError(f"not an OTLP request as JSON: {error}") from error
    return decode_otlp_proto(rewritten, is_repaired=is_repaired)


def encode_otlp_json(batch: SpanBatch) -> bytes:
    """The batch as `{"resourceSpans":[...]}`; consecutive rows of one resource and scope are grouped."""
    return _native.encode_otlp_json(native_columns(batch))
