"""One gRPC call: its handler runs in a task, with a context that is what grpcio's asyncio server gives.

Not here: the connection (`grpc_connection`), and what handlers answer.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, NoReturn, Protocol

import grpc
import grpc.aio

from lymer._native import GrpcConnection
from lymer.component.grpc_encoding import MessageError, Metadata, from_wire, inflate, to_wire

CODES: Final = {code.value[0]: code for code in grpc.StatusCode}
"""gRPC's codes by their number."""

INLINE_BYTES_MAX: Final = 128 << 10
"""Compressed messages up to this size are inflated on the event loop, larger ones in a thread."""

REQUEST_TIMEOUT_S: Final = 60.0
"""How long the one message of a call may take to arrive where nobody else watches it."""

_MESSAGE, _COMPRESSED, _END, _BROKEN, _NOTHING = range(5)
_OK: Final = grpc.StatusCode.OK

_log = logging.getLogger("lymer.grpc")


class BrokenCallError(asyncio.CancelledError):
    """What came of a call is no message, or too large a one. Its sender has been told; the handler goes no further."""

    def __init__(self, code: grpc.StatusCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Connection(Protocol):
    """What a call needs of its connection."""

    native: GrpcConnection
    peer: str
    message_bytes_max: int

    def turn(self) -> None:
        """Let go out what can, and tell what happened. After every act."""

    def forget(self, call: int) -> None:
        """This call is over."""


class Call:
    """A call, and the context of its handler."""

    def __init__(self, connection: Connection, number: int, path: str, timeout_s: float | None) -> None:
        self._connection = connection
        self._native = connection.native
        self._number = number
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._deadline_s = None if timeout_s is None else self._loop.time() + timeout_s
        self._alarm: asyncio.TimerHandle | None = None
        self._waiter: asyncio.Future[Any] | None = None
        """For a message, or for room to send; a handler does one at a time."""
        self._is_over = False
        """Nothing more can be said in it."""
        self._is_gone = False
        self._code: grpc.StatusCode = _OK
        self._details = ""
        self._trailers: Metadata = ()
        self._callbacks: list[Callable[[Any], None]] = []
        self._decode: Callable[[bytes], Any] | None = None
        self._encode: Callable[[Any], bytes] | None = None
        self.task: asyncio.Task[None]

    def begin(self, handler: grpc.RpcMethodHandler) -> None:
        """Run the handler."""
        self._decode, self._encode = handler.request_deserializer, handler.response_serializer
        if self._deadline_s is not None:
            self._alarm = self._loop.call_at(self._deadline_s, self._expire)
        self.task = self._loop.create_task(self._run(handler))

    def tell(self, what: Any) -> None:
        """What it waits for is here."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(what)

    def leave(self) -> None:
        """The caller is gone."""
        self._is_over = self._is_gone = True
        self.task.cancel()
        self._close()  # A task that had not begun never does.

    def end(self, code: grpc.StatusCode, details: str) -> None:
        """End it now, whatever its handler does."""
        if not self._is_over:
            self._finish(None, code, details)
            self._connection.turn()
        self.task.cancel()
        self._close()

    # --- what handlers see ----------------------------------------------------------------------------------------

    async def read(self) -> Any:
        """The next message, or grpc.aio.EOF. The caller gets room to send it only now. Raises BrokenCallError."""
        state, value = self._native.read(self._number)
        if state == _NOTHING:
            state, value = await self._wait()
        if state == _COMPRESSED:
            value = await self._inflated(value)
        elif state == _END:
            return grpc.aio.EOF
        elif state == _BROKEN:
            self._break(CODES[value[0]], value[1])
        return value if self._decode is None else self._decode(value)

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        message = await self.read()
        if message is grpc.aio.EOF:
            raise StopAsyncIteration
        return message

    async def write(self, message: Any) -> None:
        """Send a message. Waits until the caller has room for it."""
        if self._is_over:
            raise asyncio.CancelledError
        if not self._native.send(self._number, message if self._encode is None else self._encode(message)):
            await self._wait()
        else:
            self._connection.turn()

    async def abort(
        self, code: grpc.StatusCode, details: str = "", trailing_metadata: Metadata | None = None
    ) -> NoReturn:
        """End the call with a status. Raises grpc.aio.AbortError."""
        self._code, self._details = code, details
        if trailing_metadata:
            self._trailers = trailing_metadata
        raise grpc.aio.AbortError

    async def abort_with_status(self, status: grpc.Status) -> NoReturn:
        """The same with a status of grpc_status."""
        await self.abort(status.code, status.details, status.trailing_metadata)

    async def send_initial_metadata(self, metadata: Metadata) -> None:
        """Begin the answer."""
        self._native.start(self._number, to_wire(metadata))
        self._connection.turn()

    def set_trailing_metadata(self, metadata: Metadata) -> None:
        """What stands at the end of the answer."""
        self._trailers = metadata

    def set_code(self, code: grpc.StatusCode) -> None:
        """What the call ends with."""
        self._code = code

    def set_details(self, details: str) -> None:
        """What the call ends with, for people."""
        self._details = details

    def code(self) -> grpc.StatusCode:
        """What was set."""
        return self._code

    def details(self) -> str:
        """What was set."""
        return self._details

    def trailing_metadata(self) -> Metadata:
        """What was set."""
        return self._trailers

    def invocation_metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        """The caller's."""
        return from_wire(self._native.metadata(self._number))

    def peer(self) -> str:
        """`ipv4:127.0.0.1:40000`."""
        return self._connection.peer

    def time_remaining(self) -> float | None:
        """Seconds until the caller gives up; None for one who waits for ever."""
        return None if self._deadline_s is None else max(0.0, self._deadline_s - self._loop.time())

    def cancelled(self) -> bool:
        """Whether the caller is gone."""
        return self._is_gone

    def done(self) -> bool:
        """Whether nothing more can be said."""
        return self._is_over

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        """Called with this context when the call is over."""
        self._callbacks.append(callback)

    # --- how it runs ----------------------------------------------------------------------------------------------

    async def _run(self, handler: grpc.RpcMethodHandler) -> None:
        try:
            answer = await self._answer(handler)
        except grpc.aio.AbortError:
            self._finish(None, self._code, self._details)
        except asyncio.CancelledError:
            self._finish(None, grpc.StatusCode.UNAVAILABLE, "the server stops")
        except Exception as error:
            _log.exception("unexpected error in %s", self._path)
            code = grpc.StatusCode.UNKNOWN if self._code is _OK else self._code
            self._finish(None, code, self._details or f"Unexpected {type(error)}: {error}")
        else:
            self._finish(answer if self._code is _OK else None, self._code, self._details)
        finally:
            self._close()
            self._connection.turn()

    async def _answer(self, handler: grpc.RpcMethodHandler) -> bytes | None:
        """The one answer; None where the answers were sent."""
        request = self if handler.request_streaming else await self._request()
        if not handler.response_streaming:
            answering = handler.stream_unary if handler.request_streaming else handler.unary_unary
            answer = answering(request, self)
            if inspect.isawaitable(answer):
                answer = await answer
            return answer if self._encode is None else self._encode(answer)
        answering = handler.stream_stream if handler.request_streaming else handler.unary_stream
        answers = answering(request, self)
        if inspect.isawaitable(answers):
            await answers
        else:
            async for answer in answers:
                await self.write(answer)
        return None

    async def _request(self) -> Any:
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            request = await self.read()
        if request is grpc.aio.EOF:
            self._break(grpc.StatusCode.INTERNAL, "the call came without a message")
        return request

    async def _wait(self) -> Any:
        """Until `tell`."""
        if self._is_over:
            raise asyncio.CancelledError
        self._waiter = self._loop.create_future()
        self._connection.turn()
        try:
            return await self._waiter
        finally:
            self._waiter = None

    async def _inflated(self, data: bytes) -> bytes:
        encoding, bytes_max = self._native.encoding(self._number) or "identity", self._connection.message_bytes_max
        try:
            if len(data) <= INLINE_BYTES_MAX:
                return inflate(data, encoding, bytes_max=bytes_max)
            return await asyncio.to_thread(inflate, data, encoding, bytes_max=bytes_max)
        except MessageError as error:
            self._break(error.code, str(error))

    def _break(self, code: grpc.StatusCode, details: str) -> NoReturn:
        """The call is at fault: its handler goes no further."""
        self._finish(None, code, details)
        raise BrokenCallError(code, details)

    def _expire(self) -> None:
        self.end(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded")

    def _finish(self, answer: bytes | None, code: grpc.StatusCode, details: str) -> None:
        """The status, once."""
        if self._is_over:
            return
        self._is_over = True
        try:
            self._native.finish(self._number, answer, code.value[0], details, to_wire(self._trailers))
        except ValueError as error:
            self._native.finish(self._number, None, grpc.StatusCode.INTERNAL.value[0], str(error), [])

    def _close(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._connection.forget(self._number)
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)
