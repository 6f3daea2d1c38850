"""Datagrams of Jaeger's agent, many as one payload: each behind its length, four bytes, little end first.

So a thousand small messages become one batch, one write and one record of the log. Not here: sockets.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final, NamedTuple

from lymer import _native
from lymer.component.errors import DecodeError
from lymer.model.batch import Payload, SpanBatch
from lymer.wire.decoded import Decoded, Refusal

FORMAT: Final = "jaeger_udp"

LENGTH: Final = struct.Struct("<I")
"""What stands before each datagram."""


class ClientReport(NamedTuple):
    """What a client says of itself with a batch; sums since it began."""

    client: str
    sequence: int
    """The number of the batch."""
    full_queue: int
    """Spans that it has dropped because its queue was full."""
    too_large: int
    """Because no datagram holds them."""
    failed: int
    """Because they could not be sent."""


class Datagrams(NamedTuple):
    """What is in a payload."""

    decoded: Decoded
    broken: list[str]
    """Why each datagram that cannot be read cannot; none of its spans is kept."""
    reports: list[ClientReport]


def decode_jaeger_datagrams(payload: bytes) -> Decoded:
    """The spans of all datagrams that can be read. Raises DecodeError when the lengths do not fit the payload."""
    return read_datagrams(payload).decoded


def read_datagrams(payload: bytes) -> Datagrams:
    """The same, with all else that is in it. Raises DecodeError likewise."""
    try:
        columns, refused, broken, reports = _native.decode_jaeger_datagrams(payload)
    except ValueError as error:
        raise DecodeError(f"not datagrams of Jaeger's agent: {error}") from error
    batch = SpanBatch(columns, Payload(FORMAT, payload))
    decoded = Decoded(batch, tuple(Refusal(reason, count) for reason, count in refused))
    return Datagrams(decoded, broken, [ClientReport(*report) for report in reports])


def join_datagrams(datagrams: Iterable[bytes]) -> bytes:
    """The datagrams as one payload."""
    return b"".join(LENGTH.pack(len(datagram)) + datagram for datagram in datagrams)
