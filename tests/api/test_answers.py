"""How answers travel."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from lymer.api.answers import GZIP_BYTES_MIN, Answer, go_error, json_answer, status_of
from lymer.component.errors import (
    BadQueryError,
    BudgetError,
    LymerError,
    NotFoundError,
    NotSupportedError,
    OverloadedError,
    TooLargeError,
    UnavailableError,
)

LONG = b"x" * 1_000_000


async def fetch(answer: Answer, accepted: str = "gzip") -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(answer), base_url="http://lymer") as http:
        return await http.get("/", headers={"accept-encoding": accepted})


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_short_answers_are_sent_as_they_are() -> None:
    answer = await fetch(Answer(b"x" * (GZIP_BYTES_MIN - 1)))
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-length"] == str(GZIP_BYTES_MIN - 1)


async def test_long_answers_are_packed_for_who_takes_it() -> None:
    answer = await fetch(Answer(LONG))
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < 10_000
    assert answer.content == LONG


@pytest.mark.parametrize("accepted", ["identity", "", "br", "gzip;q=0", "gzip; q=0.0, br"])
async def test_nobody_gets_gzip_who_does_not_take_it(accepted: str) -> None:
    answer = await fetch(Answer(LONG), accepted)
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.content == LONG


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
async def test_streams_arrive_whole(accepted: str) -> None:
    answer = await fetch(Answer(pieces(b"[", LONG, b"", b"]")), accepted)
    assert answer.content == b"[" + LONG + b"]"
    assert ("content-encoding" in answer.headers) == (accepted == "gzip")


async def test_a_packed_stream_is_one_gzip_member() -> None:
    sent: list[dict] = []

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {"type": "http", "headers": [(b"accept-encoding", b"gzip")]}
    await Answer(pieces(b"a" * 100, b"b" * 100_000))(scope, None, send)
    body = b"".join(message.get("body", b"") for message in sent)
    assert gzip.decompress(body) == b"a" * 100 + b"b" * 100_000
    assert sent[-1]["more_body"] is False


async def test_errors_look_as_go_writes_them() -> None:
    answer = await fetch(go_error({"errors": []}, 400))
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content == b'{"errors":[]}\n'


async def test_pretty_json_has_four_blanks_and_keeps_its_order() -> None:
    answer = await fetch(json_answer({"b": [1, {}], "a": "ü"}, pretty=True))
    assert answer.text == json.dumps({"b": [1, {}], "a": "ü"}, indent=4, ensure_ascii=False)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadQueryError("x"), 400),
        (NotFoundError("x"), 404),
        (TooLargeError("x"), 413),
        (NotSupportedError("x"), 501),
        (OverloadedError("x"), 503),
        (UnavailableError("x"), 503),
        (BudgetError("x"), 504),
        (LymerError("x"), 500),
    ],
)
def test_each_kind_of_error_has_its_status(error: LymerError, status: int) -> None:
    assert status_of(error) == status
