"""OTLP over HTTP: `POST /v1/traces` on 4318, protobuf and JSON.

A bare ASGI application, because a framework would cost as much as the decoder. Answers follow the OTLP specification
and, where it is silent, the OpenTelemetry Collector; docs/components/otlp_http.md has the table.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from lymer.component.base import Endpoint, ReceiverConfig, SpanSink
from lymer.component.clock import Clock
from lymer.component.config import ByteSize, Duration
from lymer.component.errors import LymerError
from lymer.component.events import Events, Origin
from lymer.component.http_server import HttpServer
from lymer.pipeline.in_flight import InFlight, Reservation
from lymer.receivers.content_encoding import KNOWN_ENCODINGS, decompress, split_encodings
from lymer.receivers.cors import Cors, CorsConfig, Headers
from lymer.receivers.http_body import Body, Receive, SenderGoneError
from lymer.receivers.otlp_answers import Refusal, refusal_for
from lymer.wire import otlp_response
from lymer.wire.codecs import Decoded, decode

PATH: Final = "/v1/traces"
FORMATS: Final = {"application/x-protobuf": "otlp_proto", "application/json": "otlp_json"}
TRANSPORT: Final = "http"

ENCODINGS_MAX: Final = 2
"""How many encodings may lie over each other; each one may grow to the limit again."""

_UNSUPPORTED_TYPE: Final = b"415 unsupported media type, supported: [application/json, application/x-protobuf]"
_NOT_POST: Final = b"405 method not allowed, supported: [POST]"

T = TypeVar("T")
Send = Callable[[dict[str, Any]], Awaitable[None]]


class OtlpHttpConfig(ReceiverConfig):
    """Settings of this receiver."""

    port: int = 4318
    body_bytes_max: ByteSize = ByteSize(20 << 20)
    """Bodies larger than this, as they come over the network, are refused with 413."""
    decompressed_bytes_max: ByteSize = ByteSize(64 << 20)
    """Bodies that grow past this when they are decompressed are refused with 413."""
    read_timeout: Duration = Duration(30)
    """How long a body may take to arrive."""
    inline_bytes_max: ByteSize = ByteSize(512 << 10)
    """Bodies up to this size are decoded on the event loop; larger ones in a thread, so that others need not wait."""
    cors: CorsConfig = CorsConfig()
    """Which pages of other origins may send."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes
    content_type: bytes
    headers: Headers | None = None


class OtlpHttpReceiver:
    """The front door on 4318."""

    config_type = OtlpHttpConfig

    def __init__(
        self,
        config: OtlpHttpConfig,
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
        self._cors = Cors(config.cors, methods="POST")
        self._origins = {name: Origin(name, TRANSPORT) for name in FORMATS.values()}
        self._server = HttpServer(self, what="OTLP/HTTP", host=host, port=port)
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="otlp-http-decode")

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        return Endpoint("otlp_http", f"http://{self._server.address}{PATH}")

    def bind(self) -> None:
        """Take the port without answering yet. Raises StartError."""
        self._server.bind()

    async def start(self) -> None:
        """As `component.base`."""
        await self._server.start()

    async def close(self) -> None:
        """As `component.base`: requests that have begun are answered."""
        await self._server.close()
        self._threads.shutdown(wait=False)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """ASGI."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        try:
            answer = await self._answer(scope, headers, receive)
        except SenderGoneError:
            return
        answer_headers = [
            (b"content-type", answer.content_type),
            (b"content-length", str(len(answer.body)).encode()),
            *(answer.headers or ()),
        ]
        if self._cors.enabled and scope["method"] != "OPTIONS":
            answer_headers += self._cors.response_headers(_text(headers.get(b"origin")))
        await send({"type": "http.response.start", "status": answer.status, "headers": answer_headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, scope: dict[str, Any], headers: dict[bytes, bytes], receive: Receive) -> Answer:
        """Decides; what it calls computes."""
        if scope["path"] != PATH:
            return _plain(404, b"404 page not found")
        if scope["method"] == "OPTIONS" and self._cors.enabled and b"access-control-request-method" in headers:
            return self._preflight(headers)
        if scope["method"] != "POST":
            return _plain(405, _NOT_POST, [(b"allow", b"POST")])
        content_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        format_name = FORMATS.get(content_type.decode("latin-1"))
        if format_name is None:
            return _plain(415, _UNSUPPORTED_TYPE)
        encodings = split_encodings(_text(headers.get(b"content-encoding")) or "")
        if len(encodings) > ENCODINGS_MAX or not all(name in KNOWN_ENCODINGS for name in encodings):
            return self._unknown_encoding(encodings, format_name, content_type)
        body = Body(receive, headers.get(b"content-length"))
        return await self._take_in(body, encodings, format_name, content_type)

    async def _take_in(self, body: Body, encodings: list[str], format_name: str, content_type: bytes) -> Answer:
        begun_s = self._clock.monotonic_s()
        origin = self._origins[format_name]
        span_count = 0
        try:
            with self._in_flight.request() as reservation:
                data = await body.read(
                    bytes_max=self._config.body_bytes_max,
                    timeout_s=self._config.read_timeout,
                    reservation=reservation,
                )
                decoded = await self._decode(data, encodings, format_name, reservation)
                span_count = len(decoded.batch)
                await self._sink.write(decoded.batch)
        except SenderGoneError:
            raise
        except LymerError as error:
            refusal = refusal_for(error)
        except Exception as error:
            self._events.unexpected("otlp_http", error)
            refusal = refusal_for(error)
        else:
            self._count(decoded, origin, begun_s)
            return Answer(200, otlp_response.encode_success(decoded.refused, format_name), content_type)
        self._events.request_refused(origin, cause=refusal.cause, reason=refusal.message, span_count=span_count)
        await body.discard(bytes_max=self._config.body_bytes_max)
        return _refused(refusal, format_name, content_type)

    async def _decode(self, body: bytes, encodings: list[str], format_name: str, reservation: Reservation) -> Decoded:
        large = len(body) * (8 if encodings else 1) > self._config.inline_bytes_max
        if encodings:
            compressed_size = len(body)
            body = await self._run(large, self._decompress, body, encodings)
            reservation.grow(max(0, len(body) - compressed_size))
        return await self._run(large, decode, format_name, body)

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

    def _preflight(self, headers: dict[bytes, bytes]) -> Answer:
        allowed = self._cors.preflight_headers(
            _text(headers.get(b"origin")) or "",
            method=_text(headers.get(b"access-control-request-method")) or "",
            wanted_headers=_text(headers.get(b"access-control-request-headers")) or "",
        )
        return _plain(204, b"", allowed)

    def _unknown_encoding(self, encodings: list[str], format_name: str, content_type: bytes) -> Answer:
        known = ", ".join(KNOWN_ENCODINGS)
        refusal = Refusal(
            415, 3, "unsupported", f"unsupported Content-Encoding {', '.join(encodings)}; known are: {known}"
        )
        self._events.request_refused(self._origins[format_name], cause=refusal.cause, reason=refusal.message)
        answer = _refused(refusal, format_name, content_type)
        return Answer(answer.status, answer.body, content_type, [(b"accept-encoding", known.encode())])


def _plain(status: int, body: bytes, headers: Headers | None = None) -> Answer:
    return Answer(status, body, b"text/plain; charset=utf-8", headers)


def _refused(refusal: Refusal, format_name: str, content_type: bytes) -> Answer:
    body = otlp_response.encode_status(refusal.grpc_code, refusal.message, format_name)
    retry_after = refusal.retry_after
    return Answer(refusal.http_status, body, content_type, [(b"retry-after", retry_after)] if retry_after else None)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
