"""The gRPC server under crowds and at its end: many calls, slow callers, closing, health, reflection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from lymer.component.grpc_reflection import enable_reflection, generated
from lymer.component.grpc_server import streamed
from tests.component.conftest import ECHO, MIB, SERVICE, Dial, Serve, failure, never, size_of


async def test_a_thousand_calls_at_once_on_one_connection(serve: Serve, dial: Dial) -> None:
    gate = asyncio.Event()

    async def wait(request: bytes, _: Any) -> bytes:
        await gate.wait()
        return request

    channel = await dial(await serve(Wait=grpc.unary_unary_rpc_method_handler(wait)))
    wait_for = channel.unary_unary("/a.B/Wait")
    calls = [asyncio.ensure_future(wait_for(str(number).encode())) for number in range(1000)]
    gate.set()
    assert await asyncio.gather(*calls) == [str(number).encode() for number in range(1000)]


async def test_many_large_messages_at_once_on_one_connection(serve: Serve, dial: Dial) -> None:
    """Few are read at a time: those that wait do not keep the others' bytes out."""
    turns = asyncio.Semaphore(2)

    async def patient(requests: Any, context: Any) -> bytes:
        async with turns:
            return await size_of(requests, context)

    channel = await dial(await serve(Patient=streamed(patient)))
    calls = [asyncio.ensure_future(channel.unary_unary("/a.B/Patient")(bytes(MIB))) for _ in range(40)]
    assert set(await asyncio.gather(*calls)) == {str(MIB).encode()}


async def test_two_hundred_connections(serve: Serve, dial: Dial) -> None:
    server = await serve(Size=streamed(size_of))
    channels = [await dial(server) for _ in range(200)]
    answers = await asyncio.gather(*[channel.unary_unary("/a.B/Size")(bytes(1000)) for channel in channels])
    assert answers == [b"1000"] * 200


async def test_a_caller_who_does_not_read_makes_the_handler_wait(serve: Serve, dial: Dial) -> None:
    written = 0

    async def flood(_: bytes, context: Any) -> AsyncIterator[bytes]:
        nonlocal written
        for _ in range(500):
            yield bytes(MIB)
            written += 1

    channel = await dial(await serve(Flood=grpc.unary_stream_rpc_method_handler(flood), Echo=ECHO))
    call = channel.unary_stream("/a.B/Flood")(b"")
    assert len(await call.read()) == MIB
    assert await channel.unary_unary("/a.B/Echo")(b"others") == b"others"
    before = -1
    while before != written:  # Until it stands still.
        before = written
        for _ in range(20):
            assert await channel.unary_unary("/a.B/Echo")(b"others") == b"others"
    assert written < 100
    for _ in range(100):
        assert len(await call.read()) == MIB
    call.cancel()


async def test_what_nobody_reads_is_bounded_for_the_whole_port(serve: Serve, dial: Dial) -> None:
    gate = asyncio.Event()

    async def late(requests: Any, context: Any) -> bytes:
        await gate.wait()
        return await size_of(requests, context)

    server = await serve(Late=streamed(late), Echo=ECHO)
    server._unread._bytes_max = MIB
    calls = [asyncio.ensure_future((await dial(server)).unary_unary("/a.B/Late")(bytes(2 * MIB))) for _ in range(40)]
    while len(server._unread.waiting) < 30:
        await asyncio.sleep(0.001)
    assert server._unread.bytes < 5 * MIB
    assert await (await dial(server)).unary_unary("/a.B/Echo")(b"others") == b"others"
    gate.set()
    assert set(await asyncio.gather(*calls)) == {str(2 * MIB).encode()}
    assert server._unread.bytes == 0
    assert not server._unread.waiting


async def test_a_server_that_closes_finishes_what_has_begun(serve: Serve, dial: Dial) -> None:
    begun, gate = asyncio.Event(), asyncio.Event()

    async def wait(request: bytes, _: Any) -> bytes:
        begun.set()
        await gate.wait()
        return request

    server = await serve(Wait=grpc.unary_unary_rpc_method_handler(wait), Echo=ECHO)
    channel = await dial(server)
    first = asyncio.ensure_future(channel.unary_unary("/a.B/Wait")(b"first"))
    await begun.wait()
    closing = asyncio.ensure_future(server.close(timeout_s=30))
    error = await failure((await dial(server)).unary_unary("/a.B/Echo")(b""))
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    gate.set()
    assert await first == b"first"
    await closing
    await server.close()


async def test_a_server_that_closes_sends_its_answers_to_their_end(serve: Serve, dial: Dial) -> None:
    async def large(_: bytes, context: Any) -> AsyncIterator[bytes]:
        yield b"first"
        yield bytes(10 * MIB)

    server = await serve(Large=grpc.unary_stream_rpc_method_handler(large))
    call = (await dial(server)).unary_stream("/a.B/Large")(b"")
    assert await call.read() == b"first"
    closing = asyncio.ensure_future(server.close(timeout_s=30))
    assert len(await call.read()) == 10 * MIB
    assert await call.code() is grpc.StatusCode.OK
    await closing


async def test_a_server_that_closes_waits_only_so_long(serve: Serve, dial: Dial) -> None:
    server = await serve(Never=grpc.unary_unary_rpc_method_handler(never), Echo=ECHO)
    idle, channel = await dial(server), await dial(server)
    assert await idle.unary_unary("/a.B/Echo")(b"x") == b"x"
    call = asyncio.ensure_future(channel.unary_unary("/a.B/Never")(b""))
    while not server._calls():
        await asyncio.sleep(0.001)
    await server.close(timeout_s=0.05)
    assert (await failure(call)).code() is grpc.StatusCode.UNAVAILABLE
    assert not server._connections


async def test_health_is_told_and_watched(serve: Serve, dial: Dial) -> None:
    server = await serve(Echo=ECHO)
    stub = health_pb2_grpc.HealthStub(await dial(server))
    asked = health_pb2.HealthCheckRequest(service=SERVICE)
    assert (await stub.Check(asked)).status == health_pb2.HealthCheckResponse.SERVING
    watch = stub.Watch(asked)
    assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
    unknown = await failure(stub.Check(health_pb2.HealthCheckRequest(service="other")))
    assert unknown.code() is grpc.StatusCode.NOT_FOUND
    closing = asyncio.ensure_future(server.close(timeout_s=30))
    assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
    watch.cancel()
    await closing


async def test_reflection_tells_what_is_served(serve: Serve, dial: Dial) -> None:
    server = await serve(Echo=ECHO)
    server.enable(lambda methods: enable_reflection(methods, [SERVICE], generated()))
    stub = reflection_pb2_grpc.ServerReflectionStub(await dial(server))
    asked = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="grpc.health.v1.Health"),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="no.Such"),
    ]
    listed, described, missing = [answer async for answer in stub.ServerReflectionInfo(iter(asked))]
    names = [one.name for one in listed.list_services_response.service]
    assert names == [SERVICE, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"]
    assert described.file_descriptor_response.file_descriptor_proto
    assert missing.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
