"""A gRPC channel to a store: calls from bytes to bytes with our errors, and how the other side is, asked now and then.

It connects by itself, again and again, with the name looked up anew: a start never waits for the other side.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Final

import grpc
import grpc.aio

from lymer.component.errors import BudgetError, LymerError, NotSupportedError, UnavailableError
from lymer.storage.base import Budget, Health
from lymer.storage.remote.config import RemoteConfig
from lymer.storage.remote.refusals import error_of

Metadata = tuple[tuple[str, Any], ...]
Look = Callable[[], Awaitable[Health]]

_OPTIONS: Final = (
    ("grpc.max_receive_message_length", 64 << 20),
    ("grpc.max_send_message_length", -1),
    ("grpc.lb_policy_name", "round_robin"),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.use_local_subchannel_pool", 1),
)


class Channel:
    """Belongs to one event loop from `open` to `close`."""

    def __init__(self, config: RemoteConfig, *, look: Look) -> None:
        self._config = config
        self._look = look
        self._channel: grpc.aio.Channel | None = None
        self._looking: asyncio.Task[None] | None = None
        self.health = Health(can_write=False, can_read=False, reason=f"the store at {config.server}: not reached yet")

    async def open(self) -> None:
        """Begin to connect, and ask how the other side is; it may not be there yet."""
        self._channel = grpc.aio.insecure_channel(self._config.server, options=_OPTIONS)
        await self._look_once()
        self._looking = asyncio.create_task(self._look_now_and_then(), name="remote store health")

    async def close(self) -> None:
        """Let go. May be called twice."""
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking
            self._looking = None
        if self._channel is not None:
            await self._channel.close()
            self._channel = None

    async def ask(self, method: str, request: bytes, budget: Budget, metadata: Metadata = ()) -> bytes:
        """One answer. Raises BudgetError, QueryErrors of the other side, UnavailableError."""
        budget.check()
        with self._our_errors():
            return bytes(await self._open().unary_unary(method)(request, timeout=budget.remaining_s, metadata=metadata))

    async def stream(
        self, method: str, request: bytes, budget: Budget, metadata: Metadata = ()
    ) -> AsyncIterator[bytes]:
        """An answer in pieces. Raises as `ask`."""
        budget.check()
        with self._our_errors():
            call = self._open().unary_stream(method)(request, timeout=budget.remaining_s, metadata=metadata)
            async for piece in call:
                yield piece

    async def write(self, method: str, request: bytes, metadata: Metadata = ()) -> bytes:
        """Hand spans over. What became of a write that had no answer in time is not known: then it is to be sent again,
        and equal spans are kept once. Raises RetryableError, PermanentError.
        """
        try:
            with self._our_errors():
                call = self._open().unary_unary(method)
                return bytes(await call(request, timeout=self._config.timeout, metadata=metadata))
        except (BudgetError, NotSupportedError) as error:
            raise UnavailableError(str(error)) from error

    def _open(self) -> grpc.aio.Channel:
        if self._channel is None:
            raise UnavailableError("the connection to the store is closed")
        return self._channel

    @contextlib.contextmanager
    def _our_errors(self) -> Iterator[None]:
        try:
            yield
        except grpc.aio.AioRpcError as error:
            raise error_of(error, server=self._config.server) from error

    async def _look_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(self._config.health_every)
            await self._look_once()

    async def _look_once(self) -> None:
        try:
            self.health = await self._look()
        except LymerError as error:
            self.health = Health(can_write=False, can_read=False, reason=str(error))
