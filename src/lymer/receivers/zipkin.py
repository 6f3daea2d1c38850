"""Zipkin over HTTP: `POST /api/v1/spans` and `/api/v2/spans` on 9411, JSON, Thrift and protobuf.

Answers are those of Zipkin's own server and, where it is silent, of Jaeger's collector; docs/components/zipkin.md has
the table.
"""

from __future__ import annotations

from typing import Final

from lymer.component.base import SpanSink
from lymer.component.clock import Clock
from lymer.component.events import Events, Origin
from lymer.pipeline.in_flight import InFlight
from lymer.receivers.complaints.retelling import RetellingDecoder
from lymer.receivers.cors import Cors, CorsConfig
from lymer.receivers.http_door import Answer, HttpDoor, Request
from lymer.receivers.http_intake import TRANSPORT, HttpIntake, HttpReceiverConfig
from lymer.receivers.http_receiver import HttpReceiver
from lymer.receivers.otlp_answers import Refusal
from lymer.receivers.zipkin_body import complaint, decode_body, decode_debug_body

V1_PATH: Final = "/api/v1/spans"
V2_PATH: Final = "/api/v2/spans"

FORMATS: Final = {
    V1_PATH: {"application/x-thrift": "zipkinthrift", "": "zipkin_json1"},
    V2_PATH: {"application/x-protobuf": "zipkin_proto", "": "zipkin_json"},
}
"""By path and Content-Type; any other type is JSON, as Zipkin has it."""

_ENCODERS: Final = {
    "zipkinthrift": "Malformed reading List<Span> from TBinary",
    "zipkin_json1": "Malformed reading List<Span> from json",
    "zipkin_proto": "Malformed reading List<Span> from proto3",
    "zipkin_json": "Malformed reading List<Span> from json",
}
"""How Zipkin begins its complaint about a body."""

_HEALTH_PATHS: Final = ("/health", "/actuator/health")
_HEALTH: Final = b'{"status":"UP","zipkin":{"status":"UP","details":{}}}'


class ZipkinConfig(HttpReceiverConfig):
    """Settings of this receiver."""

    port: int = 9411
    cors: CorsConfig = CorsConfig(allowed_origins=("*",))
    """Which pages of other origins may send: all, as with Zipkin and Jaeger."""


class ZipkinReceiver(HttpReceiver):
    """The front door on 9411."""

    config_type = ZipkinConfig
    name = "zipkin"
    path = V2_PATH

    def __init__(
        self,
        config: ZipkinConfig,
        sink: SpanSink,
        *,
        in_flight: InFlight,
        events: Events,
        clock: Clock,
        host: str,
        port: int,
    ) -> None:
        self._origins = {name: Origin(name, TRANSPORT) for kinds in FORMATS.values() for name in kinds.values()}
        self._intake = HttpIntake(config, sink, in_flight=in_flight, events=events, clock=clock, name=self.name)
        cors = Cors(config.cors, methods="POST")
        self._door = HttpDoor(self._answer, cors=cors, paths=tuple(FORMATS), what="Zipkin", host=host, port=port)

    async def _answer(self, request: Request) -> Answer:
        formats = FORMATS.get(request.path)
        if formats is None:
            return _other_page(request)
        if request.method != "POST":
            return Answer(405, b"405 Method Not Allowed", headers=[(b"allow", b"POST")])
        origin = self._origins[formats.get(request.content_type, formats[""])]
        is_debug = origin.format == "zipkin_proto" and request.header(b"x-b3-flags") == "1"
        decoder = RetellingDecoder(decode_debug_body if is_debug else decode_body, complaint)
        outcome = await self._intake.take_in(
            request.body(), request.header(b"content-encoding"), origin, decoder=decoder
        )
        if isinstance(outcome, Refusal):
            return _refused(outcome, origin, decoder.complaint)
        return Answer(400, decoder.complaint.encode()) if decoder.complaint else Answer(202)


def _other_page(request: Request) -> Answer:
    if request.path in _HEALTH_PATHS and request.method in ("GET", "HEAD"):
        return Answer(200, _HEALTH, b"application/json; charset=utf-8")
    return Answer(404, b"404 Not Found")


def _refused(refusal: Refusal, origin: Origin, complaint: str | None) -> Answer:
    """Zipkin answers 503 where its storage is throttled, whatever the cause."""
    status = 503 if refusal.http_status == 429 else refusal.http_status
    text = refusal.message
    if text.startswith("the body is not valid gzip"):
        text = "Cannot gunzip spans"
    elif refusal.cause == "malformed" and complaint and not text.startswith("Expected a "):
        text = complaint
    elif refusal.cause == "malformed" and not text.startswith(("the body", "Expected a ")):
        text = f"{_ENCODERS[origin.format]}: {text}"
    retry_after = refusal.retry_after
    return Answer(status, text.encode(), headers=[(b"retry-after", retry_after)] if retry_after else None)
