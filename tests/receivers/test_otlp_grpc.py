"""`TraceService/Export`: every answer of the OTLP specification, through grpcio's own client."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from lymer.component.clock import ManualClock
from lymer.component.config import ByteSize, Duration
from lymer.component.errors import OverloadedError, PermanentError, StartError, TooLargeError, UnavailableError
from lymer.component.events import Events
from lymer.pipeline.in_flight import InFlight
from lymer.receivers.otlp_grpc import SERVICE, OtlpGrpcConfig, OtlpGrpcReceiver
from tests.receivers.conftest import FakeSink, Run, grpc_channel, request_of

Open = Callable[..., Awaitable[grpc.aio.Channel]]
METHOD = f"/{SERVICE}/Export"


@pytest.fixture
def opened(run: Run, stack: AsyncExitStack) -> Open:
    """Starts a receiver with these settings and gives a channel to it."""

    async def start(in_flight: InFlight | None = None, **settings: Any) -> grpc.aio.Channel:
        receiver = await run(OtlpGrpcReceiver, OtlpGrpcConfig(**settings), in_flight=in_flight)
        return await grpc_channel(stack, receiver)

    return start


@pytest.fixture
async def channel(opened: Open) -> grpc.aio.Channel:
    return await opened()


async def failure(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return raised.value


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.001)


def details(error: grpc.aio.AioRpcError) -> Status:
    trailers = dict(error.trailing_metadata() or ())
    return Status.FromString(trailers["grpc-status-details-bin"])


def retry_s(error: grpc.aio.AioRpcError) -> float | None:
    for detail in details(error).details:
        info = RetryInfo()
        assert detail.Unpack(info)
        return info.retry_delay.ToTimedelta().total_seconds()
    return None


@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip, grpc.Compression.Deflate])
@pytest.mark.parametrize("inline_bytes_max", [0, 1 << 20], ids=["in a thread", "inline"])
async def test_spans_are_handed_over(opened: Open, sink: FakeSink, compression: Any, inline_bytes_max: int) -> None:
    stub = TraceServiceStub(await opened(inline_bytes_max=ByteSize(inline_bytes_max)))
    response = await stub.Export(request_of(3), compression=compression)
    assert response == ExportTraceServiceResponse()
    assert sink.span_count() == 3


async def test_a_request_without_spans_succeeds(channel: grpc.aio.Channel) -> None:
    assert await TraceServiceStub(channel).Export(request_of(0)) == ExportTraceServiceResponse()
    assert await channel.unary_unary(METHOD)(b"") == b""


async def test_malformed_spans_are_a_partial_success(channel: grpc.aio.Channel, sink: FakeSink, events: Events) -> None:
    response = await TraceServiceStub(channel).Export(request_of(3, bad_ids=2))
    assert response.partial_success.rejected_spans == 2
    assert "trace id" in response.partial_success.error_message
    assert sink.span_count() == 3
    of = {"format": "otlp_proto", "transport": "grpc"}
    assert events.registry.get_sample_value("lymer_spans_received_total", of) == 3


async def test_an_undecodable_message_is_an_invalid_argument(channel: grpc.aio.Channel, sink: FakeSink) -> None:
    error = await failure(channel.unary_unary(METHOD)(b"\xff\xff\xff"))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert retry_s(error) is None
    assert sink.batches == []


async def test_a_call_without_a_message_is_an_invalid_argument(channel: grpc.aio.Channel) -> None:
    call = channel.stream_unary(METHOD)(iter(()))
    assert (await failure(call)).code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("error", "code", "after_s"),
    [
        (OverloadedError("buffer full", retry_after_s=2.5), grpc.StatusCode.RESOURCE_EXHAUSTED, 2.5),
        (UnavailableError("disk full", retry_after_s=30), grpc.StatusCode.UNAVAILABLE, 30.0),
        (PermanentError("never"), grpc.StatusCode.INVALID_ARGUMENT, None),
        (TooLargeError("too many"), grpc.StatusCode.INVALID_ARGUMENT, None),
        (RuntimeError("a bug"), grpc.StatusCode.INTERNAL, None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_what_the_store_says_reaches_the_sender(
    channel: grpc.aio.Channel, sink: FakeSink, error: Exception, code: grpc.StatusCode, after_s: float | None
) -> None:
    sink.error = error
    stub = TraceServiceStub(channel)
    told = await failure(stub.Export(request_of()))
    assert (told.code(), retry_s(told)) == (code, after_s)
    assert details(told).code == code.value[0]
    assert details(told).message == told.details()
    sink.error = None
    await stub.Export(request_of())
    assert sink.span_count() == 1


async def test_at_the_memory_limit_a_message_is_refused_before_it_is_read(opened: Open, sink: FakeSink) -> None:
    in_flight = InFlight(64 << 20)
    in_flight.refusing = True
    channel = await opened(in_flight)
    call = channel.stream_unary(METHOD)()  # Its message never comes.
    async with asyncio.timeout(5):
        error = await failure(call)
    assert (error.code(), retry_s(error)) == (grpc.StatusCode.RESOURCE_EXHAUSTED, 1.0)
    in_flight.refusing = False
    await TraceServiceStub(channel).Export(request_of())
    assert sink.span_count() == 1


def refused_too_large(events: Events) -> float | None:
    labels = {"format": "otlp_proto", "transport": "grpc", "cause": "too_large"}
    return events.registry.get_sample_value("lymer_requests_refused_total", labels)


async def test_a_message_past_the_limit_is_refused_and_counted(opened: Open, sink: FakeSink, events: Events) -> None:
    channel = await opened(message_bytes_max=ByteSize(1000))
    error = await failure(TraceServiceStub(channel).Export(request_of(100)))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "larger than max" in (error.details() or "")
    assert sink.batches == []
    assert refused_too_large(events) == 1
    await TraceServiceStub(channel).Export(request_of(1))


async def test_a_decompression_bomb_is_refused_and_counted(opened: Open, sink: FakeSink, events: Events) -> None:
    channel = await opened(message_bytes_max=ByteSize(1 << 20))
    bomb = bytes(50 << 20)
    assert len(gzip.compress(bomb)) < 1 << 20
    error = await failure(channel.unary_unary(METHOD)(bomb, compression=grpc.Compression.Gzip))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert sink.batches == []
    assert refused_too_large(events) == 1


async def test_too_many_bytes_in_flight_are_refused_and_pass(opened: Open, sink: FakeSink) -> None:
    request = request_of(10)
    in_flight = InFlight(request.ByteSize() + 10)
    stub = TraceServiceStub(await opened(in_flight))
    sink.gate.clear()
    first = asyncio.ensure_future(stub.Export(request))
    await sink.entered.wait()
    error = await failure(stub.Export(request))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert retry_s(error) == 1.0
    sink.gate.set()
    await first
    await stub.Export(request)
    assert in_flight.bytes_used == 0


async def test_only_so_many_messages_are_read_at_once(opened: Open, sink: FakeSink) -> None:
    """The others wait at their senders: nothing of them is in this process."""
    in_flight = InFlight(1 << 20)
    channel = await opened(in_flight, reading_count_max=1)
    send_rest = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        await send_rest.wait()
        yield request_of(1).SerializeToString()

    first = asyncio.ensure_future(channel.stream_unary(METHOD)(slow()))
    await until(lambda: in_flight.request_count == 1)
    second = asyncio.ensure_future(TraceServiceStub(channel).Export(request_of(2)))
    await until(lambda: in_flight.request_count == 2)
    assert in_flight.bytes_used == 0
    assert sink.batches == []
    send_rest.set()
    await first
    await second
    assert sink.span_count() == 3


async def test_a_message_that_never_comes_is_given_up(opened: Open) -> None:
    channel = await opened(read_timeout=Duration(0.05))

    async def never() -> AsyncIterator[bytes]:
        await asyncio.sleep(5)
        yield b""

    error = await failure(channel.stream_unary(METHOD)(never()))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "did not arrive" in (error.details() or "")


async def test_slow_senders_do_not_keep_others_out(opened: Open, sink: FakeSink) -> None:
    in_flight = InFlight(1 << 20)
    channel = await opened(in_flight, reading_count_max=2, read_patience=Duration(0.05))

    async def never() -> AsyncIterator[bytes]:
        await asyncio.sleep(60)
        yield b""

    slow = [asyncio.ensure_future(failure(channel.stream_unary(METHOD)(never()))) for _ in range(5)]
    await until(lambda: in_flight.request_count + sum(call.done() for call in slow) >= 5)
    await TraceServiceStub(channel).Export(request_of(3))
    assert sink.span_count() == 3
    await until(lambda: sum(call.done() for call in slow) >= 4)
    errors = [call.result() for call in slow if call.done()]
    assert {error.code() for error in errors} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert {retry_s(error) for error in errors} == {0.05}
    for call in slow:
        call.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


async def test_a_sender_that_goes_away_leaves_nothing_behind(opened: Open, sink: FakeSink) -> None:
    in_flight = InFlight(1 << 20)
    stub = TraceServiceStub(await opened(in_flight))
    sink.gate.clear()
    call = stub.Export(request_of(1))
    sending = asyncio.ensure_future(call)
    await sink.entered.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    sink.gate.set()
    await until(lambda: in_flight.request_count == 0)
    assert in_flight.bytes_used == 0


@pytest.mark.parametrize("service", ["", SERVICE])
async def test_health_is_served(channel: grpc.aio.Channel, service: str) -> None:
    answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=service))
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_reflection_knows_the_service(channel: grpc.aio.Channel) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    asked = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE),
    ]
    listed, described = [answer async for answer in stub.ServerReflectionInfo(iter(asked))]
    assert SERVICE in {service.name for service in listed.list_services_response.service}
    assert any(
        b"ExportTraceServiceRequest" in file for file in described.file_descriptor_response.file_descriptor_proto
    )


async def test_a_taken_port_is_told_with_the_cure(sink: FakeSink, events: Events, clock: ManualClock) -> None:
    def receiver(port: int) -> OtlpGrpcReceiver:
        return OtlpGrpcReceiver(
            OtlpGrpcConfig(), sink, in_flight=InFlight(1), events=events, clock=clock, host="127.0.0.1", port=port
        )

    first = receiver(0)
    await first.start()
    port = int(first.endpoint.address.rpartition(":")[2])
    with pytest.raises(StartError, match=f"OTLP/gRPC: port {port} is taken"):
        receiver(port).bind()
    await first.close()
