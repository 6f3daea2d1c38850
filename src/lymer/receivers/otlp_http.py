"""OTLP over HTTP: `POST /v1/traces` on 4318, protobuf and JSON.

Answers follow the OTLP specification and, where it is silent, the OpenTelemetry Collector;
docs/components/otlp_http.md has the table.
"""

from __future__ import annotations

from typing import Final

from lymer.component.base import SpanSink
from lymer.component.clock import Clock
from lymer.component.events import Events, Origin
from lymer.pipeline.in_flight import InFlight
from lymer.receivers.content_encoding import KNOWN_ENCODINGS
from lymer.receivers.cors import Cors, CorsConfig, Headers
from lymer.receivers.http_door import Answer, HttpDoor, Request
from lymer.receivers.http_intake import TRANSPORT, HttpIntake, HttpReceiverConfig
from lymer.receivers.http_receiver import HttpReceiver
from lymer.receivers.otlp_answers import Refusal
from lymer.wire import otlp_response

PATH: Final = "/v1/traces"
FORMATS: Final = {"application/x-protobuf": "otlp_proto", "application/json": "otlp_json"}

_UNSUPPORTED_TYPE: Final = b"415 unsupported media type, supported: [application/json, application/x-protobuf]"
_NOT_POST: Final = b"405 method not allowed, supported: [POST]"


class OtlpHttpConfig(HttpReceiverConfig):
    """Settings of this receiver."""

    port: int = 4318
    cors: CorsConfig = CorsConfig()
    """Which pages of other origins may send."""


class OtlpHttpReceiver(HttpReceiver):
    """The front door on 4318."""

    config_type = OtlpHttpConfig
    name = "otlp_http"
    path = PATH

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
        self._origins = {name: Origin(name, TRANSPORT) for name in FORMATS.values()}
        self._intake = HttpIntake(config, sink, in_flight=in_flight, events=events, clock=clock, name=self.name)
        cors = Cors(config.cors, methods="POST")
        self._door = HttpDoor(self._answer, cors=cors, what="OTLP/HTTP", host=host, port=port, paths=(PATH,))

    async def _answer(self, request: Request) -> Answer:
        """Decides; what it calls computes."""
        if request.path != PATH:
            return Answer(404, b"404 page not found")
        if request.method != "POST":
            return Answer(405, _NOT_POST, headers=[(b"allow", b"POST")])
        content_type = request.content_type
        format_name = FORMATS.get(content_type)
        if format_name is None:
            return Answer(415, _UNSUPPORTED_TYPE)
        encoding = request.header(b"content-encoding")
        outcome = await self._intake.take_in(request.body(), encoding, self._origins[format_name])
        if isinstance(outcome, Refusal):
            return _refused(outcome, format_name, content_type)
        body = otlp_response.encode_success(outcome.refused, format_name)
        return Answer(200, body, content_type.encode())


def _refused(refusal: Refusal, format_name: str, content_type: str) -> Answer:
    body = otlp_response.encode_status(refusal.grpc_code, refusal.message, format_name)
    return Answer(refusal.http_status, body, content_type.encode(), _headers(refusal))


def _headers(refusal: Refusal) -> Headers | None:
    if refusal.http_status == 415:
        return [(b"accept-encoding", ", ".join(KNOWN_ENCODINGS).encode())]
    return [(b"retry-after", refusal.retry_after)] if refusal.retry_after else None
