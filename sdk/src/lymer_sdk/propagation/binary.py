"""Jaeger's binary form of a span context with baggage, as jaeger-client-go writes it: for `Format.BINARY`.

Big-endian: trace id (16 bytes), span id (8), parent span id (8), flags (1), count of items (4), and for each item the
length of its key (4), the key, the length of its value (4), the value.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct, error

from lymer_sdk.propagation.base import Outgoing
from lymer_sdk.propagation.jaeger import jaeger_flags

_head = Struct(">16sQQBi")
_length = Struct(">i")
_ITEMS_MAX = 1_000


def write_binary(span: Outgoing, baggage: Mapping[str, str]) -> bytes:
    """The bytes of a span and its baggage."""
    trace_id = span.trace_id.to_bytes(16)
    parts = [_head.pack(trace_id, span.span_id, span.parent_span_id, jaeger_flags(span), len(baggage))]
    for text in (text for item in baggage.items() for text in item):
        data = str(text).encode("utf-8", "replace")
        parts += (_length.pack(len(data)), data)
    return b"".join(parts)


def read_binary(data: bytes | bytearray) -> tuple[int, int, int, dict[str, str]] | None:
    """Trace id, span id, Jaeger's flags and baggage; None when the bytes are not such a context."""
    try:
        trace_id, span_id, _, flags, count = _head.unpack_from(data)
        if not 0 <= count <= _ITEMS_MAX:
            return None
        texts, at = [], _head.size
        for _ in range(2 * count):
            (length,) = _length.unpack_from(data, at)
            at += _length.size + length
            if length < 0 or at > len(data):
                return None
            texts.append(bytes(data[at - length : at]).decode("utf-8", "replace"))
    except error:
        return None
    if not any(trace_id) or not span_id:
        return None
    return int.from_bytes(trace_id), span_id, flags, dict(zip(texts[::2], texts[1::2], strict=True))
