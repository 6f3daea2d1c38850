"""Jaeger's collector over gRPC: `CollectorService/PostSpans` and `SamplingManager` on 14250.

Answers are those of Jaeger's Go server; docs/components/jaeger_grpc.md has the table.
"""

from __future__ import annotations

from typing import Any, Final

from lymer.component.base import Endpoint, SpanSink
from lymer.component.clock import Clock
from lymer.component.events import Events, Origin
from lymer.component.grpc_reflection import enable_reflection
from lymer.component.grpc_server import GrpcServer, abort, service, streamed
from lymer.pipeline.in_flight import InFlight
from lymer.receivers.complaints.jaeger_proto import read_post_spans
from lymer.receivers.complaints.retelling import RetellingDecoder, retold
from lymer.receivers.grpc_intake import TRANSPORT, GrpcIntake, GrpcReceiverConfig
from lymer.receivers.otlp_answers import INTERNAL, Refusal
from lymer.sampling.jaeger_grpc import strategy_handler
from lymer.sampling.jaeger_proto import SERVICE as SAMPLING_SERVICE
from lymer.sampling.strategy import FixedStrategy, StrategyProvider
from lymer.wire.codecs import Decoded, decode
from lymer.wire.jaeger_descriptors import load_descriptors

SERVICE: Final = "jaeger.api_v2.CollectorService"
SERVICES: Final = (SERVICE, SAMPLING_SERVICE)
ORIGIN: Final = Origin("jaeger_proto", TRANSPORT)


class JaegerGrpcConfig(GrpcReceiverConfig):
    """Settings of this receiver."""

    port: int = 14250


class JaegerGrpcReceiver:
    """The front door on 14250."""

    config_type = JaegerGrpcConfig
    answers_strategies = True
    """It is to be given who knows the sampling strategies."""

    def __init__(
        self,
        config: JaegerGrpcConfig,
        sink: SpanSink,
        *,
        in_flight: InFlight,
        events: Events,
        clock: Clock,
        host: str,
        port: int,
        strategies: StrategyProvider | None = None,
    ) -> None:
        self._intake = GrpcIntake(
            config, sink, in_flight=in_flight, events=events, clock=clock, origin=ORIGIN, name="jaeger_grpc"
        )
        sampling = strategy_handler(strategies or FixedStrategy(), events)
        self._server = GrpcServer(
            [service(SERVICE, PostSpans=streamed(self._post_spans)), sampling],
            services=SERVICES,
            what="Jaeger/gRPC",
            host=host,
            port=port,
            message_bytes_max=config.message_bytes_max,
        )
        self._server.enable(lambda server: enable_reflection(server, SERVICES, load_descriptors))

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        return Endpoint("jaeger_grpc", self._server.address)

    def bind(self) -> None:
        """Take the port without answering yet. Raises StartError."""
        self._server.bind()

    async def start(self) -> None:
        """As `component.base`."""
        await self._server.start()

    async def close(self) -> None:
        """As `component.base`: requests that have begun are answered."""
        await self._server.close()
        self._intake.close()

    async def _post_spans(self, _requests: Any, context: Any) -> bytes:
        """A PostSpansResponse, which is empty."""
        decoder = RetellingDecoder(decode, _complaint)
        outcome = await self._intake.take_in(context, decoder=decoder)
        if not isinstance(outcome, Refusal) and not decoder.complaint:
            return b""
        code, message = _status(outcome, decoder.complaint)
        del outcome
        return await abort(context, code, message)


def _complaint(_: str, message: bytes) -> str | None:
    return retold(read_post_spans, message)


def _status(outcome: Decoded | Refusal, complaint: str | None) -> tuple[int, str]:
    """What cannot be decoded is an internal error to Go's server."""
    if isinstance(outcome, Refusal) and outcome.cause != "malformed":
        return outcome.grpc_code, outcome.message
    reason = complaint or (outcome.message if isinstance(outcome, Refusal) else "")
    return INTERNAL, f"grpc: error unmarshalling request: {reason}"
