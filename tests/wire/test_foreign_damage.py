"""Jaeger's and Zipkin's formats, damaged and hostile: each payload of the corpus has its outcome, none costs much."""

from __future__ import annotations

import contextlib
import json
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lymer.component.errors import DecodeError
from lymer.wire.codecs import DECODERS, decode
from tests.wire.otlp_oracle import refusals_of
from tests.wire.test_otlp_damage import _mutated

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
CASES = {
    f"{folder}/{name}": outcome
    for folder in ("jaeger", "zipkin")
    for name, outcome in json.loads((CORPUS / folder / "expected.json").read_text()).items()
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_piece_of_the_corpus_has_its_outcome(name: str) -> None:
    payload, want = (CORPUS / name).read_bytes(), CASES[name]
    if "error" in want:
        with pytest.raises(DecodeError, match=want["error"]):
            decode(want["format"], payload)
    else:
        decoded = decode(want["format"], payload)
        assert (len(decoded.batch), dict(refusals_of(decoded))) == (want["rows"], want["refused"])


def test_the_corpus_is_listed() -> None:
    found = {f"{folder}/{path.name}" for folder in ("jaeger", "zipkin") for path in (CORPUS / folder).iterdir()}
    assert found - {"jaeger/expected.json", "zipkin/expected.json"} == set(CASES)


def test_names_of_formats_fit_into_a_record_of_the_log() -> None:
    assert max(len(name.encode()) for name in DECODERS) <= 12


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_mutations_are_refused_or_kept_by_every_decoder(seed: int) -> None:
    rnd = random.Random(seed)
    payloads = [(CORPUS / name).read_bytes() for name in sorted(CASES)]
    formats = sorted(DECODERS)
    for _ in range(5000):
        payload = _mutated(rnd, rnd.choice(payloads), rnd.choice(payloads))
        with contextlib.suppress(DecodeError):
            decode(rnd.choice(formats), payload)


SIZE = 4_000_000


def _compact(element: bytes, count: int) -> bytes:
    """A list of so many elements in the compact protocol."""
    length = count
    header = bytearray(b"\xfc")
    while length > 0x7F:
        header.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([*header, length]) + element * count


_IDS = b"\x16\x02\x16\x04\x16\x06"
HOSTILE = {
    "empty spans": ("jaegerthrift", lambda: b"\x29" + _compact(b"\x00", SIZE) + b"\x00"),
    "smallest spans": ("jaegerthrift", lambda: b"\x29" + _compact(_IDS + b"\x00", SIZE // 7) + b"\x00"),
    "empty tags": ("jaegerthrift", lambda: b"\x29\x1c" + _IDS + b"\x79" + _compact(b"\x00", SIZE) + b"\x00\x00"),
    "empty logs": ("jaegerthrift", lambda: b"\x29\x1c" + _IDS + b"\x89" + _compact(b"\x00", SIZE) + b"\x00\x00"),
    "empty references": ("jaegerthrift", lambda: b"\x29\x1c" + _IDS + b"\x39" + _compact(b"\x00", SIZE) + b"\x00\x00"),
    "small references": (
        "jaegerthrift",
        lambda: b"\x29\x1c" + _IDS + b"\x39" + _compact(b"\x46\x02\x00", SIZE // 3) + b"\x00\x00",
    ),
    "too many process tags": ("jaegerthrift", lambda: b"\x1c\x29" + _compact(b"\x00", SIZE) + b"\x00\x00"),
    "structs in structs": ("jaegerthrift", lambda: b"\x9c" * SIZE),
    "old annotations": ("jaegerthrift", lambda: _emit_zipkin(b"\x59" + _compact(b"\x00", SIZE))),
    "old tags": ("jaegerthrift", lambda: _emit_zipkin(b"\x79" + _compact(b"\x00", SIZE))),
    "empty span messages": ("jaeger_proto", lambda: _field(1, _field(1, b"") * (SIZE // 2))),
    "empty tag messages": ("jaeger_proto", lambda: _field(1, _field(1, _field(8, b"") * (SIZE // 2)))),
    "empty warnings": ("jaeger_proto", lambda: _field(1, _field(1, _field(12, b"") * (SIZE // 2)))),
    "a new process each": ("jaeger_proto", lambda: _field(1, b"".join(_process(n) for n in range(SIZE // 40)))),
    "empty objects": ("zipkin_json", lambda: b"[" + b"{}," * (SIZE // 3) + b"{}]"),
    "empty annotations": ("zipkin_json", lambda: b'[{"annotations":[' + b"{}," * (SIZE // 3) + b"{}]}]"),
    "many tags": ("zipkin_json", lambda: b'[{"traceId":"1","id":"1","tags":{' + b'"":"",' * (SIZE // 6) + b'"":""}}]'),
    "many links": (
        "zipkin_json",
        lambda: b'[{"traceId":"1","id":"1","tags":{' + b'"otlp.link.1":"",' * (SIZE // 17) + b'"":""}}]',
    ),
    "old objects": ("zipkin_json1", lambda: b'[{"binaryAnnotations":[' + b"{}," * (SIZE // 3) + b"{}]}]"),
    "empty messages": ("zipkin_proto", lambda: _field(1, b"") * (SIZE // 2)),
    "empty tag entries": ("zipkin_proto", lambda: _field(1, _field(11, b"") * (SIZE // 2))),
}


def _emit_zipkin(fields: bytes) -> bytes:
    return b"\x82\x81\x01\x0femitZipkinBatch\x19\x1c\x16\x02" + fields + b"\x00\x00"


def _field(number: int, data: bytes) -> bytes:
    length, out = len(data), bytearray([number << 3 | 2])
    while length > 0x7F:
        out.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([*out, length]) + data


def _process(number: int) -> bytes:
    process = _field(10, _field(1, number.to_bytes(3, "big")))
    return _field(1, _field(1, b"t" * 16) + _field(2, b"s" * 8) + process)


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_payload_costs_a_small_multiple_of_its_size(name: str) -> None:
    """In a process of its own, so that the peak of its memory is its own."""
    code = "from tests.wire.test_foreign_damage import measure; import sys; measure(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", code, name], capture_output=True, text=True, check=True, cwd=CORPUS.parent
    )
    growth_bytes, cpu_s = map(float, done.stdout.split())
    assert growth_bytes <= 60 * SIZE, f"{growth_bytes / SIZE:.1f} times the payload"
    assert cpu_s < 3.0


def measure(name: str) -> None:
    """Print how much the peak of memory grew, and the CPU seconds."""
    format_name, make = HOSTILE[name]
    payload = make()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun_s = time.process_time()
    with contextlib.suppress(DecodeError):
        decode(format_name, payload)
    cpu_s = time.process_time() - begun_s
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024, cpu_s)
