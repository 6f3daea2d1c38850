"""Zipkin's port: every path, type and encoding, and Zipkin's own answers, through a real socket."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from lymer.component.config import ByteSize
from lymer.component.errors import OverloadedError, PermanentError, UnavailableError
from lymer.component.events import Events
from lymer.pipeline.in_flight import InFlight
from lymer.receivers.cors import CorsConfig
from lymer.receivers.zipkin import V1_PATH, V2_PATH, ZipkinConfig, ZipkinReceiver
from tests.receivers.conftest import FakeSink, Run, http_client

CORPUS = Path(__file__).parents[2] / "corpus" / "zipkin"
EXPECTED = json.loads((CORPUS / "expected.json").read_text())
DAMAGED = {"json:": b"[\xff\xff", "proto3:": b"\x0a\xff", "TBinary:": b"\x0c\xff\xff\xff"}
JSON = {"content-type": "application/json"}
V1 = (CORPUS / "v1.json").read_bytes()
V2 = (CORPUS / "v2.json").read_bytes()

Open = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture
def opened(run: Run, stack: AsyncExitStack) -> Open:
    async def start(in_flight: InFlight | None = None, **settings: Any) -> httpx.AsyncClient:
        receiver = await run(ZipkinReceiver, ZipkinConfig(**settings), in_flight=in_flight)
        return await http_client(stack, receiver, V2_PATH)

    return start


@pytest.fixture
async def client(opened: Open) -> httpx.AsyncClient:
    return await opened()


@pytest.mark.parametrize(
    ("path", "content_type", "name", "format_name"),
    [
        (V2_PATH, "application/json", "v2.json", "zipkin_json"),
        (V2_PATH, "application/json; charset=utf-8", "v2.json", "zipkin_json"),
        (V2_PATH, "text/plain", "v2.json", "zipkin_json"),
        (V2_PATH, None, "v2.json", "zipkin_json"),
        (V2_PATH, "application/x-protobuf", "v2.bin", "zipkin_proto"),
        (V1_PATH, "application/json", "v1.json", "zipkin_json1"),
        (V1_PATH, None, "v1.json", "zipkin_json1"),
        (V1_PATH, "application/x-thrift", "v1.bin", "zipkinthrift"),
    ],
)
async def test_every_format_is_taken_in_and_answered_202_with_nothing(
    client: httpx.AsyncClient, sink: FakeSink, path: str, content_type: str | None, name: str, format_name: str
) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    answer = await client.post(path, content=(CORPUS / name).read_bytes(), headers=headers)
    assert (answer.status_code, answer.content) == (202, b"")
    assert sink.span_count() == EXPECTED[name]["rows"]
    payload = sink.batches[0].payload
    assert payload is not None
    assert payload.format == format_name


@pytest.mark.parametrize(("encoding", "encode"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_compressed_bodies_are_understood(
    client: httpx.AsyncClient, sink: FakeSink, encoding: str, encode: Callable[[bytes], bytes]
) -> None:
    answer = await client.post(V2_PATH, content=encode(V2), headers={**JSON, "content-encoding": encoding})
    assert answer.status_code == 202
    assert sink.span_count() == EXPECTED["v2.json"]["rows"]


async def test_a_list_without_spans_succeeds(client: httpx.AsyncClient) -> None:
    assert (await client.post(V2_PATH, content=b"[]", headers=JSON)).status_code == 202
    assert (await client.post(V1_PATH, content=b"[]", headers=JSON)).status_code == 202


@pytest.mark.parametrize("path", [V1_PATH, V2_PATH])
@pytest.mark.parametrize("content_type", ["application/json", "application/x-protobuf", "application/x-thrift"])
async def test_an_empty_body_has_no_spans(client: httpx.AsyncClient, path: str, content_type: str) -> None:
    answer = await client.post(path, content=b"", headers={"content-type": content_type})
    assert (answer.status_code, answer.content) == (202, b"")


@pytest.mark.parametrize(
    ("path", "content_type", "body", "text"),
    [
        (V2_PATH, "application/json", b"{}", "Expected a JSON_V2 encoded list\n"),
        (V1_PATH, "application/json", b"text", "Expected a JSON_V1 encoded list\n"),
        (V2_PATH, "application/x-protobuf", b"\x08\x01", "Expected a PROTO3 encoded list\n"),
        (V1_PATH, "application/x-thrift", b"\xff\xff", "Expected a THRIFT encoded list\n"),
        (V2_PATH, "application/json", V1, "Expected a JSON_V2 encoded list, but received: JSON_V1\n"),
        (V1_PATH, "application/json", V2, "Expected a JSON_V1 encoded list, but received: JSON_V2\n"),
    ],
)
async def test_another_format_is_400_in_zipkin_s_words(
    client: httpx.AsyncClient, sink: FakeSink, path: str, content_type: str, body: bytes, text: str
) -> None:
    answer = await client.post(path, content=body, headers={"content-type": content_type})
    assert (answer.status_code, answer.text) == (400, text)
    assert sink.batches == []


@pytest.mark.parametrize(("flags", "expected"), [("1", True), ("0", False), (None, False)])
async def test_b3_s_header_marks_spans_in_protobuf_as_debug(
    client: httpx.AsyncClient, sink: FakeSink, flags: str | None, expected: bool
) -> None:
    headers = {"content-type": "application/x-protobuf", **({"x-b3-flags": flags} if flags else {})}
    body = (CORPUS / "v2.bin").read_bytes()
    assert (await client.post(V2_PATH, content=body, headers=headers)).status_code == 202
    found = [row["flags"] & 2 for row in sink.batches[0].record_batch.select(["flags"]).to_pylist()]
    assert all(found) == expected


@pytest.mark.parametrize(
    ("path", "content_type", "words"),
    [
        (V2_PATH, "application/json", "Malformed reading List<Span> from json: "),
        (V2_PATH, "application/x-protobuf", "Malformed reading List<Span> from proto3: "),
        (V1_PATH, "application/json", "Malformed reading List<Span> from json: "),
        (V1_PATH, "application/x-thrift", "Malformed reading List<Span> from TBinary: "),
    ],
)
async def test_a_body_too_long_to_be_retold_is_400_with_our_reason(
    client: httpx.AsyncClient, sink: FakeSink, events: Events, path: str, content_type: str, words: str
) -> None:
    answer = await client.post(
        path, content=DAMAGED[words.split()[-1]] + bytes(70_000), headers={"content-type": content_type}
    )
    assert answer.status_code == 400
    assert answer.text.startswith(words)
    assert len(answer.text) > len(words)
    assert sink.batches == []


async def test_a_body_that_is_no_gzip_is_400(client: httpx.AsyncClient) -> None:
    answer = await client.post(V2_PATH, content=b"no gzip", headers={**JSON, "content-encoding": "gzip"})
    assert answer.status_code == 400
    assert answer.text == "Cannot gunzip spans"


async def test_an_unknown_encoding_is_415(client: httpx.AsyncClient) -> None:
    answer = await client.post(V2_PATH, content=V2, headers={**JSON, "content-encoding": "br"})
    assert answer.status_code == 415


async def test_a_body_that_is_too_large_is_413(opened: Open) -> None:
    client = await opened(body_bytes_max=ByteSize(100))
    assert (await client.post(V2_PATH, content=V2, headers=JSON)).status_code == 413


@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [
        (OverloadedError("full", retry_after_s=2), 503, "2"),
        (UnavailableError("disk full", retry_after_s=0.2), 503, "1"),
        (PermanentError("never"), 400, None),
        (RuntimeError("secret"), 500, None),
    ],
)
async def test_what_the_store_says_becomes_a_status(
    client: httpx.AsyncClient, sink: FakeSink, error: Exception, status: int, retry_after: str | None
) -> None:
    sink.error = error
    answer = await client.post(V2_PATH, content=V2, headers=JSON)
    assert (answer.status_code, answer.headers.get("retry-after")) == (status, retry_after)
    assert "secret" not in answer.text


async def test_malformed_spans_are_counted_and_the_others_kept(
    client: httpx.AsyncClient, sink: FakeSink, events: Events
) -> None:
    body = (CORPUS / "v2-one-span-without-an-id.json").read_bytes()
    assert (await client.post(V2_PATH, content=body, headers=JSON)).status_code == 202
    labels = {"format": "zipkin_json", "transport": "http", "cause": "malformed"}
    assert events.registry.get_sample_value("lymer_spans_refused_total", labels) == 1


async def test_health_is_zipkin_s(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "UP")
    assert answer.json()["zipkin"]["status"] == "UP"


async def test_other_methods_and_paths_are_refused(client: httpx.AsyncClient) -> None:
    assert (await client.get(V2_PATH)).status_code == 405
    assert (await client.post("/api/v3/spans", content=V2)).status_code == 404


async def test_pages_of_every_origin_may_send(client: httpx.AsyncClient) -> None:
    asked = {
        "origin": "https://shop.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    preflight = await client.options(V2_PATH, headers=asked)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert preflight.headers["access-control-allow-headers"] == "content-type"
    answer = await client.post(V2_PATH, content=V2, headers={**JSON, "origin": "https://shop.example"})
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_pages_may_be_restricted(opened: Open) -> None:
    client = await opened(cors=CorsConfig(allowed_origins=("https://shop.example",)))
    answer = await client.post(V2_PATH, content=V2, headers={**JSON, "origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in answer.headers
