"""Jaeger's collector port: its content types, statuses and texts, through a real socket."""

from __future__ import annotations

import gzip
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from lymer.component.config import ByteSize
from lymer.component.errors import OverloadedError, PermanentError, UnavailableError
from lymer.component.events import Events
from lymer.receivers.jaeger_http import PATH, JaegerHttpConfig, JaegerHttpReceiver
from lymer.sampling.strategy import FixedStrategy, Strategy
from tests.receivers.conftest import FakeSink, Run, http_client

CORPUS = Path(__file__).parents[2] / "corpus" / "jaeger"
EXPECTED = json.loads((CORPUS / "expected.json").read_text())
BATCH = (CORPUS / "batch-binary.bin").read_bytes()
THRIFT = {"content-type": "application/x-thrift"}

Open = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
def opened(run: Run, stack: AsyncExitStack) -> Open:
    async def start(**settings: Any) -> httpx.AsyncClient:
        strategies = FixedStrategy(Strategy("probabilistic", 0.25))
        receiver = await run(JaegerHttpReceiver, JaegerHttpConfig(**settings), strategies=strategies)
        return await http_client(stack, receiver, PATH)

    return start


@pytest.fixture
async def client(opened: Open) -> httpx.AsyncClient:
    return await opened()


@pytest.mark.parametrize(
    "content_type",
    ["application/x-thrift", "application/vnd.apache.thrift.binary", "Application/X-Thrift; charset=utf-8"],
)
async def test_a_batch_is_handed_over_and_answered_202_with_nothing(
    client: httpx.AsyncClient, sink: FakeSink, content_type: str
) -> None:
    answer = await client.post(f"{PATH}?format=jaeger.thrift", content=BATCH, headers={"content-type": content_type})
    assert (answer.status_code, answer.content) == (202, b"")
    assert sink.span_count() == EXPECTED["batch-binary.bin"]["rows"]


async def test_a_batch_without_spans_succeeds(client: httpx.AsyncClient) -> None:
    answer = await client.post(PATH, content=(CORPUS / "batch-empty.bin").read_bytes(), headers=THRIFT)
    assert answer.status_code == 202


async def test_a_compressed_batch_is_understood_as_version_2_does(client: httpx.AsyncClient, sink: FakeSink) -> None:
    headers = {**THRIFT, "content-encoding": "gzip"}
    assert (await client.post(PATH, content=gzip.compress(BATCH), headers=headers)).status_code == 202
    assert sink.span_count() == EXPECTED["batch-binary.bin"]["rows"]


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({}, "Cannot parse content type: mime: no media type\n"),
        ({"content-type": "application/json"}, "Unsupported content type: application/json\n"),
        ({"content-type": "a/<b>&'c\""}, "Unsupported content type: a/&lt;b&gt;&amp;&#39;c&#34;\n"),
    ],
)
async def test_another_content_type_is_400_in_jaeger_s_words(
    client: httpx.AsyncClient, headers: dict[str, str], text: str
) -> None:
    answer = await client.post(PATH, content=BATCH, headers=headers)
    assert (answer.status_code, answer.text) == (400, text)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


async def test_an_undecodable_body_is_400_in_jaeger_s_words(
    client: httpx.AsyncClient, sink: FakeSink, events: Events
) -> None:
    answer = await client.post(PATH, content=(CORPUS / "batch-cut.bin").read_bytes(), headers=THRIFT)
    assert answer.status_code == 400
    assert answer.text.startswith("Unable to process request body: ")
    assert answer.text.endswith("\n")
    assert sink.batches == []
    labels = {"format": "jaegerthrift", "transport": "http", "cause": "malformed"}
    assert events.registry.get_sample_value("lymer_requests_refused_total", labels) == 1


async def test_a_body_that_is_too_large_is_413(opened: Open) -> None:
    client = await opened(body_bytes_max=ByteSize(50))
    answer = await client.post(PATH, content=BATCH, headers=THRIFT)
    assert answer.status_code == 413
    assert answer.text.startswith("Unable to process request body: ")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OverloadedError("full"), 503),
        (UnavailableError("disk full"), 503),
        (PermanentError("never"), 400),
        (RuntimeError("secret"), 500),
    ],
)
async def test_what_the_store_says_becomes_a_status(
    client: httpx.AsyncClient, sink: FakeSink, error: Exception, status: int
) -> None:
    sink.error = error
    answer = await client.post(PATH, content=BATCH, headers=THRIFT)
    assert answer.status_code == status
    assert answer.text.startswith("Cannot submit Jaeger batch: ")
    assert "secret" not in answer.text
    assert ("retry-after" in answer.headers) == (status == 503)


async def test_other_methods_and_paths_are_refused_as_go_s_router_does(client: httpx.AsyncClient) -> None:
    assert (await client.get(PATH)).status_code == 405
    assert (await client.post("/api/sampling")).status_code == 405
    answer = await client.get("/")
    assert (answer.status_code, answer.text) == (404, "404 page not found\n")


async def test_strategies_come_from_the_provider(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/sampling", params={"service": "shop"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["probabilisticSampling"] == {"samplingRate": 0.25}
    without = await client.get("/api/sampling")
    assert (without.status_code, without.text) == (400, "'service' parameter must be provided once\n")


async def test_there_are_no_restrictions_of_baggage(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/baggageRestrictions", params={"service": "shop"})
    assert answer.status_code == 500
    assert answer.text.startswith("collector error: ")
