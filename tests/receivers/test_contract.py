"""Every listener keeps the ReceiverContract. Requests are written by other people's codecs."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Sequence
from typing import Any, ClassVar

import grpc
import grpc.aio
import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from lymer.component.base import Receiver
from lymer.component.config import ByteSize, Duration
from lymer.conformance.receiver import ReceiverContract, Verdict
from lymer.receivers.jaeger_grpc import JaegerGrpcReceiver
from lymer.receivers.jaeger_http import JaegerHttpReceiver
from lymer.receivers.jaeger_udp import CompactReceiver
from lymer.receivers.otlp_grpc import OtlpGrpcReceiver
from lymer.receivers.otlp_http import OtlpHttpReceiver
from lymer.receivers.zipkin import ZipkinReceiver
from tests.wire.descriptors import JAEGER, ZIPKIN
from tests.wire.thrift_oracles import jaeger, write, write_list, zipkin

START_MICROS = 1_763_000_000_000_000
TRACE_ID = (1).to_bytes(16, "big")


def otlp_proto(numbers: Sequence[int]) -> bytes:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for number in numbers:
        spans.add(trace_id=TRACE_ID, span_id=_id(number), start_time_unix_nano=1, end_time_unix_nano=2)
    return request.SerializeToString()


def otlp_json(numbers: Sequence[int]) -> bytes:
    spans = [{"traceId": TRACE_ID.hex(), "spanId": _id(number).hex()} for number in numbers]
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()


def jaeger_batch(numbers: Sequence[int]) -> Any:
    spans = [
        jaeger.Span(
            traceIdLow=1,
            traceIdHigh=0,
            spanId=number,
            parentSpanId=0,
            operationName="work",
            flags=1,
            startTime=START_MICROS,
            duration=1,
        )
        for number in numbers
    ]
    return jaeger.Batch(process=jaeger.Process(serviceName="shop"), spans=spans)


def jaeger_proto(numbers: Sequence[int]) -> bytes:
    spans = [{"trace_id": TRACE_ID, "span_id": _id(number)} for number in numbers]
    request = JAEGER["PostSpansRequest"](batch={"spans": spans, "process": {"service_name": b"shop"}})
    return bytes(request.SerializeToString())


def zipkin_json(numbers: Sequence[int]) -> bytes:
    spans = [{"traceId": TRACE_ID.hex(), "id": _id(number).hex(), "timestamp": START_MICROS} for number in numbers]
    return json.dumps(spans).encode()


def zipkin_proto(numbers: Sequence[int]) -> bytes:
    spans = [{"trace_id": TRACE_ID, "id": _id(number), "timestamp": START_MICROS} for number in numbers]
    return bytes(ZIPKIN["ListOfSpans"](spans=spans).SerializeToString())


def zipkin_thrift(numbers: Sequence[int]) -> bytes:
    spans = [
        zipkin.Span(trace_id=1, id=number, name="work", annotations=[], binary_annotations=[], timestamp=START_MICROS)
        for number in numbers
    ]
    return write_list(spans)


def _id(number: int) -> bytes:
    return number.to_bytes(8, "big")


class HttpContract(ReceiverContract):
    """A binding over HTTP."""

    __test__ = False
    kind: ClassVar[Any]
    path: ClassVar[str]
    content_type: ClassVar[str]
    encode: ClassVar[Any]

    def make_receiver(self, sink, *, in_flight, events, clock):
        return self.kind(
            self.kind.config_type(), sink, in_flight=in_flight, events=events, clock=clock, host="127.0.0.1", port=0
        )

    async def send(self, receiver: Receiver, numbers: Sequence[int]) -> Verdict:
        return await self._post(receiver, type(self).encode(numbers))

    async def send_damaged(self, receiver: Receiver) -> Verdict:
        return await self._post(receiver, b"\xff\xff\xff\xff")

    async def _post(self, receiver: Receiver, body: bytes) -> Verdict:
        host = receiver.endpoint.address.split("/")[2]
        async with httpx.AsyncClient(
            verify=False, trust_env=False
        ) as client:  # Certificates would take most of the time.
            answer = await client.post(
                f"http://{host}{self.path}", content=body, headers={"content-type": self.content_type}, timeout=30
            )
        match answer.status_code:
            case 200 | 202:
                return Verdict.ACCEPTED
            case 429 | 502 | 503 | 504:
                assert int(answer.headers["retry-after"]) >= 1
                return Verdict.LATER
            case 500:
                return Verdict.FAILED
        return Verdict.NEVER


class TestOtlpHttpProtobuf(HttpContract):
    __test__ = True
    kind, path, content_type, encode = OtlpHttpReceiver, "/v1/traces", "application/x-protobuf", otlp_proto


class TestOtlpHttpJson(HttpContract):
    __test__ = True
    kind, path, content_type, encode = OtlpHttpReceiver, "/v1/traces", "application/json", otlp_json


class TestJaegerHttp(HttpContract):
    __test__ = True
    kind, path, content_type = JaegerHttpReceiver, "/api/traces", "application/x-thrift"

    @staticmethod
    def encode(numbers):
        return write("apache binary", jaeger_batch(numbers))


class TestZipkinJson(HttpContract):
    __test__ = True
    kind, path, content_type, encode = ZipkinReceiver, "/api/v2/spans", "application/json", zipkin_json


class TestZipkinProtobuf(HttpContract):
    __test__ = True
    kind, path, content_type, encode = ZipkinReceiver, "/api/v2/spans", "application/x-protobuf", zipkin_proto


class TestZipkinVersion1Json(HttpContract):
    __test__ = True
    kind, path, content_type, encode = ZipkinReceiver, "/api/v1/spans", "application/json", zipkin_json


class TestZipkinThrift(HttpContract):
    __test__ = True
    kind, path, content_type, encode = ZipkinReceiver, "/api/v1/spans", "application/x-thrift", zipkin_thrift


class GrpcContract(ReceiverContract):
    """A binding over gRPC."""

    __test__ = False
    kind: ClassVar[Any]
    method: ClassVar[str]
    encode: ClassVar[Any]

    make_receiver = HttpContract.make_receiver

    async def send(self, receiver: Receiver, numbers: Sequence[int]) -> Verdict:
        return await self._call(receiver, type(self).encode(numbers))

    async def send_damaged(self, receiver: Receiver) -> Verdict:
        return await self._call(receiver, b"\xff\xff\xff\xff")

    async def _call(self, receiver: Receiver, message: bytes) -> Verdict:
        async with grpc.aio.insecure_channel(receiver.endpoint.address) as channel:
            try:
                await channel.unary_unary(self.method)(message, timeout=30)
            except grpc.aio.AioRpcError as error:
                match error.code():
                    case grpc.StatusCode.UNAVAILABLE | grpc.StatusCode.RESOURCE_EXHAUSTED:
                        return Verdict.LATER
                    case grpc.StatusCode.INTERNAL:
                        return Verdict.FAILED
                return Verdict.NEVER
        return Verdict.ACCEPTED


class TestOtlpGrpc(GrpcContract):
    __test__ = True
    kind, encode = OtlpGrpcReceiver, otlp_proto
    method = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


class TestJaegerGrpc(GrpcContract):
    __test__ = True
    kind, encode = JaegerGrpcReceiver, jaeger_proto
    method = "/jaeger.api_v2.CollectorService/PostSpans"


class TestJaegerUdp(ReceiverContract):
    silent = True

    def make_receiver(self, sink, *, in_flight, events, clock):
        config = CompactReceiver.config_type(gather_time=Duration(0.001), batch_bytes_max=ByteSize(2_000))
        return CompactReceiver(config, sink, in_flight=in_flight, events=events, clock=clock, host="127.0.0.1", port=0)

    async def send(self, receiver: Receiver, numbers: Sequence[int]) -> Verdict:
        arguments = jaeger.EmitBatchArguments(batch=jaeger_batch(numbers))
        return await self._send(receiver, write("apache compact", arguments, "emitBatch"))

    async def send_damaged(self, receiver: Receiver) -> Verdict:
        return await self._send(receiver, b"\xff\xff\xff\xff")

    async def _send(self, receiver: Receiver, datagram: bytes) -> Verdict:
        host, _, port = receiver.endpoint.address.removeprefix("udp://").rpartition(":")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(datagram, (host, int(port)))
        await asyncio.sleep(0)
        return Verdict.SILENT
