"""OTLP protobuf: ExportTraceServiceRequest, and TracesData, which has the same form."""

from __future__ import annotations

from typing import Final

from lymer import _native
from lymer.component.errors import DecodeError
from lymer.model.batch import Payload, SpanBatch
from lymer.wire.columns import native_columns
from lymer.wire.decoded import Decoded, Refusal

FORMAT: Final = "otlp_proto"


def decode_otlp_proto(payload: bytes, *, is_repaired: bool = False) -> Decoded:
    """The spans of a request. The batch knows its payload. Raises DecodeError when the bytes are not the message.

    `is_repaired` says that text was repaired before it became protobuf.
    """
    try:
        columns, refused = _native.decode_otlp_proto(payload, is_repaired=is_repaired)
    except ValueError as error:
        raise DecodeError(f"not an OTLP request: {error}") from error
    batch = SpanBatch(columns, Payload(FORMAT, payload))
    return Decoded(batch, tuple(Refusal(reason, count) for reason, count in refused) if refused else ())


def encode_otlp_proto(batch: SpanBatch) -> bytes:
    """The batch as one message; consecutive rows of one resource and scope are grouped, their order is kept."""
    return _native.encode_otlp_proto(native_columns(batch))
