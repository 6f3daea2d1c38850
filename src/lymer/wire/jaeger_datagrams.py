"""Datagrams of Jaeger's agent, many as one payload: each behind its length, four bytes, little end first.

So a thousand small messages become one batch, one write and one record of the log. Not here: sockets.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final

from lymer import _native
from lymer.component.errors import DecodeError
from lymer.model.batch import Payload, SpanBatch
from lymer.wire.decoded import Decoded, Refusal

FORMAT: Final = "jaeger_udp"

LENGTH: Final = struct.Struct("<I")
"""What stands before each datagram."""


def decode_jaeger_datagrams(payload: bytes) -> Decoded:
    """The spans of all datagrams that can be read. Raises DecodeError when the lengths do not fit the payload."""
    return read_datagrams(payload)[0]


def read_datagrams(payload: bytes) -> tuple[Decoded, list[str]]:
    """The same, and why each of the other datagrams cannot be read; none of their spans is kept."""
    try:
        columns, refused, broken = _native.decode_jaeger_datagrams(payload)
    except ValueError as error:
        raise DecodeError(f"not datagrams of Jaeger's agent: {error}") from error
    batch = SpanBatch(columns, Payload(FORMAT, payload))
    return Decoded(batch, tuple(Refusal(reason, count) for reason, count in refused)), broken


def join_datagrams(datagrams: Iterable[bytes]) -> bytes:
    """The datagrams as one payload."""
    return b"".join(LENGTH.pack(len(datagram)) + datagram for datagram in datagrams)
