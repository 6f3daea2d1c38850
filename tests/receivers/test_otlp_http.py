"""`POST /v1/traces`: every answer of the OTLP specification, in both encodings, through a real socket."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
import zstandard
from google.protobuf import json_format
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from lymer.component.clock import ManualClock
from lymer.component.config import ByteSize, Duration
from lymer.component.errors import OverloadedError, PermanentError, TooLargeError, UnavailableError
from lymer.component.events import Events
from lymer.pipeline.in_flight import InFlight
from lymer.receivers.cors import CorsConfig
from lymer.receivers.otlp_http import PATH, OtlpHttpConfig, OtlpHttpReceiver
from tests.receivers.conftest import FakeSink, Run, http_client, request_of

PROTO = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}

Open = Callable[..., Awaitable[httpx.AsyncClient]]


def as_json(request: Any) -> bytes:
    """OTLP JSON: ids in hex, not in base64 as protobuf's own JSON has them."""
    value = json_format.MessageToDict(request)
    for resource_spans in value["resourceSpans"]:
        for scope_spans in resource_spans["scopeSpans"]:
            for span, message in zip(scope_spans["spans"], request.resource_spans[0].scope_spans[0].spans, strict=True):
                span["traceId"], span["spanId"] = message.trace_id.hex(), message.span_id.hex()
    return json.dumps(value).encode()


@pytest.fixture
def opened(run: Run, stack: AsyncExitStack) -> Open:
    """Starts a receiver with these settings and gives a client of it."""

    async def start(in_flight: InFlight | None = None, **settings: Any) -> httpx.AsyncClient:
        receiver = await run(OtlpHttpReceiver, OtlpHttpConfig(**settings), in_flight=in_flight)
        return await http_client(stack, receiver, PATH)

    return start


@pytest.fixture
async def client(opened: Open) -> httpx.AsyncClient:
    return await opened()


async def test_spans_in_protobuf_are_handed_over_and_answered_in_protobuf(
    client: httpx.AsyncClient, sink: FakeSink
) -> None:
    answer = await client.post(PATH, content=request_of(3).SerializeToString(), headers=PROTO)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/x-protobuf"
    assert sink.span_count() == 3


async def test_spans_in_json_are_handed_over_and_answered_in_json(client: httpx.AsyncClient, sink: FakeSink) -> None:
    answer = await client.post(PATH, content=as_json(request_of(3)), headers=JSON)
    assert (answer.status_code, answer.json()) == (200, {})
    assert answer.headers["content-type"] == "application/json"
    assert sink.span_count() == 3


async def test_parameters_of_the_content_type_do_not_matter(client: httpx.AsyncClient, sink: FakeSink) -> None:
    headers = {"content-type": "Application/JSON; charset=utf-8"}
    assert (await client.post(PATH, content=as_json(request_of()), headers=headers)).status_code == 200
    assert sink.span_count() == 1


async def test_a_request_without_spans_succeeds(client: httpx.AsyncClient) -> None:
    assert (await client.post(PATH, content=b"", headers=PROTO)).status_code == 200
    assert (await client.post(PATH, content=b"{}", headers=JSON)).status_code == 200


