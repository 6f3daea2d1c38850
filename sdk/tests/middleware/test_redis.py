"""redis-py's clients, synchronous and asyncio, against a server in memory."""

from __future__ import annotations

import asyncio

import fakeredis
import lymer_sdk as lymer
import pytest
import redis as library
from lymer_sdk.middleware import redis
from opentelemetry.trace import SpanKind, StatusCode


@pytest.fixture(autouse=True)
def installed():
    redis.install()
    yield
    redis.uninstall()


def test_a_command_is_a_client_span_without_its_values(spans):
    with lymer.get_tracer().span("page") as page:
        fakeredis.FakeRedis().set("user:7", "secret")
    span = spans[0]
    assert (span.name, span.kind, span.parent_span_id) == ("SET", SpanKind.CLIENT, page.span_id)
    said = {key: value for key, value in span.attributes.items() if key.startswith("db.")}
    assert said == {
        "db.system.name": "redis",
        "db.operation.name": "SET",
        "db.namespace": "0",
        "db.query.text": "SET ? ?",
    }
    assert span.attributes["server.port"] == 6379


def test_a_pipeline_is_one_span(spans):
    with fakeredis.FakeRedis().pipeline() as pipeline:
        assert pipeline.set("a", 1).get("a").execute() == [True, b"1"]
    assert [span.name for span in spans] == ["PIPELINE"]
    assert spans[0].attributes["db.operation.batch.size"] == 2
    assert spans[0].attributes["db.query.text"] == "SET ? ?\nGET ?"


def test_a_refusal_is_an_error_with_its_code(spans):
    client = fakeredis.FakeRedis()
    client.set("a", "text")
    with pytest.raises(library.ResponseError):
        client.lpush("a", 1)
    assert spans[1].status_code == StatusCode.ERROR.value
    assert spans[1].attributes["db.response.status_code"] == "WRONGTYPE"


def test_asyncio_has_the_same(spans):
    async def run():
        client = fakeredis.FakeAsyncRedis()
        await client.set("a", 1)
        async with client.pipeline() as pipeline:
            await pipeline.get("a").get("b").execute()
        await client.aclose()

    asyncio.run(run())
    assert [span.name for span in spans] == ["SET", "PIPELINE GET"]
