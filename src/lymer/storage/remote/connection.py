"""Calls of `lymer.storage.v1.Store`, another Lymer's own service: see `wire.store_calls`."""

from __future__ import annotations

from typing import Any

import msgspec

from lymer.model.batch import SpanBatch
from lymer.storage.base import Budget, Health
from lymer.storage.remote.channel import Channel
from lymer.storage.remote.config import RemoteConfig
from lymer.wire import store_calls as calls
from lymer.wire.store_calls import Question

_HEALTH_S = 3.0


class Connection:
    """A channel, and what is known of the other side."""

    def __init__(self, config: RemoteConfig) -> None:
        self.channel = Channel(config, look=self._look)
        self._timeout_s = config.timeout
        self.has_archive = True
        """Whether the other side has an archive; taken for granted until it has been asked."""

    async def read(self, method: str, question: Question, budget: Budget) -> bytes:
        """The whole answer. Raises BudgetError, QueryErrors of the other side, UnavailableError."""
        pieces = self.channel.stream(_path(method), calls.encode_question(question), budget)
        return b"".join([piece async for piece in pieces])

    async def ask(self, method: str, question: Question) -> bytes:
        """A short answer to a short question."""
        return await self.channel.ask(_path(method), calls.encode_question(question), Budget(time_s=self._timeout_s))

    async def write(self, batch: SpanBatch, *, tenant: str, archive: bool) -> None:
        """Hand spans over; returning means that they are durable there."""
        format_name, data = calls.encode_write(batch)
        metadata: list[tuple[str, Any]] = [(calls.FORMAT_KEY, format_name), (calls.TENANT_KEY, tenant.encode())]
        if archive:
            metadata.append((calls.ARCHIVE_KEY, "1"))
        await self.channel.write(_path("Write"), data, tuple(metadata))

    async def _look(self) -> Health:
        found = msgspec.json.decode(await self.channel.ask(_path("Health"), b"{}", Budget(time_s=_HEALTH_S)))
        self.has_archive = found.pop("has_archive")
        return Health(**found)


def _path(method: str) -> str:
    return f"/{calls.SERVICE}/{method}"
