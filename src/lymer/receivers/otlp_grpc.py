"""OTLP over gRPC: `TraceService/Export` on 4317, with health, reflection and gzip.

Handlers take and give raw bytes, so that no protobuf object is made. docs/components/otlp_grpc.md has the answers.
"""

from __future__ import annotations

from typing import Any, Final

from lymer.component.base import Endpoint, SpanSink
from lymer.component.clock import Clock
from lymer.component.events import Events, Origin
from lymer.component.grpc_reflection import enable_reflection, generated
from lymer.component.grpc_server import GrpcServer, abort, service, streamed
from lymer.pipeline.in_flight import InFlight
from lymer.receivers.grpc_intake import TRANSPORT, GrpcIntake, GrpcReceiverConfig
from lymer.receivers.otlp_answers import Refusal
from lymer.wire import otlp_response

SERVICE: Final = "opentelemetry.proto.collector.trace.v1.TraceService"
ORIGIN: Final = Origin("otlp_proto", TRANSPORT)


_load_descriptors = generated("opentelemetry.proto.collector.trace.v1.trace_service_pb2")


class OtlpGrpcConfig(GrpcReceiverConfig):
    """Settings of this receiver."""

    port: int = 4317


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
        self._intake = GrpcIntake(
            config, sink, in_flight=in_flight, events=events, clock=clock, origin=ORIGIN, name="otlp_grpc"
        )
        self.handler = service(SERVICE, Export=streamed(self._export))
        """What answers, for another server on whose port it shall stand too."""
        self._server = GrpcServer(
            [self.handler],
            services=[SERVICE],
            what="OTLP/gRPC",
            host=host,
            port=port,
            message_bytes_max=config.message_bytes_max,
        )
        self._server.enable(lambda server: enable_reflection(server, [SERVICE], _load_descriptors))

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        return Endpoint("otlp_grpc", self._server.address)

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

    async def _export(self, _requests: Any, context: Any) -> bytes:
        """Ends the call. Holds no message: what a refusal raises keeps this frame."""
        answer = await self._answer(context)
        if isinstance(answer, bytes):
            return answer
        status = otlp_response.encode_status(
            answer.grpc_code, answer.message, ORIGIN.format, retry_after_s=answer.retry_after_s
        )
        return await abort(context, answer.grpc_code, answer.message, details=status)

    async def _answer(self, context: Any) -> bytes | Refusal:
        outcome = await self._intake.take_in(context)
        if isinstance(outcome, Refusal):
            return outcome
        return otlp_response.encode_success(outcome.refused, ORIGIN.format)
