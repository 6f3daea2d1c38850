"""What a gRPC asker is told when its question cannot be answered.

Errors that are not ours tell nothing of the inside.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, NoReturn

import grpc

from lymer.component.errors import (
    BadQueryError,
    BudgetError,
    DecodeError,
    LymerError,
    NotFoundError,
    NotSupportedError,
    OverloadedError,
    PermanentError,
    RetryableError,
)
from lymer.component.events import Events
from lymer.wire.store_calls import ERROR_KEY, RETRY_KEY

Answering = Callable[[bytes, Any], Awaitable[bytes]]
Streaming = Callable[[bytes, Any], AsyncIterator[bytes]]

_CODES: Final = (
    (NotFoundError, grpc.StatusCode.NOT_FOUND),
    (NotSupportedError, grpc.StatusCode.UNIMPLEMENTED),
    (BudgetError, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (BadQueryError, grpc.StatusCode.INVALID_ARGUMENT),
    (DecodeError, grpc.StatusCode.INVALID_ARGUMENT),
    (PermanentError, grpc.StatusCode.FAILED_PRECONDITION),
    (OverloadedError, grpc.StatusCode.RESOURCE_EXHAUSTED),
    (RetryableError, grpc.StatusCode.UNAVAILABLE),
)


def answered(answering: Answering, events: Events, where: str) -> grpc.RpcMethodHandler:
    """A method with one answer."""

    async def handler(request: bytes, context: Any) -> bytes:
        try:
            return await answering(request, context)
        except Exception as error:
            await refuse(context, error, events, where)

    return grpc.unary_unary_rpc_method_handler(handler)


def answered_in_pieces(answering: Streaming, events: Events, where: str) -> grpc.RpcMethodHandler:
    """A method whose answer comes in pieces."""

    async def handler(request: bytes, context: Any) -> AsyncIterator[bytes]:
        try:
            async for piece in answering(request, context):
                yield piece
        except Exception as error:
            await refuse(context, error, events, where)

    return grpc.unary_stream_rpc_method_handler(handler)


async def refuse(context: Any, error: Exception, events: Events, where: str) -> NoReturn:
    """End the call with the status that says the same as the error, and with its class for another Lymer."""
    metadata: list[tuple[str, str]] = []
    if isinstance(error, LymerError):
        code, message = _code_of(error), str(error)
        metadata.append((ERROR_KEY, type(error).__name__))
        if isinstance(error, RetryableError):
            metadata.append((RETRY_KEY, f"{error.retry_after_s:g}"))
    else:
        events.unexpected(where, error)
        code, message = grpc.StatusCode.INTERNAL, "internal error; the log of the server has it"
    await context.abort(code, message, tuple(metadata))
    raise AssertionError("abort raises")


def _code_of(error: LymerError) -> grpc.StatusCode:
    return next((code for kind, code in _CODES if isinstance(error, kind)), grpc.StatusCode.UNKNOWN)
