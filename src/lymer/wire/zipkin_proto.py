"""Zipkin's protobuf, version 2: a ListOfSpans."""

from __future__ import annotations

from typing import Final

from lymer import _native
from lymer.wire.decoded import Decoded
from lymer.wire.native_decoder import decoded_by

FORMAT: Final = "zipkin_proto"


def decode_zipkin_proto(payload: bytes) -> Decoded:
    """The spans of a ListOfSpans. Raises DecodeError when the bytes are not the message."""
    return decoded_by(_native.decode_zipkin_proto, payload, FORMAT, "a ListOfSpans of Zipkin")
