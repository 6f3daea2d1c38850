"""From a gRPC call to spans in the sink: read when there is room, decode, write, count. Every gRPC receiver's own.

A method is served as a stream of requests, which is the same on the wire: so a message is read only when there is room
for it, and HTTP/2's flow control holds the sender back until then. Not here: what the sender is told.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import grpc

from lymer.component.base import ReceiverConfig, SpanSink
from lymer.component.clock import Clock
from lymer.component.config import ByteSize, Duration
from lymer.component.errors import DecodeError, LymerError
from lymer.component.events import Events, Origin
from lymer.component.grpc_call import BrokenCallError
from lymer.pipeline.in_flight import InFlight, Reservation
from lymer.receivers.otlp_answers import Refusal, refusal_for
from lymer.receivers.reading_turns import ReadingTurns
from lymer.wire.codecs import Decoded, decode
from lymer.wire.decoded import Decoder

TRANSPORT: Final = "grpc"

_CAUSES: Final = {grpc.StatusCode.RESOURCE_EXHAUSTED: "too_large", grpc.StatusCode.UNIMPLEMENTED: "unsupported"}
"""Why a message could not be read, as HTTP's receivers call it."""


class GrpcReceiverConfig(ReceiverConfig, kw_only=True):
    """What every receiver over gRPC can be told."""

    message_bytes_max: ByteSize = ByteSize(20 << 20)
    """Messages larger than this, decompressed, are refused."""
    read_timeout: Duration = Duration(30)
    """How long a message may take to arrive once it is being read."""
    read_patience: Duration = Duration(5)
    """How long it may take while others wait to be read."""
    reading_count_max: int = 16
    """How many messages are read at once, at most; others wait at their senders."""
    inline_bytes_max: ByteSize = ByteSize(512 << 10)
    """Messages up to this size are decoded on the event loop; larger ones in a thread, so that others need not wait."""


class GrpcIntake:
    """Takes messages of one format in for one receiver."""

    def __init__(
        self,
        config: GrpcReceiverConfig,
        sink: SpanSink,
        *,
        in_flight: InFlight,
        events: Events,
        clock: Clock,
        origin: Origin,
        name: str,
    ) -> None:
        self._config = config
        self._sink = sink
        self._in_flight = in_flight
        self._events = events
        self._clock = clock
        self._origin = origin
        self._name = name
        self._turns = ReadingTurns(
            _reading_count(config, in_flight), timeout_s=config.read_timeout, patience_s=config.read_patience
        )
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix=f"{name.replace('_', '-')}-decode")

    async def take_in(self, context: Any, *, decoder: Decoder = decode) -> Decoded | Refusal:
        """Spans of the call's message, durable now, or why there are none."""
        begun_s = self._clock.monotonic_s()
        span_count = 0
        try:
            with self._in_flight.request() as reservation:
                message = await self._read(context, reservation)
                reservation.grow(len(message))
                decoded = await self._decode(message, decoder)
                span_count = len(decoded.batch)
                await self._sink.write(decoded.batch)
        except BrokenCallError as error:
            cause = _CAUSES.get(error.code, "malformed")
            self._events.request_refused(self._origin, cause=cause, reason=str(error))
            raise
        except LymerError as error:
            refusal = refusal_for(error)
        except Exception as error:
            self._events.unexpected(self._name, error)
            refusal = refusal_for(error)
        else:
            self._count(decoded, begun_s)
            return decoded
        self._events.request_refused(self._origin, cause=refusal.cause, reason=refusal.message, span_count=span_count)
        return refusal

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False)

    async def _read(self, context: Any, reservation: Reservation) -> bytes:
        """The message, once it is its turn."""
        async with self._turns.turn():
            reservation.grow(0)  # Where there is no room at all, the message stays at its sender.
            message = await context.read()
        if not isinstance(message, bytes):
            raise DecodeError("the call came without a message")
        return message

    async def _decode(self, message: bytes, decoder: Decoder) -> Decoded:
        name = self._origin.format
        if len(message) <= self._config.inline_bytes_max:
            return decoder(name, message)
        return await asyncio.get_running_loop().run_in_executor(self._threads, decoder, name, message)

    def _count(self, decoded: Decoded, begun_s: float) -> None:
        self._events.spans_received(len(decoded.batch), self._origin)
        for refusal in decoded.refused:
            self._events.spans_refused(refusal.count, self._origin, reason=refusal.reason)
        self._events.request_answered(self._clock.monotonic_s() - begun_s, transport=TRANSPORT)


def _reading_count(config: GrpcReceiverConfig, in_flight: InFlight) -> int:
    """Fewer where memory is short: a message counts only when it is there, and each may be of the largest size."""
    fitting = 4 * in_flight.bytes_max // config.message_bytes_max
    return max(1, min(config.reading_count_max, max(4, fitting)))
