"""gRPC's interceptors, client and server, synchronous and asyncio, all four kinds of calls, against each other."""

from __future__ import annotations

import asyncio
import concurrent.futures
import time

import grpc
import lymer_sdk as lymer
import pytest
from lymer_sdk.middleware import (
    GrpcAioServerInterceptor,
    GrpcClientInterceptor,
    GrpcServerInterceptor,
    grpc_aio_client_interceptors,
)
from opentelemetry.trace import SpanKind, StatusCode

SHAPES = ["unary_unary", "unary_stream", "stream_unary", "stream_stream"]


def seen():
    span = lymer.current_span()
    with lymer.get_tracer().span("inside"):
        return f"{span.span_id:016x} {lymer.baggage('tenant_id')}".encode()


class Plain:
    """A servicer of `def`s."""

    def unary_unary(self, request, context):
        if request == b"abort":
            context.abort(grpc.StatusCode.NOT_FOUND, "no such item")
        if request == b"unavailable":
            context.set_code(grpc.StatusCode.UNAVAILABLE)
            context.set_details("later")
        if request == b"raise":
            raise RuntimeError("broken")
        return seen()

    def unary_stream(self, request, context):
        if request == b"raise":
            raise RuntimeError("broken")
        yield seen()
        yield seen()

    def stream_unary(self, requests, context):
        list(requests)
        return seen()

    def stream_stream(self, requests, context):
        for _ in requests:
            yield seen()


class Async:
    """The same of `async def`s."""

    async def unary_unary(self, request, context):
        if request == b"abort":
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such item")
        if request == b"unavailable":
            context.set_code(grpc.StatusCode.UNAVAILABLE)
            context.set_details("later")
        if request == b"raise":
            raise RuntimeError("broken")
        return seen()

    async def unary_stream(self, request, context):
        if request == b"raise":
            raise RuntimeError("broken")
        yield seen()
        yield seen()

    async def stream_unary(self, requests, context):
        async for _ in requests:
            pass
        return seen()

    async def stream_stream(self, requests, context):
        async for _ in requests:
            yield seen()


def handlers(servicer):
    methods = {shape: getattr(grpc, f"{shape}_rpc_method_handler")(getattr(servicer, shape)) for shape in SHAPES}
    return grpc.method_handlers_generic_handler("shop.Stock", methods)


class Plainly:
    """Client and server without asyncio."""

    def __enter__(self):
        pool = concurrent.futures.ThreadPoolExecutor(4)
        self.server = grpc.server(pool, interceptors=[GrpcServerInterceptor()])
        self.server.add_generic_rpc_handlers((handlers(Plain()),))
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()
        return self

    def __exit__(self, *given):
        self.server.stop(None).wait()

    def call(self, shape, request=b"x"):
        target = f"127.0.0.1:{self.port}"
        with grpc.insecure_channel(target) as channel:
            method = getattr(grpc.intercept_channel(channel, GrpcClientInterceptor(target)), shape)
            answer = method(f"/shop.Stock/{shape}")(iter([request]) if shape.startswith("stream") else request)
            return list(answer) if shape.endswith("stream") else [answer]


class Asynchronously:
    """Client and server on asyncio."""

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(self.start())
        return self

    async def start(self):
        self.server = grpc.aio.server(interceptors=[GrpcAioServerInterceptor()])
        self.server.add_generic_rpc_handlers((handlers(Async()),))
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        await self.server.start()

    def __exit__(self, *given):
        self.loop.run_until_complete(self.server.stop(None))
        self.loop.close()

    def call(self, shape, request=b"x"):
        return self.loop.run_until_complete(self.ask(shape, request))

    async def ask(self, shape, request):
        target = f"127.0.0.1:{self.port}"

        async def requests():
            yield request

        async with grpc.aio.insecure_channel(target, interceptors=grpc_aio_client_interceptors(target)) as channel:
            method = getattr(channel, shape)(f"/shop.Stock/{shape}")
            answer = method(requests() if shape.startswith("stream") else request)
            return [part async for part in answer] if shape.endswith("stream") else [await answer]


