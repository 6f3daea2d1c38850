"""Damaged bodies to Jaeger, to Zipkin and to Lymer: the same status, the same text."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.originals import ANSWERS, Originals, cases, record, running
from e2e.server import Server

MUTATIONS_PER_FORMAT = 150
SEED = 20261121
JAVA_WORDS = "offset 0, count"
"""Of Java 17; later ones say it otherwise."""


@pytest.fixture(scope="module")
def originals(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Originals]:
    with running(cache, tmp_path_factory.mktemp("originals")) as found:
        yield found


def test_the_recorded_answers_are_theirs(originals: Originals) -> None:
    recorded = {name: tuple(answer) for name, answer in json.loads(ANSWERS.read_text()).items()}
    found = record(originals)
    differ = [name for name in recorded.keys() | found.keys() if recorded.get(name) != found.get(name)]
    assert [name for name in differ if JAVA_WORDS not in recorded.get(name, (0, ""))[1]] == []


def test_what_both_refuse_is_refused_in_the_same_words(originals: Originals, lymer: Server) -> None:
    ours = Originals(lymer.url("jaeger_http"), f"127.0.0.1:{lymer.port('jaeger_grpc')}", lymer.url("zipkin"))
    compared: Counter[str] = Counter()
    for format_name, body in mutations():
        theirs, answer = originals.send(format_name, body), ours.send(format_name, body)
        if theirs[1] and answer[1] and theirs[0] != 500 and JAVA_WORDS not in theirs[1]:
            assert answer == theirs, (format_name, body)
            compared[format_name] += 1
        assert answer[0] in (0, 13, 202, 400), (format_name, body)
    assert min(compared.values()) > MUTATIONS_PER_FORMAT / 4, compared


def mutations() -> Iterator[tuple[str, bytes]]:
    """Pieces of the corpus, damaged once more."""
    chance = random.Random(SEED)
    bodies: dict[str, list[bytes]] = {}
    for _, format_name, body in cases():
        bodies.setdefault(format_name, []).append(body)
    for format_name, whole in bodies.items():
        for _ in range(MUTATIONS_PER_FORMAT):
            yield format_name, mutated(chance.choice(whole), chance)


def mutated(body: bytes, chance: random.Random) -> bytes:
    """Cut, a byte changed, some taken out, or some put in; never empty."""
    changed = bytearray(body or b"[")
    at = chance.randrange(len(changed))
    match chance.randrange(4):
        case 0:
            del changed[max(2, at) :]
        case 1:
            changed[at] = chance.randrange(256)
        case 2:
            del changed[max(2, at) : at + 4]
        case _:
            changed[at:at] = bytes(chance.choice(b'0123456789"{}[],:null\\ -+.eE\n\x00\x01\xff') for _ in range(3))
    return bytes(changed)
