"""OTLP over gRPC: `TraceService/Export` on 4317, with health, reflection and gzip.

Handlers take and give raw bytes, so that no protobuf object is made. The method is served as a stream of requests,
which is the same on the wire: so a message is read only when there is room for it, and HTTP/2's flow control holds the
sender back until then. docs/components/otlp_grpc.md has the answers, and the measurements behind this server.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NoReturn

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from lymer.component.base import Endpoint, ReceiverConfig, SpanSink
from lymer.component.clock import Clock
from lymer.component.config import ByteSize, Duration
from lymer.component.errors import DecodeError, LymerError, OverloadedError, StartError
from lymer.component.events import Events, Origin
from lymer.component.http_server import listen
from lymer.pipeline.in_flight import InFlight
from lymer.receivers.otlp_answers import Refusal, refusal_for
from lymer.receivers.otlp_reflection import enable_reflection
from lymer.wire import otlp_response
from lymer.wire.codecs import Decoded, decode

SERVICE: Final = "opentelemetry.proto.collector.trace.v1.TraceService"
ORIGIN: Final = Origin("otlp_proto", "grpc")

WAITING_MAX: Final = 1024
"""How many requests may wait to be read; each costs a few kilobytes."""

_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}


class OtlpGrpcConfig(ReceiverConfig):
    """Settings of this receiver."""

    port: int = 4317
    message_bytes_max: ByteSize = ByteSize(20 << 20)
    """Messages larger than this, decompressed, are refused."""
    read_timeout: Duration = Duration(30)
    """How long a message may take to arrive once it is being read."""
    reading_count_max: int = 16
    """How many messages are read at once, at most; others wait at their senders."""
    inline_bytes_max: ByteSize = ByteSize(512 << 10)
    """Messages up to this size are decoded on the event loop; larger ones in a thread, so that others need not wait."""


class OtlpGrpcReceiver:
    """The front door on 4317."""

    config_type = OtlpGrpcConfig

    def __init__(
        self,
        config: OtlpGrpcConfig,
        sink: SpanSink,
        *,
        in_flight: InFlight,
        events: Events,
        clock: Clock,
        host: str,
        port: int,
    ) -> None:
        self._config = config
        self._sink = sink
        self._in_flight = in_flight
        self._events = events
        self._clock = clock
        self._host = host
        self._port = port
        self._server: grpc.aio.Server | None = None
        self._health = health.aio.HealthServicer()
        self._reading = asyncio.Semaphore(_reading_count(config, in_flight))
        self._waiting_count = 0
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="otlp-grpc-decode")

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return Endpoint("otlp_grpc", f"{host}:{self._port}")

    def bind(self) -> None:
        """Take the port without answering yet. Raises StartError."""
        for probe in listen(self._host, self._port, what="OTLP/gRPC"):
            probe.close()  # gRPC itself does not say why a port cannot be had.
        server = grpc.aio.server(options=_options(self._config))
        handler = grpc.stream_unary_rpc_method_handler(self._export)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"Export": handler}),))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        enable_reflection(server, [SERVICE, health.SERVICE_NAME])
        try:
            self._port = server.add_insecure_port(self.endpoint.address)
        except RuntimeError as error:
            raise StartError(f"OTLP/gRPC: cannot listen on {self.endpoint.address}: {error}") from error
        self._server = server

    async def start(self) -> None:
        """As `component.base`."""
        if self._server is None:
            self.bind()
        assert self._server is not None
        await self._server.start()
        for service in ("", SERVICE):
            await self._health.set(service, health_pb2.HealthCheckResponse.SERVING)

    async def close(self) -> None:
        """As `component.base`: requests that have begun are answered."""
        if self._server is not None:
            await self._health.enter_graceful_shutdown()
            await self._server.stop(grace=2.5)
            self._server = None
        self._threads.shutdown(wait=False)

    async def _export(self, _requests: Any, context: Any) -> bytes:
        """Ends the call. Holds no message: gRPC keeps this frame for a while when the call was refused."""
        answer = await self._take_in(context)
        return answer if isinstance(answer, bytes) else await _abort(context, answer)

    async def _take_in(self, context: Any) -> bytes | Refusal:
        begun_s = self._clock.monotonic_s()
        span_count = 0
        try:
            with self._in_flight.request() as reservation:
                message = await self._read(context)
                reservation.grow(len(message))
                decoded = await self._decode(message)
                span_count = len(decoded.batch)
                await self._sink.write(decoded.batch)
        except LymerError as error:
            refusal = refusal_for(error)
        except Exception as error:
            self._events.unexpected("otlp_grpc", error)
            refusal = refusal_for(error)
        else:
            self._count(decoded, begun_s)
            return otlp_response.encode_success(decoded.refused, ORIGIN.format)
        self._events.request_refused(ORIGIN, cause=refusal.cause, reason=refusal.message, span_count=span_count)
        return refusal

    async def _read(self, context: Any) -> bytes:
        """The message, once there is room for one more."""
        if self._waiting_count >= WAITING_MAX:
            raise OverloadedError("too many requests wait already")
        self._waiting_count += 1
        try:
            await self._reading.acquire()
        finally:
            self._waiting_count -= 1
        try:
            message = await asyncio.wait_for(context.read(), self._config.read_timeout)
        except TimeoutError as error:
            raise DecodeError(f"the message did not arrive within {self._config.read_timeout:g} s") from error
        finally:
            self._reading.release()
        if not isinstance(message, bytes):
            raise DecodeError("the call came without a message")
        return message

    async def _decode(self, message: bytes) -> Decoded:
        if len(message) <= self._config.inline_bytes_max:
            return decode(ORIGIN.format, message)
        return await asyncio.get_running_loop().run_in_executor(self._threads, decode, ORIGIN.format, message)

    def _count(self, decoded: Decoded, begun_s: float) -> None:
        self._events.spans_received(len(decoded.batch), ORIGIN)
        for refusal in decoded.refused:
            self._events.spans_refused(refusal.count, ORIGIN, reason=refusal.reason)
        self._events.request_answered(self._clock.monotonic_s() - begun_s, transport=ORIGIN.transport)


async def _abort(context: Any, refusal: Refusal) -> NoReturn:
    """End the call with a status; its details tell when to come again."""
    status = otlp_response.encode_status(
        refusal.grpc_code, refusal.message, ORIGIN.format, retry_after_s=refusal.retry_after_s
    )
    await context.abort(_CODES[refusal.grpc_code], refusal.message, (("grpc-status-details-bin", status),))
    raise AssertionError("abort raises")


def _reading_count(config: OtlpGrpcConfig, in_flight: InFlight) -> int:
    """Fewer where memory is short: a message counts only when it is there, and each may be of the largest size."""
    fitting = 4 * in_flight.bytes_max // config.message_bytes_max
    return max(1, min(config.reading_count_max, max(4, fitting)))


def _options(config: OtlpGrpcConfig) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", config.message_bytes_max),
        ("grpc.so_reuseport", 0),
        # Exporters that keep their connection alive more often than every five minutes are not thrown out for it.
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
    ]
