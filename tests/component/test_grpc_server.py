"""The gRPC server, seen by grpcio's client: what handlers and callers may rely on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest

from lymer.component import grpc_call
from lymer.component.grpc_server import abort, streamed
from tests.component.conftest import ECHO, MIB, Dial, Serve, echo, failure, never, size_of


async def refused(_: Any, context: Any) -> bytes:
    await abort(context, 9, "50 % größer", details=b"\x00\xff")


async def test_every_kind_of_method_is_served(serve: Serve, dial: Dial) -> None:
    async def count(request: bytes, _: Any) -> AsyncIterator[bytes]:
        for number in range(int(request)):
            yield str(number).encode()

    async def join(requests: AsyncIterator[bytes], _: Any) -> bytes:
        return b"-".join([request async for request in requests])

    async def repeat(requests: AsyncIterator[bytes], _: Any) -> AsyncIterator[bytes]:
        async for request in requests:
            yield request * 2

    def plain(request: bytes, _: Any) -> bytes:
        return request.upper()

    server = await serve(
        Echo=ECHO,
        Plain=grpc.unary_unary_rpc_method_handler(plain),
        Decoded=grpc.unary_unary_rpc_method_handler(echo, lambda data: data.decode(), lambda text: text[::-1].encode()),
        Count=grpc.unary_stream_rpc_method_handler(count),
        Join=grpc.stream_unary_rpc_method_handler(join),
        Repeat=grpc.stream_stream_rpc_method_handler(repeat),
    )
    channel = await dial(server)
    assert await channel.unary_unary("/a.B/Echo")(b"") == b""
    assert await channel.unary_unary("/a.B/Plain")(b"ab") == b"AB"
    assert await channel.unary_unary("/a.B/Decoded")(b"ab") == b"ba"
    assert [answer async for answer in channel.unary_stream("/a.B/Count")(b"3")] == [b"0", b"1", b"2"]
    assert await channel.stream_unary("/a.B/Join")(iter([b"a", b"b"])) == b"a-b"
    assert [answer async for answer in channel.stream_stream("/a.B/Repeat")(iter([b"a", b"b"]))] == [b"aa", b"bb"]


async def test_metadata_goes_both_ways(serve: Serve, dial: Dial) -> None:
    seen: dict[str, Any] = {}

    async def answer(_: bytes, context: Any) -> bytes:
        seen.update(context.invocation_metadata())
        seen["peer"], seen["time"] = context.peer(), context.time_remaining()
        await context.send_initial_metadata([("first", "1"), ("first-bin", b"\x00\x01")])
        context.set_trailing_metadata([("last", "2"), ("last-bin", b"\xff")])
        return b""

    channel = await dial(await serve(Answer=grpc.unary_unary_rpc_method_handler(answer)))
    call = channel.unary_unary("/a.B/Answer")(
        b"", metadata=(("asked", "x"), ("asked-bin", b"\x00\xfe\xff")), timeout=50
    )
    assert await call == b""
    assert (seen["asked"], seen["asked-bin"]) == ("x", b"\x00\xfe\xff")
    assert seen["peer"].startswith("ipv4:127.0.0.1:")
    assert 0 < seen["time"] < 51  # grpcio rounds up what it sends.
    first, last = dict(await call.initial_metadata()), dict(await call.trailing_metadata())
    assert (first["first"], first["first-bin"]) == ("1", b"\x00\x01")
    assert (last["last"], last["last-bin"]) == ("2", b"\xff")


async def test_a_refusal_has_its_code_its_words_and_its_details(serve: Serve, dial: Dial) -> None:
    channel = await dial(await serve(Refused=streamed(refused)))
    error = await failure(channel.unary_unary("/a.B/Refused")(b""))
    assert (error.code(), error.details()) == (grpc.StatusCode.FAILED_PRECONDITION, "50 % größer")
    assert dict(error.trailing_metadata() or ())["grpc-status-details-bin"] == b"\x00\xff"


@pytest.mark.parametrize("path", ["/a.B/Other", "/a.Other/Echo", "/"])
async def test_what_is_not_served_is_unimplemented(serve: Serve, dial: Dial, path: str) -> None:
    error = await failure((await dial(await serve(Echo=ECHO))).unary_unary(path)(b""))
    assert (error.code(), error.details()) == (grpc.StatusCode.UNIMPLEMENTED, "Method not found!")


async def test_an_error_nobody_foresaw_is_unknown_and_logged(
    serve: Serve, dial: Dial, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_: bytes, __: Any) -> bytes:
        raise RuntimeError("a bug")

    channel = await dial(await serve(Broken=grpc.unary_unary_rpc_method_handler(broken)))
    with caplog.at_level(logging.ERROR, logger="lymer.grpc"):
        error = await failure(channel.unary_unary("/a.B/Broken")(b""))
    assert error.code() is grpc.StatusCode.UNKNOWN
    assert "a bug" in caplog.text
    assert "/a.B/Broken" in caplog.text


async def test_metadata_that_may_not_be_sent_is_an_internal_error(serve: Serve, dial: Dial) -> None:
    async def bad(_: bytes, context: Any) -> bytes:
        context.set_trailing_metadata([("a b", "1")])
        return b""

    channel = await dial(await serve(Bad=grpc.unary_unary_rpc_method_handler(bad)))
    assert (await failure(channel.unary_unary("/a.B/Bad")(b""))).code() is grpc.StatusCode.INTERNAL


async def test_a_deadline_ends_the_call_and_its_handler(serve: Serve, dial: Dial) -> None:
    ended = asyncio.Event()

    async def slow(_: bytes, context: Any) -> bytes:
        context.add_done_callback(lambda _: ended.set())
        return await never(b"", context)

    channel = await dial(await serve(Slow=grpc.unary_unary_rpc_method_handler(slow)))
    error = await failure(channel.unary_unary("/a.B/Slow")(b"", timeout=0.2))
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await ended.wait()


async def test_who_takes_a_call_back_cancels_its_handler(serve: Serve, dial: Dial) -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def slow(_: bytes, context: Any) -> bytes:
        begun.set()
        try:
            return await never(b"", context)
        finally:
            if context.cancelled() and context.done():
                cancelled.set()

    channel = await dial(await serve(Slow=grpc.unary_unary_rpc_method_handler(slow)))
    call = channel.unary_unary("/a.B/Slow")(b"")
    waiting = asyncio.ensure_future(call)
    await begun.wait()
    call.cancel()
    await cancelled.wait()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize("method", ["Size", "Echo"])
async def test_messages_are_taken_up_to_the_limit(serve: Serve, dial: Dial, method: str) -> None:
    channel = await dial(await serve(Size=streamed(size_of), Echo=ECHO))
    largest = bytes(20 * MIB)
    answer = await channel.unary_unary(f"/a.B/{method}")(largest)
    assert answer == (largest if method == "Echo" else str(len(largest)).encode())
    error = await failure(channel.unary_unary(f"/a.B/{method}")(largest + b"\0"))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert error.details() == f"Received message larger than max ({20 * MIB + 1} vs. {20 * MIB})"


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
@pytest.mark.parametrize("inline_bytes_max", [0, MIB], ids=["in a thread", "inline"])
async def test_compressed_messages_are_inflated_up_to_the_limit(
    serve: Serve, dial: Dial, compression: Any, inline_bytes_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grpc_call, "INLINE_BYTES_MAX", inline_bytes_max)
    channel = await dial(await serve(message_bytes_max=MIB, Size=streamed(size_of)))
    size = channel.unary_unary("/a.B/Size")
    assert await size(bytes(MIB), compression=compression) == str(MIB).encode()
    error = await failure(size(bytes(MIB + 1), compression=compression))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "larger than max" in (error.details() or "")


async def test_nothing_is_left_of_calls_and_connections(serve: Serve) -> None:
    server = await serve(Size=streamed(size_of), Refused=streamed(refused))
    async with grpc.aio.insecure_channel(server.address) as channel:
        for _ in range(10):
            await channel.unary_unary("/a.B/Size")(bytes(MIB))
            assert await channel.unary_unary("/a.B/Refused")(bytes(MIB)).code() is grpc.StatusCode.FAILED_PRECONDITION
        assert [len(connection.calls) for connection in server._connections] == [0]
    while server._connections:
        await asyncio.sleep(0.001)
    assert server._unread.bytes == 0
