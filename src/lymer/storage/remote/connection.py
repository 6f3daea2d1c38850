"""One connection to the other process: calls from bytes to bytes, and how it is, asked now and then.

The channel connects by itself, again and again, with the name looked up anew: a start never waits for the other side.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any, Final

import grpc
import grpc.aio
import msgspec

from lymer.component.errors import LymerError, UnavailableError
from lymer.storage.base import Budget, Health
from lymer.storage.remote.config import RemoteConfig
from lymer.storage.remote.refusals import error_of
from lymer.wire import store_calls as calls
from lymer.wire.store_calls import Question

_OPTIONS: Final = (
    ("grpc.max_receive_message_length", 64 << 20),
    ("grpc.max_send_message_length", -1),
    ("grpc.lb_policy_name", "round_robin"),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.use_local_subchannel_pool", 1),
)

_HEALTH_S: Final = 3.0
_NOT_ASKED: Final = "not reached yet"


@dataclass(frozen=True, slots=True)
class Standing:
    """How the other side said it is, and whether it has an archive."""

    health: Health
    has_archive: bool = True


class Connection:
    """A channel. Belongs to one event loop from `open` to `close`."""

    def __init__(self, config: RemoteConfig) -> None:
        self._config = config
        self._channel: grpc.aio.Channel | None = None
        self._asking: asyncio.Task[None] | None = None
        self.standing = Standing(Health(can_write=False, can_read=False, reason=self._reason(_NOT_ASKED)))

    async def open(self) -> None:
        """Begin to connect, and ask how the other side is; it may not be there yet."""
        self._channel = grpc.aio.insecure_channel(self._config.server, options=_OPTIONS)
        await self._look()
        self._asking = asyncio.create_task(self._look_now_and_then(), name="remote store health")

    async def close(self) -> None:
        """Let go."""
        if self._asking is not None:
            self._asking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._asking
            self._asking = None
        if self._channel is not None:
            await self._channel.close()
            self._channel = None

    async def read(self, method: str, question: Question, budget: Budget) -> bytes:
        """The whole answer. Raises BudgetError, QueryErrors of the other side, UnavailableError."""
        call = self._open_channel().unary_stream(f"/{calls.SERVICE}/{method}")
        with self._refusals():
            return b"".join(
                [piece async for piece in call(calls.encode_question(question), timeout=budget.remaining_s)]
            )

    async def ask(self, method: str, question: Question) -> bytes:
        """A short answer to a short question."""
        call = self._open_channel().unary_unary(f"/{calls.SERVICE}/{method}")
        with self._refusals():
            return bytes(await call(calls.encode_question(question), timeout=self._config.timeout))

    async def write(self, data: bytes, *, format_name: str, tenant: str, archive: bool) -> None:
        """Hand spans over; returning means that they are durable there."""
        call = self._open_channel().unary_unary(f"/{calls.SERVICE}/Write")
        metadata: list[tuple[str, Any]] = [(calls.FORMAT_KEY, format_name), (calls.TENANT_KEY, tenant.encode())]
        if archive:
            metadata.append((calls.ARCHIVE_KEY, "1"))
        try:
            await call(data, timeout=self._config.timeout, metadata=tuple(metadata))
        except grpc.aio.AioRpcError as error:
            raise _retryable(error_of(error, server=self._config.server)) from error

    def _open_channel(self) -> grpc.aio.Channel:
        if self._channel is None:
            raise UnavailableError("the connection to the store is closed")
        return self._channel

    @contextlib.contextmanager
    def _refusals(self) -> Any:
        try:
            yield
        except grpc.aio.AioRpcError as error:
            raise error_of(error, server=self._config.server) from error

    async def _look_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(self._config.health_every)
            await self._look()

    async def _look(self) -> None:
        call = self._open_channel().unary_unary(f"/{calls.SERVICE}/Health")
        try:
            found = msgspec.json.decode(await call(b"{}", timeout=_HEALTH_S))
        except grpc.aio.AioRpcError as error:
            reason = str(error_of(error, server=self._config.server))
            self.standing = Standing(
                Health(can_write=False, can_read=False, reason=reason), has_archive=self.standing.has_archive
            )
            return
        has_archive = found.pop("has_archive")
        self.standing = Standing(Health(**found), has_archive=has_archive)

    def _reason(self, what: str) -> str:
        return f"the store at {self._config.server}: {what}"


def _retryable(error: LymerError) -> LymerError:
    """A write whose fate is not known is to be sent again: equal spans are kept once."""
    if isinstance(error, LymerError) and type(error).__name__ in ("BudgetError", "NotSupportedError"):
        return UnavailableError(str(error))
    return error
