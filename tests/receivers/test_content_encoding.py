"""Bodies out of their Content-Encoding; bombs stop at the limit. Oracles: the encoders of other libraries."""

from __future__ import annotations

import contextlib
import gzip
import random
import tracemalloc
import zlib

import pyarrow as pa
import pytest
import zstandard

from lymer.component.errors import DecodeError, TooLargeError
from lymer.receivers.content_encoding import KNOWN_ENCODINGS, decompress, split_encodings

LIMIT = 1 << 20
BODY = random.Random(1).randbytes(1000) * 100


def raw_deflate(body: bytes) -> bytes:
    encoder = zlib.compressobj(wbits=-15)
    return encoder.compress(body) + encoder.flush()


def zstd_without_size(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_content_size=False).compress(body)


def snappy(body: bytes) -> bytes:
    return pa.compress(body, "snappy", asbytes=True)


def snappy_framed(body: bytes) -> bytes:
    """By the framing format: a stream identifier, then chunks with a checksum, compressed or not."""
    out = b"\xff\x06\x00\x00sNaPpY"
    for number, start in enumerate(range(0, len(body), 65536)):
        part = body[start : start + 65536]
        data = b"\0\0\0\0" + (part if number % 2 else snappy(part))
        out += bytes([number % 2]) + len(data).to_bytes(3, "little") + data
    return out + b"\xfe\x03\x00\x00pad"


ENCODERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "zlib": zlib.compress,
    "deflate": raw_deflate,
    "zstd": zstandard.compress,
    "lz4": lambda body: pa.compress(body, "lz4", asbytes=True),
    "snappy": snappy,
    "x-snappy-framed": snappy_framed,
}


def test_every_known_encoding_is_tested() -> None:
    assert set(ENCODERS) == set(KNOWN_ENCODINGS)


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("body", [BODY, b"x", b""], ids=["large", "one", "empty"])
def test_what_was_compressed_comes_back(name: str, body: bytes) -> None:
    assert decompress(ENCODERS[name](body), [name], bytes_max=LIMIT) == body


def test_deflate_is_zlib_by_the_standard() -> None:
    assert decompress(zlib.compress(BODY), ["deflate"], bytes_max=LIMIT) == BODY


@pytest.mark.parametrize(
    ("name", "compressed"),
    [
        ("gzip", gzip.compress(BODY) + gzip.compress(BODY)),
        ("zstd", zstandard.compress(BODY) + zstd_without_size(BODY)),
        ("zstd", zstd_without_size(BODY) + zstandard.compress(BODY)),
    ],
)
def test_several_members_are_one_body(name: str, compressed: bytes) -> None:
    assert decompress(compressed, [name], bytes_max=LIMIT) == BODY + BODY


def test_a_zstd_frame_that_does_not_tell_its_size_is_read() -> None:
    assert decompress(zstd_without_size(BODY), ["zstd"], bytes_max=LIMIT) == BODY


def test_the_encoding_applied_last_comes_off_first() -> None:
    assert decompress(gzip.compress(zstandard.compress(BODY)), ["zstd", "gzip"], bytes_max=LIMIT) == BODY


@pytest.mark.parametrize("name", ENCODERS)
def test_a_body_may_grow_to_the_limit_and_not_past_it(name: str) -> None:
    compressed = ENCODERS[name](BODY)
    assert decompress(compressed, [name], bytes_max=len(BODY)) == BODY
    with pytest.raises(TooLargeError, match=f"larger than {len(BODY) - 1} bytes when decompressed"):
        decompress(compressed, [name], bytes_max=len(BODY) - 1)


@pytest.mark.parametrize("name", [*ENCODERS, "zstd without size"])
def test_a_bomb_stops_while_it_is_inflated(name: str) -> None:
    encode = zstd_without_size if " " in name else ENCODERS[name]
    bomb = encode(bytes(20 << 20))
    tracemalloc.start()
    with pytest.raises(TooLargeError):
        decompress(bomb, [name.partition(" ")[0]], bytes_max=LIMIT)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize("name", ENCODERS)
def test_a_body_that_is_cut_off_is_refused(name: str) -> None:
    compressed = ENCODERS[name](BODY)
    for cut in range(1, min(len(compressed) - 7, 400)):
        if name == "x-snappy-framed" and cut == 10:
            continue  # Framed snappy has no end: whole frames are a whole body.
        with pytest.raises(DecodeError):
            decompress(compressed[:cut], [name], bytes_max=LIMIT)


@pytest.mark.parametrize("name", ENCODERS)
def test_damage_never_raises_anything_else(name: str) -> None:
    chance = random.Random(2)
    compressed = ENCODERS[name](BODY)
    for _ in range(300):
        damaged = bytearray(compressed)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        with contextlib.suppress(DecodeError, TooLargeError):
            decompress(bytes(damaged), [name], bytes_max=LIMIT)


@pytest.mark.parametrize(
    ("header", "names"),
    [("", []), ("identity", []), ("GZIP", ["gzip"]), ("zstd, gzip", ["zstd", "gzip"]), (" gzip ,identity", ["gzip"])],
)
def test_the_header_is_a_list_of_names(header: str, names: list[str]) -> None:
    assert split_encodings(header) == names
