"""Zipkin's Thrift, version 1: a bare list of spans in the binary protocol."""

from __future__ import annotations

from typing import Final

from lymer import _native
from lymer.wire.decoded import Decoded
from lymer.wire.native_decoder import decoded_by

FORMAT: Final = "zipkinthrift"


def decode_zipkin_thrift(payload: bytes) -> Decoded:
    """The spans of a list; one that client and server share becomes two. Raises DecodeError when it is no such list."""
    return decoded_by(_native.decode_zipkin_thrift, payload, FORMAT, "a list of Zipkin spans in Thrift")
