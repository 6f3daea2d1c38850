"""The formats that spans come in, by name. The log stores a payload under the name of its format and reads it so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from lymer.component.errors import DecodeError
from lymer.wire import otlp_json, otlp_proto
from lymer.wire.decoded import Decoded, Refusal

__all__ = ["DECODERS", "Decoded", "Refusal", "decode"]

DECODERS: Final[dict[str, Callable[[bytes], Decoded]]] = {
    otlp_proto.FORMAT: otlp_proto.decode_otlp_proto,
    otlp_json.FORMAT: otlp_json.decode_otlp_json,
}
"""Each takes a whole payload and raises DecodeError when it is not of its format. Pure; any thread may call it."""


def decode(format_name: str, payload: bytes) -> Decoded:
    """The spans of a payload of this format. Raises DecodeError, also for a format that nobody knows."""
    decoder = DECODERS.get(format_name)
    if decoder is None:
        raise DecodeError(f"unknown format {format_name!r}; known are {', '.join(DECODERS)}")
    return decoder(payload)
