"""Bodies out of their Content-Encoding, never growing past a limit: a bomb stops while it is being inflated.

Knows gzip, zlib and deflate, zstd, lz4 (frames) and snappy (one block, or framed). Not here: what the body means.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import zstandard
from isal import isal_zlib

from lymer.component.errors import DecodeError, TooLargeError

CHUNK_BYTES = 1 << 20
"""How far past the limit a decompressor can get at most."""

_DAMAGE: tuple[Any, ...] = (zlib.error, isal_zlib.IsalError, zstandard.ZstdError, OSError, ValueError)
"""What the libraries raise for bytes that are not of their encoding."""

_SNAPPY_FRAME_START = b"\xff\x06\x00\x00sNaPpY"


def decompress(body: bytes, encodings: Sequence[str], *, bytes_max: int) -> bytes:
    """The body out of its encodings; the one that was applied last comes off first.

    Raises DecodeError when the bytes are not of the encoding, TooLargeError when they would grow past the limit.
    """
    for name in reversed(encodings):
        body = _one(body, name, bytes_max)
    return body


def split_encodings(encoding: str) -> list[str]:
    """The names in a Content-Encoding header, lower case, without `identity`."""
    names = [name.strip().lower() for name in encoding.split(",")]
    return [name for name in names if name not in ("", "identity")]


def _one(body: bytes, name: str, bytes_max: int) -> bytes:
    try:
        return _DECOMPRESSORS[name](body, bytes_max)
    except _DAMAGE as error:
        raise DecodeError(f"the body is not valid {name}: {error}") from error


def _gzip(body: bytes, bytes_max: int) -> bytes:
    return _inflate(body, 31, bytes_max)


def _zlib_or_deflate(body: bytes, bytes_max: int) -> bytes:
    """RFC 9110 means zlib by `deflate`; clients that send the raw stream are understood too."""
    has_zlib_header = len(body) >= 2 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    return _inflate(body, 15 if has_zlib_header else -15, bytes_max)


def _inflate(body: bytes, window_bits: int, bytes_max: int) -> bytes:
    """All members of the stream: gzip allows several, one after the other."""
    members: list[bytes] = []
    size = 0
    while True:
        inflater = isal_zlib.decompressobj(wbits=window_bits)
        data = inflater.decompress(body, bytes_max - size + 1)
        size += len(data)
        _check_size(size, bytes_max)
        if not inflater.eof:
            raise ValueError("it ends too early")
        members.append(data)
        body = inflater.unused_data
        if not body or window_bits != 31:
            return members[0] if len(members) == 1 else b"".join(members)


def _zstd(body: bytes, bytes_max: int) -> bytes:
    size = zstandard.frame_content_size(body) if body else 0
    _check_size(size, bytes_max)
    if size > 0:
        with contextlib.suppress(zstandard.ZstdError):  # Several frames, or damage: the stream below tells which.
            return zstandard.ZstdDecompressor().decompress(body, allow_extra_data=False)
    return _stream(body, "zstd", bytes_max)


def _lz4(body: bytes, bytes_max: int) -> bytes:
    return _stream(body, "lz4", bytes_max)


def _stream(body: bytes, codec: str, bytes_max: int) -> bytes:
    """Arrow's streams know a cut-off end from an end, which zstandard's do not."""
    return _read_all(pa.CompressedInputStream(pa.BufferReader(body), codec).read, bytes_max)


def _read_all(read: Callable[[int], bytes], bytes_max: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := read(CHUNK_BYTES):
        size += len(chunk)
        _check_size(size, bytes_max)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _snappy(body: bytes, bytes_max: int) -> bytes:
    if body.startswith(_SNAPPY_FRAME_START):
        return _snappy_framed(body, bytes_max)
    size = _snappy_size(body)
    _check_size(size, bytes_max)
    return bytes(pa.Codec("snappy").decompress(body, decompressed_size=size, asbytes=True))


def _snappy_framed(body: bytes, bytes_max: int) -> bytes:
    """https://github.com/google/snappy/blob/main/framing_format.txt; checksums of chunks are not compared."""
    chunks: list[bytes] = []
    size = 0
    position = 0
    while position < len(body):
        kind = body[position]
        end = position + 4 + int.from_bytes(body[position + 1 : position + 4], "little")
        if end > len(body):
            raise ValueError("it ends too early")
        if kind in (0x00, 0x01):
            data = body[position + 8 : end]
            chunks.append(data if kind else _snappy(data, bytes_max - size))
            size += len(chunks[-1])
            _check_size(size, bytes_max)
        elif 0x02 <= kind <= 0x7F:
            raise ValueError(f"it has a chunk of the reserved kind {kind}")
        position = end
    return b"".join(chunks)


def _snappy_size(block: bytes) -> int:
    size = 0
    for shift, byte in enumerate(block[:5]):
        size |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return size
    raise ValueError("it has no length")


def _check_size(size: int, bytes_max: int) -> None:
    if size > bytes_max:
        raise TooLargeError(f"the body is larger than {bytes_max} bytes when decompressed; send smaller batches")


_DECOMPRESSORS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _zlib_or_deflate,
    "zlib": _zlib_or_deflate,
    "zstd": _zstd,
    "lz4": _lz4,
    "snappy": _snappy,
    "x-snappy-framed": _snappy,
}

KNOWN_ENCODINGS = tuple(_DECOMPRESSORS)
"""What can be decompressed."""