@pytest.fixture(params=[Plainly, Asynchronously])
def both(request):
    with request.param() as both:
        yield both


def found(both, spans, count):
    """The client's and the server's span, as soon as all have ended: an end may come after the last answer."""
    deadline = time.monotonic() + 10
    while len(spans) < count and time.monotonic() < deadline:
        if isinstance(both, Asynchronously):
            both.loop.run_until_complete(asyncio.sleep(0.001))
    kinds = {span.kind: span for span in spans}
    return kinds[SpanKind.CLIENT], kinds[SpanKind.SERVER]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_call_is_a_client_span_and_a_server_span_below_it(both, spans, shape):
    with lymer.get_tracer().span("page") as page:
        page.baggage["tenant_id"] = "blue"
        answers = both.call(shape)
    client, server = found(both, spans, 3 + len(answers))
    assert client.parent_span_id == page.span_id
    assert server.parent_span_id == client.span_id
    assert answers == [f"{server.span_id:016x} blue".encode()] * (2 if shape == "unary_stream" else 1)
    inside = [span for span in spans if span.name == "inside"]
    assert {span.parent_span_id for span in inside} == {server.span_id}
    common = {"rpc.system.name": "grpc", "rpc.method": f"shop.Stock/{shape}", "rpc.response.status_code": "OK"}
    assert client.name == server.name == f"shop.Stock/{shape}"
    assert client.attributes == {**common, "server.address": "127.0.0.1", "server.port": both.port}
    assert server.attributes.pop("client.port") > 0
    assert server.attributes == {**common, "client.address": "127.0.0.1"}


@pytest.mark.parametrize(
    ("request_", "code", "server_fails", "events"),
    [
        (b"abort", "NOT_FOUND", False, 0),
        (b"unavailable", "UNAVAILABLE", True, 0),
        (b"raise", "UNKNOWN", True, 1),
    ],
)
def test_an_error_has_its_code_at_both_ends(both, spans, request_, code, server_fails, events):
    with pytest.raises(grpc.RpcError):
        both.call("unary_unary", request_)
    client, server = found(both, spans, 2 + (request_ == b"unavailable"))
    for span, fails in ((client, True), (server, server_fails)):
        assert span.attributes["rpc.response.status_code"] == code
        assert (span.status_code == StatusCode.ERROR.value) is fails
        assert ("error.type" in span.attributes) is fails
    assert len(server.events or ()) == events


def test_a_stream_that_breaks_is_an_error_at_both_ends(both, spans):
    with pytest.raises(grpc.RpcError):
        both.call("unary_stream", b"raise")
    client, server = found(both, spans, 2)
    assert client.attributes["rpc.response.status_code"] == "UNKNOWN"
    assert server.events[0].attributes["exception.message"] == "broken"


def test_a_method_that_is_not_there_is_an_error_of_the_client(both, spans):
    with pytest.raises(grpc.RpcError):
        if isinstance(both, Plainly):
            target = f"127.0.0.1:{both.port}"
            with grpc.insecure_channel(target) as channel:
                grpc.intercept_channel(channel, GrpcClientInterceptor(f"dns:///{target}")).unary_unary("/x.Y/Z")(b"")
        else:
            both.loop.run_until_complete(unknown(both.port))
    deadline = time.monotonic() + 10
    while not spans and time.monotonic() < deadline:
        if isinstance(both, Asynchronously):
            both.loop.run_until_complete(asyncio.sleep(0.001))
    assert spans[0].attributes["rpc.response.status_code"] == "UNIMPLEMENTED"
    assert spans[0].attributes["server.port"] == both.port


async def unknown(port):
    target = f"127.0.0.1:{port}"
    async with grpc.aio.insecure_channel(target, interceptors=grpc_aio_client_interceptors(target)) as channel:
        await channel.unary_unary("/x.Y/Z")(b"")
