"""From datagrams to spans in the sink: decode many together, write, try again, and count what is lost, by cause.

Bounded: so many batches at once, and their bytes are of the budget of all receivers. Single event loop.
"""

from __future__ import annotations

import asyncio
from typing import Final

from lymer.component.base import SpanSink
from lymer.component.clock import Clock
from lymer.component.errors import LymerError, OverloadedError, RetryableError
from lymer.component.events import Events, Origin
from lymer.pipeline.in_flight import InFlight, Reservation
from lymer.receivers.client_losses import ClientLosses
from lymer.receivers.otlp_answers import refusal_for
from lymer.wire.decoded import Decoded
from lymer.wire.jaeger_datagrams import FORMAT, read_datagrams

ORIGIN: Final = Origin(FORMAT, "udp")

_BUDGET_PAUSE_S: Final = 0.05


class DatagramIntake:
    """Takes payloads of datagrams in for one receiver."""

    def __init__(
        self,
        sink: SpanSink,
        *,
        in_flight: InFlight,
        events: Events,
        clock: Clock,
        name: str,
        writes_max: int,
        retry_s: float,
    ) -> None:
        self._sink = sink
        self._in_flight = in_flight
        self._events = events
        self._clock = clock
        self._name = name
        self._writes_max = writes_max
        self._retry_s = retry_s
        self._clients = ClientLosses(events=events, receiver=name)
        self._writes: set[asyncio.Task[None]] = set()
        self._closing = False

    async def has_room(self) -> None:
        """Return when one more payload may be taken in. Until then the kernel's buffer holds what comes."""
        while len(self._writes) >= self._writes_max:
            await asyncio.wait(self._writes, return_when=asyncio.FIRST_COMPLETED)

    def take_in(self, payload: bytes, count: int) -> None:
        """Begin to make the spans of so many datagrams durable."""
        self._events.datagrams_received(count, receiver=self._name)
        task = asyncio.create_task(self._write(payload, count), name=f"{self._name} write")
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)

    def count_drops(self, count: int, *, buffer_bytes: int) -> None:
        """The kernel has dropped so many datagrams."""
        if count:
            reason = f"the socket's buffer of {buffer_bytes} bytes was full"
            self._lost(count, 0, cause="kernel", reason=reason)

    async def close(self, *, timeout_s: float) -> None:
        """Finish what was taken in, for so long; nothing is tried again any more."""
        self._closing = True
        if self._writes:
            _, left = await asyncio.wait(self._writes, timeout=timeout_s)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _write(self, payload: bytes, count: int) -> None:
        """One payload, to its end: durable, or counted as lost."""
        begun_s = self._clock.monotonic_s()
        span_count = 0
        try:
            with self._in_flight.request() as reservation:
                await self._reserve(reservation, len(payload))
                decoded, broken, reports = read_datagrams(payload)
                span_count = len(decoded.batch)
                self._count_unreadable(decoded, broken)
                self._clients.take_in(reports)
                count -= len(broken)
                await self._write_until_durable(decoded, begun_s)
        except asyncio.CancelledError:
            self._lost(count, span_count, cause="stopped", reason="the process ended before they were durable")
            raise
        except Exception as error:
            if not isinstance(error, LymerError):
                self._events.unexpected(self._name, error)
            refusal = refusal_for(error)
            self._lost(count, span_count, cause=refusal.cause, reason=refusal.message)
        else:
            self._count(decoded, begun_s)

    async def _reserve(self, reservation: Reservation, size: int) -> None:
        """Wait for the budget that all receivers share."""
        while True:
            try:
                return reservation.grow(size)
            except OverloadedError:
                if self._closing:
                    raise
                await asyncio.sleep(_BUDGET_PAUSE_S)

    async def _write_until_durable(self, decoded: Decoded, begun_s: float) -> None:
        while True:
            try:
                return await self._sink.write(decoded.batch)
            except RetryableError as error:
                waited_s = self._clock.monotonic_s() - begun_s
                if self._closing or waited_s + error.retry_after_s > self._retry_s:
                    raise
                await asyncio.sleep(error.retry_after_s)

    def _count(self, decoded: Decoded, begun_s: float) -> None:
        self._events.spans_received(len(decoded.batch), ORIGIN)
        self._events.request_answered(self._clock.monotonic_s() - begun_s, transport=ORIGIN.transport)

    def _count_unreadable(self, decoded: Decoded, broken: list[str]) -> None:
        for refusal in decoded.refused:
            self._events.spans_refused(refusal.count, ORIGIN, reason=refusal.reason)
        if broken:
            self._lost(len(broken), 0, cause="malformed", reason=broken[0])

    def _lost(self, count: int, span_count: int, *, cause: str, reason: str) -> None:
        self._events.datagrams_dropped(
            count, ORIGIN, receiver=self._name, cause=cause, reason=reason, span_count=span_count
        )
