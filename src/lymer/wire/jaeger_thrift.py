"""Jaeger's Thrift: a Batch as clients post it, and the messages that they send by UDP.

One decoder for all of it, because the first bytes say what a payload is: the binary or the compact protocol, with a
message's header (strict or old) or without. Messages are `emitBatch`, `emitZipkinBatch` and their collector's forms.
"""

from __future__ import annotations

from typing import Final

from lymer import _native
from lymer.wire.decoded import Decoded
from lymer.wire.native_decoder import decoded_by

FORMAT: Final = "jaegerthrift"


def decode_jaeger_thrift(payload: bytes) -> Decoded:
    """The spans of a Batch or of a message. Raises DecodeError when the bytes are neither."""
    return decoded_by(_native.decode_jaeger_thrift, payload, FORMAT, "a Jaeger batch in Thrift")
