"""From the body of a request to spans in the sink: read, decompress, decode, write, count. Every HTTP receiver's own.

Not here: what the sender is told; each protocol has its own words for a Refusal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from lymer.component.base import ReceiverConfig, SpanSink
from lymer.component.clock import Clock
from lymer.component.config import ByteSize, Duration
from lymer.component.errors import LymerError
from lymer.component.events import Events, Origin
from lymer.pipeline.in_flight import InFlight, Reservation
from lymer.receivers.content_encoding import KNOWN_ENCODINGS, decompress, split_encodings
from lymer.receivers.http_body import Body, SenderGoneError
from lymer.receivers.otlp_answers import Refusal, refusal_for
from lymer.wire.codecs import Decoded, decode
from lymer.wire.decoded import Decoder

TRANSPORT: Final = "http"

ENCODINGS_MAX: Final = 2
"""How many encodings may lie over each other; each one may grow to the limit again."""

T = TypeVar("T")


class HttpReceiverConfig(ReceiverConfig, kw_only=True):
    """What every receiver over HTTP can be told."""

    body_bytes_max: ByteSize = ByteSize(20 << 20)
    """Bodies larger than this, as they come over the network, are refused with 413."""
    decompressed_bytes_max: ByteSize = ByteSize(64 << 20)
    """Bodies that grow past this when they are decompressed are refused with 413."""
    read_timeout: Duration = Duration(30)
    """How long a body may take to arrive."""
    inline_bytes_max: ByteSize = ByteSize(512 << 10)
    """Bodies up to this size are decoded on the event loop; larger ones in a thread, so that others need not wait."""


class HttpIntake:
    """Takes bodies in for one receiver."""

    def __init__(
        self,
        config: HttpReceiverConfig,
        sink: SpanSink,
        *,
        in_flight: InFlight,
        events: Events,
        clock: Clock,
        name: str,
    ) -> None:
        self._config = config
        self._sink = sink
        self._in_flight = in_flight
        self._events = events
        self._clock = clock
        self._name = name
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix=f"{name.replace('_', '-')}-decode")

    async def take_in(
        self, body: Body, encoding: str | None, origin: Origin, *, decoder: Decoder = decode
    ) -> Decoded | Refusal:
        """Spans that are durable now, or why there are none. Raises SenderGoneError; nobody waits then."""
        encodings = split_encodings(encoding) if encoding else []
        refusal = unknown_encoding(encodings) if encodings else None
        if refusal is not None:
            self._events.request_refused(origin, cause=refusal.cause, reason=refusal.message)
            return refusal
        begun_s = self._clock.monotonic_s()
        span_count = 0
        try:
            with self._in_flight.request() as reservation:
                data = body.taken(bytes_max=self._config.body_bytes_max, reservation=reservation)
                if data is None:
                    data = await self._read(body, reservation)
                if encodings or len(data) > self._config.inline_bytes_max:
                    decoded = await self._decode(data, encodings, origin.format, reservation, decoder)
                else:
                    decoded = decoder(origin.format, data)
                span_count = len(decoded.batch)
                await self._sink.write(decoded.batch)
        except SenderGoneError:
            raise
        except LymerError as error:
            refusal = refusal_for(error)
        except Exception as error:
            self._events.unexpected(self._name, error)
            refusal = refusal_for(error)
        else:
            self._count(decoded, origin, begun_s)
            return decoded
        self._events.request_refused(origin, cause=refusal.cause, reason=refusal.message, span_count=span_count)
        await body.discard(bytes_max=2 * self._config.body_bytes_max)
        return refusal

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False)

    async def _read(self, body: Body, reservation: Reservation) -> bytes:
        return await body.read(
            bytes_max=self._config.body_bytes_max, timeout_s=self._config.read_timeout, reservation=reservation
        )

    async def _decode(
        self, body: bytes, encodings: list[str], format_name: str, reservation: Reservation, decoder: Decoder
    ) -> Decoded:
        large = len(body) * (8 if encodings else 1) > self._config.inline_bytes_max
        if encodings:
            compressed_size = len(body)
            body = await self._run(large, self._decompress, body, encodings)
            reservation.grow(max(0, len(body) - compressed_size))
        return await self._run(large, decoder, format_name, body)

    def _decompress(self, body: bytes, encodings: list[str]) -> bytes:
        return decompress(body, encodings, bytes_max=self._config.decompressed_bytes_max)

    async def _run(self, in_thread: bool, function: Callable[..., T], *arguments: Any) -> T:
        if not in_thread:
            return function(*arguments)
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)

    def _count(self, decoded: Decoded, origin: Origin, begun_s: float) -> None:
        self._events.spans_received(len(decoded.batch), origin)
        for refusal in decoded.refused:
            self._events.spans_refused(refusal.count, origin, reason=refusal.reason)
        self._events.request_answered(self._clock.monotonic_s() - begun_s, transport=TRANSPORT)


def unknown_encoding(encodings: list[str]) -> Refusal | None:
    """Why a body in these encodings is not read."""
    if len(encodings) <= ENCODINGS_MAX and all(name in KNOWN_ENCODINGS for name in encodings):
        return None
    known = ", ".join(KNOWN_ENCODINGS)
    message = f"unsupported Content-Encoding {', '.join(encodings)}; known are: {known}"
    return Refusal(415, 3, "unsupported", message)
