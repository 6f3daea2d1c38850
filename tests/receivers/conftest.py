"""A sink that does as told, behind the real receivers on free ports; requests from the official protobuf classes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import grpc.aio
import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from lymer.component.clock import ManualClock
from lymer.component.events import Events
from lymer.model.batch import SpanBatch
from lymer.pipeline.in_flight import InFlight

Run = Callable[..., Awaitable[Any]]


class FakeSink:
    """Takes batches, or fails, or waits until it is let go."""

    def __init__(self) -> None:
        self.batches: list[SpanBatch] = []
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()

    async def write(self, batch: SpanBatch, /) -> None:
        self.entered.set()
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.batches.append(batch)

    def span_count(self) -> int:
        return sum(map(len, self.batches))


def request_of(span_count: int = 1, *, name: str = "work", bad_ids: int = 0) -> ExportTraceServiceRequest:
    """A request with so many spans, and some more whose trace id is too short."""
    request = ExportTraceServiceRequest()
    scope_spans = request.resource_spans.add().scope_spans.add()
    for number in range(span_count + bad_ids):
        scope_spans.spans.add(
            trace_id=number.to_bytes(16, "big")[:-1] + b"\x01" if number < span_count else b"short",
            span_id=(number + 1).to_bytes(8, "big"),
            name=name,
            start_time_unix_nano=1_700_000_000_000_000_000,
            end_time_unix_nano=1_700_000_000_000_001_000,
        )
    return request


@pytest.fixture
def sink() -> FakeSink:
    return FakeSink()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def events(clock: ManualClock) -> Events:
    return Events(clock=clock)


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """What a test opens; closed at its end, the last first."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def run(sink: FakeSink, events: Events, clock: ManualClock, stack: AsyncExitStack) -> Run:
    """Starts a receiver of this kind with these settings on a free port."""

    async def start(
        kind: Any, config: object, *, in_flight: InFlight | None = None, strategies: object | None = None
    ) -> Any:
        more = {} if strategies is None else {"strategies": strategies}
        receiver = kind(
            config,
            sink,
            in_flight=in_flight or InFlight(64 << 20),
            events=events,
            clock=clock,
            host="127.0.0.1",
            port=0,
            **more,
        )
        await receiver.start()
        stack.push_async_callback(receiver.close)
        return receiver

    return start


async def http_client(stack: AsyncExitStack, receiver: Any, path: str) -> httpx.AsyncClient:
    """A client whose addresses begin where `path` begins."""
    address = receiver.endpoint.address.removesuffix(path)
    return await stack.enter_async_context(httpx.AsyncClient(base_url=address))


async def grpc_channel(stack: AsyncExitStack, receiver: Any) -> grpc.aio.Channel:
    """A channel that sends messages of any size."""
    options = [("grpc.max_send_message_length", -1)]
    return await stack.enter_async_context(grpc.aio.insecure_channel(receiver.endpoint.address, options=options))
