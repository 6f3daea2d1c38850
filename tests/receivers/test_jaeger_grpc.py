"""`PostSpans` and `GetSamplingStrategy`: the answers of Jaeger's Go server, through grpcio's own client."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf import descriptor_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from lymer.component.errors import OverloadedError, PermanentError, UnavailableError
from lymer.receivers.jaeger_grpc import SAMPLING_SERVICE, SERVICE, JaegerGrpcConfig, JaegerGrpcReceiver
from lymer.sampling.strategy import FixedStrategy, Strategy
from tests.receivers.conftest import FakeSink, Run, grpc_channel
from tests.wire.descriptors import JAEGER, SAMPLING

CORPUS = Path(__file__).parents[2] / "corpus" / "jaeger"
EXPECTED = json.loads((CORPUS / "expected.json").read_text())
REQUEST = (CORPUS / "post-spans.bin").read_bytes()
POST_SPANS = f"/{SERVICE}/PostSpans"
GET_STRATEGY = f"/{SAMPLING_SERVICE}/GetSamplingStrategy"

Open = Callable[..., Awaitable[grpc.aio.Channel]]


@pytest.fixture
def opened(run: Run, stack: AsyncExitStack) -> Open:
    async def start(**settings: Any) -> grpc.aio.Channel:
        strategies = FixedStrategy(Strategy("ratelimiting", 7))
        receiver = await run(JaegerGrpcReceiver, JaegerGrpcConfig(**settings), strategies=strategies)
        return await grpc_channel(stack, receiver)

    return start


@pytest.fixture
async def channel(opened: Open) -> grpc.aio.Channel:
    return await opened()


async def failure(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return raised.value


async def test_spans_are_handed_over_and_answered_with_an_empty_message(
    channel: grpc.aio.Channel, sink: FakeSink
) -> None:
    assert await channel.unary_unary(POST_SPANS)(REQUEST) == b""
    assert sink.span_count() == EXPECTED["post-spans.bin"]["rows"]


async def test_a_compressed_message_is_understood(channel: grpc.aio.Channel, sink: FakeSink) -> None:
    assert await channel.unary_unary(POST_SPANS)(REQUEST, compression=grpc.Compression.Gzip) == b""
    assert sink.span_count() == EXPECTED["post-spans.bin"]["rows"]


async def test_a_request_without_spans_succeeds(channel: grpc.aio.Channel) -> None:
    assert await channel.unary_unary(POST_SPANS)(b"") == b""
    assert await channel.unary_unary(POST_SPANS)(JAEGER["PostSpansRequest"]().SerializeToString()) == b""


async def test_an_undecodable_message_is_what_go_s_server_calls_it(channel: grpc.aio.Channel, sink: FakeSink) -> None:
    error = await failure(channel.unary_unary(POST_SPANS)(REQUEST[:-3]))
    assert error.code() is grpc.StatusCode.INTERNAL
    assert (error.details() or "").startswith("grpc: error unmarshalling request: ")
    assert sink.batches == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OverloadedError("full"), grpc.StatusCode.RESOURCE_EXHAUSTED),
        (UnavailableError("disk full"), grpc.StatusCode.UNAVAILABLE),
        (PermanentError("never"), grpc.StatusCode.INVALID_ARGUMENT),
        (RuntimeError("secret"), grpc.StatusCode.INTERNAL),
    ],
)
async def test_what_the_store_says_becomes_a_code(
    channel: grpc.aio.Channel, sink: FakeSink, error: Exception, code: grpc.StatusCode
) -> None:
    sink.error = error
    answer = await failure(channel.unary_unary(POST_SPANS)(REQUEST))
    assert answer.code() is code
    assert "secret" not in (answer.details() or "")


async def test_strategies_come_from_the_provider(channel: grpc.aio.Channel) -> None:
    question = SAMPLING["SamplingStrategyParameters"](serviceName=b"shop").SerializeToString()
    answer = SAMPLING["SamplingStrategyResponse"].FromString(await channel.unary_unary(GET_STRATEGY)(question))
    assert (answer.strategyType, answer.rateLimitingSampling.maxTracesPerSecond) == (1, 7)


async def test_both_services_are_healthy(channel: grpc.aio.Channel) -> None:
    stub = health_pb2_grpc.HealthStub(channel)
    for name in ("", SERVICE, SAMPLING_SERVICE):
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=name))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_reflection_names_both_services_and_shows_their_messages(channel: grpc.aio.Channel) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)

    async def ask(**question: Any) -> Any:
        async for answer in stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(**question)])):
            return answer
        raise AssertionError("no answer")

    listed = await ask(list_services="")
    assert {SERVICE, SAMPLING_SERVICE} <= {service.name for service in listed.list_services_response.service}
    for name in (SERVICE, SAMPLING_SERVICE):
        answer = await ask(file_containing_symbol=name)
        file = descriptor_pb2.FileDescriptorProto.FromString(answer.file_descriptor_response.file_descriptor_proto[0])
        assert f"{file.package}.{file.service[0].name}" == name
    answer = await ask(file_containing_symbol="jaeger.api_v2.Span")
    model = descriptor_pb2.FileDescriptorProto.FromString(answer.file_descriptor_response.file_descriptor_proto[0])
    assert {"KeyValue", "Log", "SpanRef", "Process", "Span", "Batch"} == {
        message.name for message in model.message_type
    }
