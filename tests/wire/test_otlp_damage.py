"""Damage: bytes that are nearly a request. We refuse what upb refuses, keep what it keeps, and stay small and quick."""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from google.protobuf.message import DecodeError as ProtobufDecodeError

from lymer.component.errors import DecodeError
from lymer.wire.otlp_proto import decode_otlp_proto, encode_otlp_proto
from tests.wire.otlp_examples import example
from tests.wire.otlp_oracle import PermissiveRequest, expected, refusals_of, rows_of
from tests.wire.test_otlp_proto import field

CORPUS = Path(__file__).resolve().parents[2] / "corpus" / "otlp" / "damage"
CASES = json.loads((CORPUS / "expected.json").read_text())


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_piece_of_the_corpus_has_its_outcome(name: str) -> None:
    payload = (CORPUS / name).read_bytes()
    want = CASES[name]
    if "error" in want:
        with pytest.raises(DecodeError, match=want["error"]):
            decode_otlp_proto(payload)
    else:
        decoded = decode_otlp_proto(payload)
        assert (len(decoded.batch), dict(refusals_of(decoded))) == (want["rows"], want["refused"])


def test_the_corpus_is_listed() -> None:
    assert {path.name for path in CORPUS.glob("*.bin")} == set(CASES)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_many_mutations_are_refused_exactly_when_upb_refuses_them(seed: int) -> None:
    rnd = random.Random(seed)
    payloads = [example(rnd, spans=rnd.randrange(4)).SerializeToString() for _ in range(20)]
    for turn in range(4000):
        payload = _mutated(rnd, rnd.choice(payloads), rnd.choice(payloads))
        _compare(payload, with_rows=turn % 20 == 0)


def _mutated(rnd: random.Random, payload: bytes, other: bytes) -> bytes:
    data = bytearray(payload)
    for _ in range(rnd.randrange(1, 4)):
        at = rnd.randrange(len(data) + 1)
        match rnd.randrange(6):
            case 0:
                data[at : at + 1] = rnd.randbytes(1)
            case 1:
                data[at:] = data[at : at + rnd.randrange(20)]
            case 2:
                data[at:at] = rnd.randbytes(rnd.randrange(6))
            case 3:
                start = rnd.randrange(len(other) + 1)
                data[at:at] = other[start : start + rnd.randrange(60)]
            case 4:
                del data[at : at + rnd.randrange(6)]
            case _:
                data[at : at + 1] = rnd.choice([b"\x80", b"\xff", b"\x00", b"\x0a", b"\x2a", b"\x32", b"\x3b", b"\x7b"])
    return bytes(data)


def _compare(payload: bytes, *, with_rows: bool) -> None:
    try:
        PermissiveRequest.FromString(payload)
    except ProtobufDecodeError:
        with pytest.raises(DecodeError):
            decode_otlp_proto(payload)
        return
    decoded = decode_otlp_proto(payload)
    if not with_rows:
        return
    rows, refused = expected(payload)
    assert rows_of(decoded.batch) == rows, payload.hex()
    assert sum(refusals_of(decoded).values()) == sum(refused.values())
    assert rows_of(decode_otlp_proto(encode_otlp_proto(decoded.batch)).batch) == rows


IDS = field(1, b"t" * 16) + field(2, b"s" * 8)


def _in_span(data: bytes) -> bytes:
    return field(1, field(2, field(2, IDS + data)))


def _nested(depth: int, size: int) -> bytes:
    data = field(1, b"\x01" * size)
    for _ in range(depth):
        data = field(5, field(1, data) + field(1, b""))
    return data


HOSTILE_BYTES = 4_000_000
HOSTILE = {
    "empty attributes": lambda: _in_span(field(9, b"") * (HOSTILE_BYTES // 2)),
    "empty events": lambda: _in_span(field(11, b"") * (HOSTILE_BYTES // 2)),
    "empty links": lambda: _in_span(field(13, b"") * (HOSTILE_BYTES // 2)),
    "empty spans": lambda: field(1, field(2, field(2, b"") * (HOSTILE_BYTES // 2))),
    "smallest spans": lambda: field(1, field(2, field(2, IDS) * (HOSTILE_BYTES // 30))),
    "empty scopes": lambda: field(1, field(2, b"") * (HOSTILE_BYTES // 2)),
    "empty resources": lambda: field(1, b"") * (HOSTILE_BYTES // 2),
    "a big resource for many spans": lambda: field(
        1,
        field(1, field(1, field(1, b"k") + field(2, field(1, b"v" * (HOSTILE_BYTES // 2)))))
        + field(2, field(2, IDS) * (HOSTILE_BYTES // 60)),
    ),
    "a big resource for many scopes": lambda: field(
        1,
        field(1, field(1, field(1, b"k") + field(2, field(1, b"v" * (HOSTILE_BYTES // 2)))))
        + field(2, field(2, IDS)) * (HOSTILE_BYTES // 64),
    ),
    "empty values in an array": lambda: _in_span(field(9, field(2, field(5, field(1, b"") * (HOSTILE_BYTES // 2))))),
    "empty pairs in a map": lambda: _in_span(field(9, field(2, field(6, field(1, b"") * (HOSTILE_BYTES // 2))))),
    "a value in many parts": lambda: _in_span(field(9, field(2, field(5, b"")) * (HOSTILE_BYTES // 4))),
    "control characters deep inside": lambda: _in_span(field(9, field(2, _nested(40, HOSTILE_BYTES)))),
    "broken text": lambda: _in_span(field(5, b"\xff" * HOSTILE_BYTES)),
    "a new key every time": lambda: _in_span(
        b"".join(field(9, field(1, n.to_bytes(3, "big"))) for n in range(HOSTILE_BYTES // 7))
    ),
    "a status in many parts": lambda: _in_span(field(15, field(2, b"xx")) * (HOSTILE_BYTES // 6)),
    "groups in groups": lambda: (b"\xa3\x06" * 99 + b"\xa4\x06" * 99) * (HOSTILE_BYTES // 396),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_payload_costs_a_small_multiple_of_its_size(name: str) -> None:
    """In a process of its own, so that the peak of its memory is its own."""
    code = "from tests.wire.test_otlp_damage import measure; import sys; measure(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", code, name], capture_output=True, text=True, check=True, cwd=CORPUS.parents[2]
    )
    growth_bytes, cpu_s = map(float, done.stdout.split())
    assert growth_bytes <= 25 * HOSTILE_BYTES, f"{growth_bytes / HOSTILE_BYTES:.1f} times the payload"
    assert cpu_s < 2.0


def measure(name: str) -> None:
    """Print how much the peak of memory grew, and the CPU seconds."""
    payload = HOSTILE[name]()
    decode_otlp_proto(payload[:0])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun_s = time.process_time()
    decode_otlp_proto(payload)
    cpu_s = time.process_time() - begun_s
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024, cpu_s)
