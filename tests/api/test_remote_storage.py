"""Jaeger's storage API over a real port, spoken with protobuf's own library; and our own service beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import msgspec
import pytest
from google.protobuf import descriptor_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from lymer.api import otlp_chunks
from lymer.api.jaeger_storage import JaegerStorage
from lymer.api.lymer_storage import LymerStorage
from lymer.api.remote_storage import OTLP_SERVICE, RemoteStorage, RemoteStorageConfig
from lymer.component.clock import ManualClock
from lymer.component.config import ByteSize
from lymer.component.events import Events
from lymer.conformance.spans import NOON, Row, batch, span, trace_id
from lymer.exporters.store import StoreExporter
from lymer.pipeline.in_flight import InFlight
from lymer.query.admission import Admission, QueryConfig
from lymer.query.service import QueryService
from lymer.storage.base import Budget
from lymer.storage.memory import MemoryStore
from lymer.wire.otlp_proto import encode_otlp_proto
from tests.wire.descriptors import STORAGE

READER = "/jaeger.storage.v2.TraceReader/"
SECOND = 1_000_000_000
QUESTION_BYTES = 64 << 20
"""What all questions may take together."""


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    store = MemoryStore()
    await store.start()
    yield store
    await store.close()


@pytest.fixture
async def channel(store: MemoryStore) -> AsyncIterator[grpc.aio.Channel]:
    from lymer.receivers.otlp_grpc import OtlpGrpcConfig, OtlpGrpcReceiver

    clock = ManualClock()
    events, in_flight = Events(clock=clock), InFlight(64 << 20)
    admission = Admission(QueryConfig(memory_bytes_max=ByteSize(QUESTION_BYTES)), events, clock)
    otlp = OtlpGrpcReceiver(
        OtlpGrpcConfig(),
        StoreExporter(store, events),
        in_flight=in_flight,
        events=events,
        clock=clock,
        host="127.0.0.1",
        port=0,
    )
    ours = LymerStorage(
        store,
        lambda place, tenant: StoreExporter(place, events, tenant=tenant),
        admission,
        in_flight=in_flight,
        events=events,
    )
    jaeger = JaegerStorage(QueryService(store, admission=admission), events)
    door = RemoteStorage(
        RemoteStorageConfig(),
        [*jaeger.handlers(), *ours.handlers(), otlp.handler],
        beside=[otlp],
        host="127.0.0.1",
        port=0,
    )
    door.bind()
    await door.start()
    async with grpc.aio.insecure_channel(door.endpoint.address) as channel:
        await channel.channel_ready()  # A call on a machine with much to do must not end because connecting took long.
        yield channel
    await door.close()


async def ask(channel: grpc.aio.Channel, method: str, answer: str, request: Any = None) -> Any:
    data = b"" if request is None else request.SerializeToString()
    return STORAGE[answer].FromString(await channel.unary_unary(method)(data))


async def stream(channel: grpc.aio.Channel, method: str, answer: Any, request: Any) -> list[Any]:
    call = channel.unary_stream(method)(request.SerializeToString())
    return [answer.FromString(piece) async for piece in call]


def question(**fields: Any) -> Any:
    attributes = [
        STORAGE["KeyValue"](key=key.encode(), value=STORAGE["AnyValue"](**value))
        for key, value in fields.pop("attributes", {}).items()
    ]
    return STORAGE["FindTracesRequest"](query=STORAGE["TraceQueryParameters"](attributes=attributes, **fields))


def time(unix_nano: int) -> Any:
    return STORAGE["Time"](seconds=unix_nano // SECOND, nanos=unix_nano % SECOND)


def spans_of(chunk: TracesData) -> list[Any]:
    return [one for resource in chunk.resource_spans for scope in resource.scope_spans for one in scope.spans]


async def found(channel: grpc.aio.Channel, **fields: Any) -> list[int]:
    answer = await ask(channel, f"{READER}FindTraceIDs", "FindTraceIDsResponse", question(**fields))
    return [int.from_bytes(one.trace_id, "big") for one in answer.trace_ids]


async def keep(store: MemoryStore, *spans: Row) -> None:
    await store.write(batch(spans))


async def test_traces_are_given_whole_one_in_each_chunk(channel: grpc.aio.Channel, store: MemoryStore) -> None:
    await keep(store, span(1, 1), span(1, 2, 1, service="b"), span(2, 1), span(3, 1))
    request = STORAGE["GetTracesRequest"](query=[{"trace_id": trace_id(one)} for one in (2, 1, 9)])
    chunks = await stream(channel, f"{READER}GetTraces", TracesData, request)
    assert [[(one.trace_id, one.span_id[-1]) for one in spans_of(chunk)] for chunk in chunks] == [
        [(trace_id(2), 1)],
        [(trace_id(1), 1), (trace_id(1), 2)],
    ]


async def test_a_large_trace_comes_in_chunks_that_a_client_takes(
    channel: grpc.aio.Channel, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otlp_chunks, "CHUNK_BYTES_MAX", 20_000)
    await keep(store, *(span(1, number, attributes={"text": "x" * 100}) for number in range(1, 1001)), span(2, 1))
    request = STORAGE["GetTracesRequest"](query=[{"trace_id": trace_id(1)}, {"trace_id": trace_id(2)}])
    chunks = await stream(channel, f"{READER}GetTraces", TracesData, request)
    assert len(chunks) > 5
    assert all(0 < chunk.ByteSize() <= 20_000 for chunk in chunks)
    assert all(len({one.trace_id for one in spans_of(chunk)}) == 1 for chunk in chunks)
    assert sorted(one.span_id for chunk in chunks for one in spans_of(chunk)) == sorted(
        [number.to_bytes(8, "big") for number in [1, *range(1, 1001)]]
    )


async def test_no_traces_are_an_empty_stream(channel: grpc.aio.Channel) -> None:
    assert await stream(channel, f"{READER}GetTraces", TracesData, STORAGE["GetTracesRequest"]()) == []
    assert await stream(channel, f"{READER}FindTraces", TracesData, question(service_name=b"none")) == []


async def test_services_and_operations(channel: grpc.aio.Channel, store: MemoryStore) -> None:
    await keep(
        store,
        span(1, 1, service="b", name="x", kind="server"),
        span(1, 2, service="b", name="y", kind="unspecified"),
        span(1, 3, service="猎犬"),
    )
    services = await ask(channel, f"{READER}GetServices", "GetServicesResponse")
    assert [name.decode() for name in services.services] == ["b", "猎犬"]
    request = STORAGE["GetOperationsRequest"](service=b"b")
    answer = await ask(channel, f"{READER}GetOperations", "GetOperationsResponse", request)
    assert [(one.name, one.span_kind) for one in answer.operations] == [(b"x", b"server"), (b"y", b"internal")]
    request.span_kind = b"server"
    answer = await ask(channel, f"{READER}GetOperations", "GetOperationsResponse", request)
    assert [one.name for one in answer.operations] == [b"x"]


@pytest.mark.parametrize(
    ("fields", "traces"),
    [
        ({}, [3, 2, 1]),
        ({"service_name": b"a"}, [2, 1]),
        ({"service_name": b"a", "operation_name": b"get"}, [1]),
        ({"attributes": {"n": {"int_value": 42}}}, [1]),
        ({"attributes": {"n": {"string_value": b"42"}}}, [1]),
        ({"attributes": {"ok": {"bool_value": True}, "x": {"double_value": 1.5}}}, [2]),
        ({"attributes": {"ok": {"bool_value": False}}}, []),
        ({"attributes": {"list": {"array_value": {"values": [{"int_value": 1}, {"string_value": b"a"}]}}}}, [3]),
        ({"duration_min": time(2 * SECOND)}, [3]),
        ({"duration_max": time(SECOND)}, [2, 1]),
        ({"start_time_min": time(NOON + 1), "start_time_max": time(NOON + 2)}, [3, 2]),
        ({"search_depth": 1}, [3]),
    ],
)
async def test_conditions_hold(
    channel: grpc.aio.Channel, store: MemoryStore, fields: dict[str, Any], traces: list[int]
) -> None:
    await keep(
        store,
        span(1, 1, service="a", name="get", attributes={"n": 42}),
        span(2, 1, service="a", name="put", start=1, attributes={"ok": True, "x": 1.5}),
        span(3, 1, service="b", start=2, duration=3 * SECOND, attributes={"list": [1, "a"]}),
    )
    assert await found(channel, **fields) == traces
    chunks = await stream(channel, f"{READER}FindTraces", TracesData, question(**fields))
    assert [int.from_bytes(spans_of(chunk)[0].trace_id, "big") for chunk in chunks] == traces


async def test_found_ids_say_when(channel: grpc.aio.Channel, store: MemoryStore) -> None:
    await keep(store, span(1, 1, duration=5), span(1, 2, 1, start=7, duration=5))
    answer = await ask(channel, f"{READER}FindTraceIDs", "FindTraceIDsResponse", question())
    (one,) = answer.trace_ids
    assert (one.start, one.end) == (time(NOON), time(NOON + 12))


async def test_summaries_say_what_jaegers_page_lists(channel: grpc.aio.Channel, store: MemoryStore) -> None:
    await keep(
        store,
        span(1, 1, service="a", name="get", duration=10),
        span(1, 2, 1, service="b", status="error"),
        span(1, 3, 9, service="b"),
    )
    (piece,) = await stream(channel, f"{READER}FindTraceSummaries", STORAGE["FindTraceSummariesResponse"], question())
    (one,) = piece.summaries
    assert (one.trace_id, one.root_service_name, one.root_operation_name) == (trace_id(1), b"a", b"get")
    assert (one.span_count, one.error_span_count, one.orphan_span_count) == (3, 1, 1)
    assert (one.min_start_time_unix_nano, one.max_end_time_unix_nano) == (NOON, NOON + 1000)
    services = [(item.name, item.span_count, item.error_span_count) for item in one.services]
    assert services == [(b"a", 1, 0), (b"b", 2, 1)]


async def test_dependencies_are_the_service_graph(channel: grpc.aio.Channel, store: MemoryStore) -> None:
    await keep(store, span(1, 1, service="a"), span(1, 2, 1, service="b"), span(1, 3, 1, service="b", start=5))
    method = "/jaeger.storage.v2.DependencyReader/GetDependencies"
    answer = await ask(channel, method, "GetDependenciesResponse", STORAGE["GetDependenciesRequest"]())
    assert [(one.parent, one.child, one.call_count) for one in answer.dependencies] == [(b"a", b"b", 2)]
    request = STORAGE["GetDependenciesRequest"](start_time=time(NOON), end_time=time(NOON + 1))
    answer = await ask(channel, method, "GetDependenciesResponse", request)
    assert [one.call_count for one in answer.dependencies] == [1]


async def test_capabilities_are_declared(channel: grpc.aio.Channel) -> None:
    answer = await ask(channel, "/jaeger.storage.v2.Capabilities/GetCapabilities", "GetCapabilitiesResponse")
    assert (answer.search.without_service_name, answer.search.same_span_conjunction) == (True, True)


async def test_writes_are_otlp_on_the_same_port(channel: grpc.aio.Channel) -> None:
    request = encode_otlp_proto(batch([span(1, 1)]))
    assert await channel.unary_unary(f"/{OTLP_SERVICE}/Export")(request) == b""
    assert await found(channel) == [1]


@pytest.mark.parametrize(
    ("request_bytes", "said"),
    [
        (question(filter=b"\x0a\x00").SerializeToString(), "structured filters"),
        (b"\x0a\x05abc", "cut off"),
        (question(service_name=b"\xff").SerializeToString(), "UTF-8"),
        (question(search_depth=-1).SerializeToString(), "limit must be"),
    ],
)
async def test_what_makes_no_sense_is_an_invalid_argument(
    channel: grpc.aio.Channel, request_bytes: bytes, said: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await channel.unary_unary(f"{READER}FindTraceIDs")(request_bytes)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert said in str(raised.value.details())


@pytest.mark.parametrize("method", ["FindTraceIDs", "GetServices", "GetOperations", "FindTraces", "GetTraces"])
async def test_a_store_that_is_away_is_unavailable(channel: grpc.aio.Channel, store: MemoryStore, method: str) -> None:
    await store.close()
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        async for _ in channel.unary_stream(f"{READER}{method}")(b""):
            pass
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    "service", ["", "jaeger.storage.v2.TraceReader", "jaeger.storage.v2.TraceWriter", OTLP_SERVICE]
)
async def test_health_is_served(channel: grpc.aio.Channel, service: str) -> None:
    answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=service))
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_reflection_knows_the_methods(channel: grpc.aio.Channel) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    requests = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="jaeger.storage.v2.TraceReader"),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="jaeger.storage.v2.Capabilities"),
    ]
    answers = [answer async for answer in stub.ServerReflectionInfo(iter(requests))]
    listed = {one.name for one in answers[0].list_services_response.service}
    assert listed >= {"jaeger.storage.v2.TraceReader", "jaeger.storage.v2.DependencyReader", OTLP_SERVICE}
    file = descriptor_pb2.FileDescriptorProto.FromString(answers[1].file_descriptor_response.file_descriptor_proto[0])
    streams = {method.name for method in file.service[0].method if method.server_streaming}
    assert streams == {"GetTraces", "FindTraces", "FindTraceSummaries"}
    assert answers[2].file_descriptor_response.file_descriptor_proto


async def test_our_own_service_names_the_error(channel: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        async for _ in channel.unary_stream("/lymer.storage.v1.Store/FindTraces")(b'{"cursor":"nonsense"}'):
            pass
    assert dict(raised.value.trailing_metadata() or ())["lymer-error"] == "BadQueryError"


async def test_a_question_of_the_future_is_refused_and_not_misread(channel: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.aio.AioRpcError, match="unknown field"):
        async for _ in channel.unary_stream("/lymer.storage.v1.Store/FindTraces")(b'{"colour":"blue"}'):
            pass


async def test_health_of_the_store_is_told(channel: grpc.aio.Channel, store: MemoryStore) -> None:
    answer = msgspec.json.decode(await channel.unary_unary("/lymer.storage.v1.Store/Health")(b""))
    assert (answer["can_write"], answer["can_read"], answer["has_archive"]) == (True, True, True)


class Waiting(MemoryStore):
    """A store that holds memory for a question and never answers."""

    def __init__(self, memory_bytes: int) -> None:
        super().__init__()
        self._memory_bytes = memory_bytes
        self.asked = asyncio.Event()
        self.let_go = asyncio.Event()
        self.budget: Budget | None = None

    async def services(self, budget: Budget, /, **_: Any) -> list[str]:
        budget.check(self._memory_bytes)
        self.budget = budget
        self.asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.let_go.set()
        return []


class TestAStoreThatIsSlow:
    @pytest.fixture
    async def store(self) -> AsyncIterator[Waiting]:
        store = Waiting(QUESTION_BYTES - 1)
        await store.start()
        yield store
        await store.close()

    async def test_who_goes_away_ends_the_question(self, channel: grpc.aio.Channel, store: Waiting) -> None:
        call = channel.unary_stream("/lymer.storage.v1.Store/Services")(b"{}")
        await store.asked.wait()
        call.cancel()
        await asyncio.wait_for(store.let_go.wait(), 10)
        assert store.budget is not None
        assert store.budget.cancelled

    async def test_all_who_ask_share_one_memory(self, channel: grpc.aio.Channel, store: Waiting) -> None:
        """The questions of both services of the port."""
        holding = channel.unary_stream("/lymer.storage.v1.Store/Services")(
            b'{"memory_bytes_max": %d}' % (2 * QUESTION_BYTES)
        )
        await store.asked.wait()
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await ask(channel, f"{READER}GetServices", "GetServicesResponse")
        assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "other queries hold the memory" in str(raised.value.details())
        holding.cancel()
        await store.let_go.wait()

    async def test_a_question_may_narrow_its_budget(self, channel: grpc.aio.Channel) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            async for _ in channel.unary_stream("/lymer.storage.v1.Store/Services")(b'{"memory_bytes_max": 1048576}'):
                pass
        assert dict(raised.value.trailing_metadata() or ())["lymer-error"] == "BudgetError"
        assert "1 MiB" in str(raised.value.details())
