"""The ports 5778 and 5779: what Jaeger's clients are told."""

from __future__ import annotations

from collections.abc import AsyncIterator

import grpc
import httpx
import pytest

from lymer.api.sampling import SamplingGrpc, SamplingHttp
from lymer.component.errors import UnavailableError
from lymer.component.events import Events
from lymer.sampling.strategy import OperationRatio, OperationRatios, Strategy
from tests.wire.descriptors import SAMPLING


class Book:
    """Strategies by service; one cannot be known, one is a bug."""

    async def strategy_for(self, service: str) -> Strategy:
        if service == "away":
            raise UnavailableError("the collector is away")
        if service == "bug":
            raise RuntimeError("bug")
        if service == "fast":
            return Strategy("ratelimiting", 40_000, OperationRatios(0.5, (OperationRatio("a", 0.25),)))
        return Strategy("probabilistic", 0.5)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    door = SamplingHttp(Book(), events=Events(), host="127.0.0.1", port=0)
    await door.start()
    async with httpx.AsyncClient(base_url=door.endpoint.address.removesuffix("/sampling")) as client:
        yield client
    await door.close()


@pytest.mark.parametrize("path", ["/sampling", "/any/other"])
async def test_a_service_is_told_its_strategy(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path, params={"service": "shop & more"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.text == '{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.5}}'


async def test_the_old_path_speaks_the_old_dialect(http: httpx.AsyncClient) -> None:
    answer = await http.get("/", params={"service": "shop"})
    assert answer.text == '{"strategyType":0,"probabilisticSampling":{"samplingRate":0.5}}'


async def test_every_method_is_answered(http: httpx.AsyncClient) -> None:
    assert (await http.post("/sampling?service=a")).status_code == 200
    head = await http.head("/sampling?service=a")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize("path", ["/", "/sampling", "/baggageRestrictions"])
@pytest.mark.parametrize("query", ["", "?service=a&service=b", "?servic=a"])
async def test_the_service_must_be_named_once(http: httpx.AsyncClient, path: str, query: str) -> None:
    answer = await http.get(path + query)
    assert (answer.status_code, answer.text) == (400, "'service' parameter must be provided once\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/baggageRestrictions?service=a", "collector error: baggage not implemented\n"),
        ("/sampling?service=away", "collector error: the collector is away\n"),
        ("/?service=fast", "cannot marshall to JSON\n"),
        ("/sampling?service=bug", "unexpected error\n"),
    ],
)
async def test_what_cannot_be_said_is_an_error(http: httpx.AsyncClient, path: str, text: str) -> None:
    answer = await http.get(path)
    assert (answer.status_code, answer.text) == (500, text)


async def test_the_new_dialect_says_rates_that_the_old_one_cannot(http: httpx.AsyncClient) -> None:
    assert (await http.get("/sampling?service=fast")).json()["rateLimitingSampling"] == {"maxTracesPerSecond": 40_000}


async def test_grpc_answers_the_same() -> None:
    door = SamplingGrpc(Book(), events=Events(), host="127.0.0.1", port=0)
    await door.start()
    async with grpc.aio.insecure_channel(door.endpoint.address) as channel:
        ask = channel.unary_unary("/jaeger.api_v2.SamplingManager/GetSamplingStrategy")
        question = SAMPLING["SamplingStrategyParameters"](serviceName=b"fast").SerializeToString()
        answer = SAMPLING["SamplingStrategyResponse"].FromString(await ask(question))
        assert answer.rateLimitingSampling.maxTracesPerSecond == 40_000
        assert answer.operationSampling.perOperationStrategies[0].operation == b"a"
        for service, code in ((b"away", "UNAVAILABLE"), (b"bug", "INTERNAL")):
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await ask(SAMPLING["SamplingStrategyParameters"](serviceName=service).SerializeToString())
            assert raised.value.code().name == code
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await ask(b"\xff")
        assert raised.value.code().name == "INTERNAL"
    await door.close()
    await door.close()


async def test_grpc_says_that_it_serves() -> None:
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    door = SamplingGrpc(Book(), events=Events(), host="127.0.0.1", port=0)
    await door.start()
    async with grpc.aio.insecure_channel(door.endpoint.address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest(service="jaeger.api_v2.SamplingManager"))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    await door.close()


async def test_reflection_shows_the_service() -> None:
    from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

    door = SamplingGrpc(Book(), events=Events(), host="127.0.0.1", port=0)
    await door.start()
    async with grpc.aio.insecure_channel(door.endpoint.address) as channel:
        question = reflection_pb2.ServerReflectionRequest(file_containing_symbol="jaeger.api_v2.SamplingManager")
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        answers = [answer async for answer in stub.ServerReflectionInfo(iter([question]))]
    assert answers[0].file_descriptor_response.file_descriptor_proto
    await door.close()


async def test_a_door_that_was_bound_and_never_started_closes() -> None:
    door = SamplingGrpc(Book(), events=Events(), host="127.0.0.1", port=0)
    door.bind()
    await door.close()
