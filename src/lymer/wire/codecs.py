"""The formats that spans come in, by name. The log stores a payload under the name of its format and reads it so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lymer.component.errors import DecodeError
from lymer.wire import (
    jaeger_datagrams,
    jaeger_proto,
    jaeger_thrift,
    otlp_json,
    otlp_proto,
    zipkin_json,
    zipkin_proto,
    zipkin_thrift,
)
from lymer.wire.decoded import Decoded, Refusal

__all__ = ["DECODERS", "Decoded", "Refusal", "decode"]

DECODERS: Final[dict[str, Callable[[bytes], Decoded]]] = {
    otlp_proto.FORMAT: otlp_proto.decode_otlp_proto,
    otlp_json.FORMAT: otlp_json.decode_otlp_json,
    jaeger_thrift.FORMAT: jaeger_thrift.decode_jaeger_thrift,
    jaeger_datagrams.FORMAT: jaeger_datagrams.decode_jaeger_datagrams,
    jaeger_proto.FORMAT: jaeger_proto.decode_jaeger_proto,
    zipkin_json.FORMAT: zipkin_json.decode_zipkin_json,
    zipkin_json.FORMAT_V1: zipkin_json.decode_zipkin_v1_json,
    zipkin_thrift.FORMAT: zipkin_thrift.decode_zipkin_thrift,
    zipkin_proto.FORMAT: zipkin_proto.decode_zipkin_proto,
}
"""Each takes a whole payload and raises DecodeError when it is not of its format. Pure; any thread may call it.

A name has 12 characters at most, so that it fits into a record of the log.
"""


def decode(format_name: str, payload: bytes) -> Decoded:
    """The spans of a payload of this format. Raises DecodeError, also for a format that nobody knows."""
    decoder = DECODERS.get(format_name)
    if decoder is None:
        raise DecodeError(f"unknown format {format_name!r}; known are {', '.join(DECODERS)}")
    return decoder(payload)