@pytest.mark.parametrize(("encoding", "encode"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
@pytest.mark.parametrize("inline_bytes_max", [0, 1 << 20], ids=["in a thread", "inline"])
async def test_compressed_bodies_are_understood(
    opened: Open, sink: FakeSink, encoding: str, encode: Callable[[bytes], bytes], inline_bytes_max: int
) -> None:
    client = await opened(inline_bytes_max=ByteSize(inline_bytes_max))
    for headers, body in ((PROTO, request_of(2).SerializeToString()), (JSON, as_json(request_of(2)))):
        answer = await client.post(PATH, content=encode(body), headers={**headers, "content-encoding": encoding})
        assert answer.status_code == 200
    assert sink.span_count() == 4


async def test_a_chunked_body_is_read_whole(client: httpx.AsyncClient, sink: FakeSink) -> None:
    body = request_of(100).SerializeToString()

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 1000):
            yield body[start : start + 1000]

    assert (await client.post(PATH, content=chunks(), headers=PROTO)).status_code == 200
    assert sink.span_count() == 100


async def test_malformed_spans_are_a_partial_success_in_protobuf(
    client: httpx.AsyncClient, sink: FakeSink, events: Events
) -> None:
    answer = await client.post(PATH, content=request_of(3, bad_ids=2).SerializeToString(), headers=PROTO)
    response = ExportTraceServiceResponse.FromString(answer.content)
    assert answer.status_code == 200
    assert response.partial_success.rejected_spans == 2
    assert "trace id" in response.partial_success.error_message
    assert sink.span_count() == 3
    of = {"format": "otlp_proto", "transport": "http"}
    assert events.registry.get_sample_value("lymer_spans_received_total", of) == 3
    assert events.registry.get_sample_value("lymer_spans_refused_total", {**of, "cause": "malformed"}) == 2


async def test_malformed_spans_are_a_partial_success_in_json(client: httpx.AsyncClient, sink: FakeSink) -> None:
    answer = await client.post(PATH, content=as_json(request_of(3, bad_ids=2)), headers=JSON)
    partial = json_format.Parse(answer.content, ExportTraceServiceResponse()).partial_success
    assert partial.rejected_spans == 2
    assert partial.error_message
    assert sink.span_count() == 3


@pytest.mark.parametrize(("headers", "body"), [(PROTO, b"\xff\xff\xff"), (JSON, b'{"resourceSpans":[')])
async def test_an_undecodable_body_is_400_with_a_status(
    client: httpx.AsyncClient, sink: FakeSink, headers: dict[str, str], body: bytes
) -> None:
    answer = await client.post(PATH, content=body, headers=headers)
    status = status_of(answer)
    assert (answer.status_code, status.code) == (400, 3)
    assert status.message
    assert "retry-after" not in answer.headers
    assert sink.batches == []


async def test_a_body_that_is_not_of_its_encoding_is_400(client: httpx.AsyncClient) -> None:
    answer = await client.post(PATH, content=b"not gzip", headers={**PROTO, "content-encoding": "gzip"})
    assert (answer.status_code, status_of(answer).code) == (400, 3)
    assert "gzip" in status_of(answer).message


@pytest.mark.parametrize("encoding", ["br", "gzip, br", "gzip, gzip, gzip"])
async def test_an_unknown_encoding_is_415_and_names_the_known_ones(client: httpx.AsyncClient, encoding: str) -> None:
    answer = await client.post(PATH, content=b"x", headers={**PROTO, "content-encoding": encoding})
    assert answer.status_code == 415
    assert "zstd" in answer.headers["accept-encoding"]
    assert "unsupported Content-Encoding" in status_of(answer).message


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/grpc"])
async def test_an_unknown_content_type_is_415_as_the_collector_says_it(
    client: httpx.AsyncClient, content_type: str | None
) -> None:
    headers = {"content-type": content_type} if content_type else {}
    answer = await client.post(PATH, content=b"x", headers=headers)
    assert answer.status_code == 415
    assert answer.text == "415 unsupported media type, supported: [application/json, application/x-protobuf]"
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "HEAD"])
async def test_other_methods_are_405_as_the_collector_says_it(client: httpx.AsyncClient, method: str) -> None:
    answer = await client.request(method, PATH)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    if method != "HEAD":
        assert answer.text == "405 method not allowed, supported: [POST]"


@pytest.mark.parametrize("path", ["/", "/v1/metrics", "/v1/logs", "/v1/traces/"])
async def test_other_paths_are_404(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.post(path, content=b"", headers=PROTO)).status_code == 404


async def test_a_body_past_the_limit_is_413_before_it_is_read(opened: Open, sink: FakeSink) -> None:
    client = await opened(body_bytes_max=ByteSize(1000))
    answer = await client.post(PATH, content=bytes(1001), headers=PROTO)
    assert answer.status_code == 413
    assert status_of(answer).code == 3
    assert "1000 bytes" in status_of(answer).message
    assert sink.batches == []


async def test_a_chunked_body_past_the_limit_is_413_while_it_is_read(opened: Open) -> None:
    client = await opened(body_bytes_max=ByteSize(1000))

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield bytes(100)

    assert (await client.post(PATH, content=chunks(), headers=PROTO)).status_code == 413


async def test_after_a_refusal_the_connection_still_works(opened: Open) -> None:
    client = await opened(body_bytes_max=ByteSize(1000))
    assert (await client.post(PATH, content=bytes(100_000), headers=PROTO)).status_code == 413
    assert (await client.post(PATH, content=b"", headers=PROTO)).status_code == 200


async def test_a_decompression_bomb_is_413(opened: Open) -> None:
    client = await opened(decompressed_bytes_max=ByteSize(1 << 20))
    bomb = gzip.compress(bytes(50 << 20))
    answer = await client.post(PATH, content=bomb, headers={**PROTO, "content-encoding": "gzip"})
    assert answer.status_code == 413
    assert "when decompressed" in status_of(answer).message


