"""Ids as bytes and as text: 16-byte trace ids, 8-byte span ids, and the short forms that clients send."""

from __future__ import annotations

import string

TRACE_ID_BYTES = 16
SPAN_ID_BYTES = 8

_HEX_DIGITS = frozenset(string.hexdigits)


def parse_trace_id(text: str) -> bytes:
    """A trace id from 1 to 32 hex digits; shorter ones are padded with zeros on the left, as Jaeger does.

    Raises ValueError for anything else, and for the id of zeros.
    """
    return _parse(text.strip(), TRACE_ID_BYTES, "trace id")


def parse_span_id(text: str) -> bytes:
    """A span id from 1 to 16 hex digits, padded likewise. Raises ValueError for anything else, and for zeros."""
    return _parse(text.strip(), SPAN_ID_BYTES, "span id")


def trace_id_hex(trace_id: bytes) -> str:
    """32 lower-case hex digits."""
    return trace_id.hex()


def jaeger_trace_id(trace_id: bytes) -> str:
    """As Jaeger's v1 JSON prints it: 16 digits when the upper half is zero, else 32."""
    text = trace_id.hex()
    return text[16:] if text.startswith("0" * 16) else text


def _parse(text: str, size: int, what: str) -> bytes:
    if not 1 <= len(text) <= 2 * size:
        raise ValueError(f"{what} must have 1 to {2 * size} hex digits, not {len(text)}")
    if not set(text) <= _HEX_DIGITS:
        raise ValueError(f"{what} must be hex digits: {text!r}")
    value = bytes.fromhex(text.rjust(2 * size, "0"))
    if not any(value):
        raise ValueError(f"{what} must not be zero: {text!r}")
    return value
