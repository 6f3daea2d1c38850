"""Jaeger's collector over HTTP: `POST /api/traces` on 14268 with Thrift, and what its clients ask about sampling.

Statuses and texts are Jaeger's; docs/components/jaeger_http.md has the table, and where we differ on purpose.
"""

from __future__ import annotations

from typing import Final

from lymer.component.base import SpanSink
from lymer.component.clock import Clock
from lymer.component.events import Events, Origin
from lymer.pipeline.in_flight import InFlight
from lymer.receivers.complaints.jaeger_thrift import read_batch
from lymer.receivers.complaints.retelling import RetellingDecoder, retold
from lymer.receivers.cors import Cors, CorsConfig
from lymer.receivers.http_door import Answer, HttpDoor, Request
from lymer.receivers.http_intake import TRANSPORT, HttpIntake, HttpReceiverConfig
from lymer.receivers.http_receiver import HttpReceiver
from lymer.receivers.otlp_answers import Refusal
from lymer.sampling.jaeger_compat import HttpAnswer, answer_baggage, answer_http
from lymer.sampling.strategy import FixedStrategy, StrategyProvider
from lymer.wire.codecs import decode

PATH: Final = "/api/traces"
SAMPLING_PATH: Final = "/api/sampling"
BAGGAGE_PATH: Final = "/api/baggageRestrictions"
ORIGIN: Final = Origin("jaegerthrift", TRANSPORT)

CONTENT_TYPES: Final = ("application/x-thrift", "application/vnd.apache.thrift.binary")

_METHODS: Final = {PATH: "POST", SAMPLING_PATH: "GET", BAGGAGE_PATH: "GET"}

_ESCAPED: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;"})
"""As Go's html.EscapeString."""


class JaegerHttpConfig(HttpReceiverConfig):
    """Settings of this receiver."""

    port: int = 14268


class JaegerHttpReceiver(HttpReceiver):
    """The front door on 14268."""

    config_type = JaegerHttpConfig
    name = "jaeger_http"
    path = PATH
    answers_strategies = True
    """It is to be given who knows the sampling strategies."""

    def __init__(
        self,
        config: JaegerHttpConfig,
        sink: SpanSink,
        *,
        in_flight: InFlight,
        events: Events,
        clock: Clock,
        host: str,
        port: int,
        strategies: StrategyProvider | None = None,
    ) -> None:
        self._events = events
        self._strategies = strategies or FixedStrategy()
        self._intake = HttpIntake(config, sink, in_flight=in_flight, events=events, clock=clock, name=self.name)
        cors = Cors(CorsConfig(), methods="POST")  # Jaeger allows no pages here.
        self._door = HttpDoor(self._answer, cors=cors, paths=(), what="Jaeger/HTTP", host=host, port=port)

    async def _answer(self, request: Request) -> Answer:
        """Decides; what it calls computes."""
        method = _METHODS.get(request.path)
        if method is None:
            return Answer(404, b"404 page not found\n")
        if request.method != method:
            return Answer(405, headers=[(b"allow", method.encode())])
        if request.path == SAMPLING_PATH:
            return _same(await answer_http(request.query_string, self._strategies))
        if request.path == BAGGAGE_PATH:
            return _same(answer_baggage(request.query_string))
        return await self._take_in(request)

    async def _take_in(self, request: Request) -> Answer:
        content_type = request.content_type
        if content_type not in CONTENT_TYPES:
            reason = f"Unsupported content type: {content_type}" if content_type else _NO_TYPE
            self._events.request_refused(ORIGIN, cause="unsupported", reason=reason)
            return _error(400, reason)
        decoder = RetellingDecoder(decode, _complaint)
        outcome = await self._intake.take_in(
            request.body(), request.header(b"content-encoding"), ORIGIN, decoder=decoder
        )
        return _refused(outcome, decoder.complaint) if isinstance(outcome, Refusal) else Answer(202)


_NO_TYPE: Final = "Cannot parse content type: mime: no media type"


def _complaint(_: str, body: bytes) -> str | None:
    return retold(read_batch, body)


def _refused(refusal: Refusal, complaint: str | None) -> Answer:
    """Jaeger's collector says 500 when its storage cannot; 503 tells proxies and senders more."""
    if refusal.cause in ("malformed", "too_large", "unsupported"):
        reason = complaint if complaint and refusal.cause == "malformed" else refusal.message
        return _error(refusal.http_status, f"Unable to process request body: {reason}")
    status = 503 if refusal.http_status == 429 else refusal.http_status
    return _error(status, f"Cannot submit Jaeger batch: {refusal.message}", refusal.retry_after)


def _error(status: int, text: str, retry_after: bytes | None = None) -> Answer:
    headers = [(b"x-content-type-options", b"nosniff")]
    if retry_after:
        headers.append((b"retry-after", retry_after))
    return Answer(status, f"{text.translate(_ESCAPED)}\n".encode(), headers=headers)


def _same(answer: HttpAnswer) -> Answer:
    return Answer(answer.status, answer.body, answer.content_type)
