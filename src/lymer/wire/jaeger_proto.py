"""Jaeger's protobuf, api_v2: PostSpansRequest. Its spans say their process each, or the batch says it for all."""

from __future__ import annotations

from typing import Final

from lymer import _native
from lymer.wire.decoded import Decoded
from lymer.wire.native_decoder import decoded_by

FORMAT: Final = "jaeger_proto"


def decode_jaeger_proto(payload: bytes) -> Decoded:
    """The spans of a PostSpansRequest. Raises DecodeError when the bytes are not the message."""
    return decoded_by(_native.decode_jaeger_proto, payload, FORMAT, "a PostSpansRequest")