@pytest.mark.parametrize("headers", [PROTO, JSON], ids=["protobuf", "json"])
@pytest.mark.parametrize(
    ("error", "http_status", "code", "retry_after"),
    [
        (OverloadedError("buffer full", retry_after_s=2.5), 429, 8, "3"),
        (UnavailableError("disk full", retry_after_s=30), 503, 14, "30"),
        (PermanentError("never"), 400, 3, None),
        (TooLargeError("too many"), 413, 3, None),
        (RuntimeError("a bug"), 500, 13, None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_what_the_store_says_reaches_the_sender(
    client: httpx.AsyncClient,
    sink: FakeSink,
    headers: dict[str, str],
    error: Exception,
    http_status: int,
    code: int,
    retry_after: str | None,
) -> None:
    sink.error = error
    body = request_of().SerializeToString() if headers is PROTO else as_json(request_of())
    answer = await client.post(PATH, content=body, headers=headers)
    assert (answer.status_code, status_of(answer).code) == (http_status, code)
    assert answer.headers.get("retry-after") == retry_after
    assert answer.headers["content-type"] == headers["content-type"]
    sink.error = None
    assert (await client.post(PATH, content=body, headers=headers)).status_code == 200


async def test_too_many_bytes_in_flight_are_429_and_pass(opened: Open, sink: FakeSink, events: Events) -> None:
    body = request_of(10).SerializeToString()
    in_flight = InFlight(len(body) + 10)
    client = await opened(in_flight)
    sink.gate.clear()
    first = asyncio.create_task(client.post(PATH, content=body, headers=PROTO))
    await sink.entered.wait()
    refused = await client.post(PATH, content=body, headers=PROTO)
    assert (refused.status_code, status_of(refused).code) == (429, 8)
    assert refused.headers["retry-after"] == "1"
    sink.gate.set()
    assert (await first).status_code == 200
    assert (await client.post(PATH, content=body, headers=PROTO)).status_code == 200
    assert in_flight.bytes_used == 0
    of = {"format": "otlp_proto", "transport": "http", "cause": "overloaded"}
    assert events.registry.get_sample_value("lymer_requests_refused_total", of) == 1


async def test_a_sender_that_goes_away_leaves_nothing_behind(opened: Open, sink: FakeSink) -> None:
    in_flight = InFlight(1 << 20)
    client = await opened(in_flight)
    host, port = client.base_url.host, client.base_url.port
    _, writer = await asyncio.open_connection(host, port)
    head = f"POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: 1000\r\n\r\nxx"
    writer.write(head.encode())
    while not in_flight.request_count:
        await asyncio.sleep(0.001)
    writer.close()
    while in_flight.request_count:
        await asyncio.sleep(0.001)
    assert in_flight.bytes_used == 0
    assert sink.batches == []


async def test_a_body_that_never_ends_is_given_up(opened: Open) -> None:
    client = await opened(read_timeout=Duration(0.05))

    async def chunks() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(0.5)

    answer = await client.post(PATH, content=chunks(), headers=PROTO)
    assert answer.status_code == 400
    assert "did not arrive within" in status_of(answer).message


async def test_pages_of_allowed_origins_may_send(opened: Open, sink: FakeSink) -> None:
    client = await opened(cors=CorsConfig(allowed_origins=("https://shop.example",), max_age=60))
    preflight = await client.options(
        PATH,
        headers={
            "origin": "https://shop.example",
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type",
        },
    )
    assert (preflight.status_code, preflight.content) == (204, b"")
    assert preflight.headers["access-control-allow-origin"] == "https://shop.example"
    assert preflight.headers["access-control-max-age"] == "60"
    answer = await client.post(PATH, content=as_json(request_of()), headers={**JSON, "origin": "https://shop.example"})
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert sink.span_count() == 1


async def test_by_default_no_page_may(client: httpx.AsyncClient) -> None:
    answer = await client.options(PATH, headers={"origin": "https://a", "access-control-request-method": "POST"})
    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers


async def test_closing_answers_what_has_begun(sink: FakeSink, events: Events, clock: ManualClock) -> None:
    receiver = OtlpHttpReceiver(
        OtlpHttpConfig(), sink, in_flight=InFlight(1 << 20), events=events, clock=clock, host="127.0.0.1", port=0
    )
    await receiver.start()
    sink.gate.clear()
    async with httpx.AsyncClient() as client:
        sending = asyncio.create_task(
            client.post(receiver.endpoint.address, content=request_of().SerializeToString(), headers=PROTO)
        )
        await sink.entered.wait()
        closing = asyncio.create_task(receiver.close())
        await asyncio.sleep(0)
        sink.gate.set()
        assert (await sending).status_code == 200
        await closing


def status_of(answer: httpx.Response) -> Status:
    if answer.headers["content-type"] == "application/json":
        return json_format.Parse(answer.content, Status())
    return Status.FromString(answer.content)
