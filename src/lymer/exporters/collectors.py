"""Several collectors: taken in turn, those that fail rest for a while, names are looked up anew now and then.

Each address of a name is a collector of its own, so that one that is down does not hold up its neighbours.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from dataclasses import dataclass
from typing import Any, Final

import grpc
import grpc.aio

from lymer.component.clock import Clock
from lymer.component.events import Events
from lymer.exporters.config import ForwardConfig
from lymer.pipeline.retry import Backoff

_OPTIONS: Final = (
    ("grpc.max_send_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.use_local_subchannel_pool", 1),
)
PASSING: Final = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.PERMISSION_DENIED,
    }
)
"""What says nothing of the spans: the collector is away, full, or not the right one; somebody may put it right."""


def is_too_large(error: Any) -> bool:
    """Whether a collector takes no messages of that size: gRPC itself says so, with the code of a full one."""
    return error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED and "larger than max" in str(error.details())


@dataclass(slots=True, eq=False)
class Collector:
    """One address."""

    address: str
    channel: grpc.aio.Channel
    backoff: Backoff
    rests_until_s: float = 0.0


class Collectors:
    """All of them. Belongs to one event loop."""

    def __init__(
        self,
        targets: list[tuple[str, int]],
        config: ForwardConfig,
        *,
        events: Events,
        clock: Clock,
        chance: random.Random,
    ) -> None:
        self._targets = targets
        self._config = config
        self._events = events
        self._clock = clock
        self._chance = chance
        self._collectors: dict[str, Collector] = {}
        self._turn = 0
        self._resolving: asyncio.Task[None] | None = None
        self._resolved = asyncio.Event()

    def figures(self) -> dict[str, float]:
        """For `/metrics`."""
        now_s = self._clock.monotonic_s()
        up = sum(one.rests_until_s <= now_s for one in self._collectors.values())
        return {"collectors": len(self._collectors), "collectors_up": up}

    def addresses(self) -> list[str]:
        """Where they are now."""
        return list(self._collectors)

    async def start(self) -> None:
        """Begin to look names up; none need be there yet."""
        self._resolving = asyncio.create_task(self._resolve_now_and_then(), name="resolve collectors")

    async def close(self) -> None:
        """Let go. May be called twice."""
        if self._resolving is not None:
            self._resolving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._resolving
            self._resolving = None
        for collector in self._collectors.values():
            await collector.channel.close()
        self._collectors = {}

    async def pick(self) -> Collector:
        """The next one that does not rest; waits for one."""
        while True:
            rest_s = self._rest_s()
            if rest_s is None:
                self._resolved.clear()
                await self._resolved.wait()
            elif rest_s > 0:
                await asyncio.sleep(min(rest_s, 1.0))
            else:
                return self._next()

    def ready(self) -> Collector | None:
        """The next one that does not rest; None when there is none now."""
        rest_s = self._rest_s()
        return self._next() if rest_s is not None and rest_s <= 0 else None

    async def call(self, collector: Collector, method: str, request: bytes) -> bytes:
        """One call; how it ended decides whether the collector rests. Raises AioRpcError."""
        try:
            call: Any = collector.channel.unary_unary(method)
            answer = bytes(await call(request, timeout=self._config.timeout))
        except grpc.aio.AioRpcError as error:
            self._note_failure(collector, error)
            raise
        collector.backoff.work()
        return answer

    def _note_failure(self, collector: Collector, error: Any) -> None:
        code = error.code()
        self._events.send_failed(cause=code.name.lower(), reason=str(error.details()), collector=collector.address)
        if code in PASSING and not is_too_large(error):
            collector.rests_until_s = self._clock.monotonic_s() + collector.backoff.fail()

    def _rest_s(self) -> float | None:
        """How long until one of them may be tried; None while there are none."""
        if not self._collectors:
            return None
        return min(one.rests_until_s for one in self._collectors.values()) - self._clock.monotonic_s()

    def _next(self) -> Collector:
        now_s = self._clock.monotonic_s()
        ready = [one for one in self._collectors.values() if one.rests_until_s <= now_s]
        self._turn += 1
        return ready[self._turn % len(ready)]

    async def _resolve_now_and_then(self) -> None:
        while True:
            await self._resolve()
            await asyncio.sleep(self._config.resolve_every if self._collectors else self._config.retry.first)

    async def _resolve(self) -> None:
        """Addresses that are gone are let go, unless a name cannot be looked up: then all stay."""
        found: dict[str, None] = {}
        is_whole = True
        for host, port in self._targets:
            try:
                for address in await _addresses(host, port):
                    found[address] = None
            except OSError as error:
                is_whole = False
                self._events.send_failed(cause="unknown_name", reason=str(error), collector=f"{host}:{port}")
        for address in found:
            if address not in self._collectors:
                self._collectors[address] = self._connect(address)
        if is_whole:
            for address in [one for one in self._collectors if one not in found]:
                await self._collectors.pop(address).channel.close(grace=self._config.timeout)
        self._resolved.set()

    def _connect(self, address: str) -> Collector:
        retry = self._config.retry
        backoff = Backoff(first_s=retry.first, max_s=retry.most, chance=self._chance)
        return Collector(address, grpc.aio.insecure_channel(address, options=_OPTIONS), backoff)


async def _addresses(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    hosts = dict.fromkeys(str(entry[4][0]) for entry in found)
    return [f"[{one}]:{port}" if ":" in one else f"{one}:{port}" for one in hosts]
