"""Messages and metadata of gRPC as they stand on the wire: gzip and deflate, base64. Not here: HTTP/2."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

import grpc
from isal import isal_zlib

Metadata = Iterable[tuple[str, str | bytes]]

_WINDOW_BITS: Final = {"gzip": 31, "deflate": 15}
_DAMAGE: Final[tuple[Any, ...]] = (zlib.error, isal_zlib.IsalError)


class MessageError(Exception):
    """A message that cannot be read: the call ends with this code."""

    def __init__(self, code: grpc.StatusCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def inflate(data: bytes, encoding: str, *, bytes_max: int) -> bytes:
    """The message that was compressed. Stops at the limit. Raises MessageError."""
    if encoding not in _WINDOW_BITS:
        reason = f"messages in {encoding!r} are not understood; identity, deflate and gzip are"
        raise MessageError(grpc.StatusCode.UNIMPLEMENTED, reason)
    inflater = isal_zlib.decompressobj(wbits=_WINDOW_BITS[encoding])
    try:
        message: bytes = inflater.decompress(data, bytes_max + 1)
    except _DAMAGE as error:
        raise MessageError(grpc.StatusCode.INTERNAL, f"the message is not valid {encoding}: {error}") from error
    if len(message) > bytes_max:
        reason = f"Received message larger than max (more than {bytes_max} bytes when decompressed)"
        raise MessageError(grpc.StatusCode.RESOURCE_EXHAUSTED, reason)
    if not inflater.eof:
        raise MessageError(grpc.StatusCode.INTERNAL, f"the message is not valid {encoding}: it ends too early")
    return message


def to_wire(metadata: Metadata | None) -> list[tuple[str, bytes]]:
    """Values whose name ends in `-bin` become base64."""
    return [(name, _to_wire(name, value)) for name, value in metadata or ()]


def from_wire(metadata: Sequence[tuple[str, bytes]]) -> tuple[tuple[str, str | bytes], ...]:
    """Binary values are bytes, the others text."""
    return tuple((name, _from_wire(name, value)) for name, value in metadata)


def _to_wire(name: str, value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return base64.b64encode(data).rstrip(b"=") if name.endswith("-bin") else data


def _from_wire(name: str, value: bytes) -> str | bytes:
    if not name.endswith("-bin"):
        return value.decode("utf-8", "replace")
    try:
        return base64.b64decode(value + b"=" * (-len(value) % 4))
    except binascii.Error:
        return b""
