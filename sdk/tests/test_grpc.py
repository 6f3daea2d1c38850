"""OTLP and Jaeger's sampling over gRPC, against real servers."""

from __future__ import annotations

import json
import struct
from concurrent import futures

import grpc
import pytest
from google.protobuf import any_pb2, duration_pb2
from lymer_sdk import BatchReporter, ReporterConfig, Resource, TracerProvider
from lymer_sdk.configuration import build, resolve
from lymer_sdk.counters import Stats
from lymer_sdk.grpc_sender import GrpcSender, _retry_info_s
from lymer_sdk.sampling import PerOperation, RateLimiting, Remote
from lymer_sdk.sampling.remote_grpc import read_strategy
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


class Server(grpc.GenericRpcHandler):
    """Answers any method with what it is told to."""

    def __init__(self):
        self.calls, self.answers = [], []
        self._server = grpc.server(futures.ThreadPoolExecutor(2), handlers=[self])
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def service(self, details):
        def handle(request, context):
            self.calls.append((details.method, request, dict(context.invocation_metadata())))
            answer = self.answers.pop(0) if self.answers else b""
            if isinstance(answer, grpc.StatusCode):
                context.abort(answer, "as told")
            return answer

        return grpc.unary_unary_rpc_method_handler(handle)

    def close(self):
        self._server.stop(0).wait(5)


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


def started(server, **options):
    stats, resource = Stats(), Resource({"service.name": "shop"})
    sender = GrpcSender(f"http://127.0.0.1:{server.port}", resource, **options)
    reporter = BatchReporter(sender, stats, ReporterConfig(interval_s=0.01))
    return reporter, stats, TracerProvider(resource=resource, stats=stats, report=reporter.report).get_tracer("t")


@pytest.mark.parametrize("compress", [False, True])
def test_spans_arrive_with_their_headers(server, compress):
    reporter, stats, tracer = started(server, headers={"Authorization": "Bearer x"}, compress=compress)
    tracer.start_span("s", attributes={"k": "v" * 1000}).end()
    assert reporter.flush(10)
    reporter.close()
    method, body, headers = server.calls[0]
    assert method == "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
    assert headers["authorization"] == "Bearer x"
    request = ExportTraceServiceRequest.FromString(body)
    assert request.resource_spans[0].scope_spans[0].spans[0].name == "s"
    assert (stats.reported, stats.dropped) == (1, 0)


def test_what_is_unavailable_is_tried_again_and_what_is_refused_is_not(server):
    server.answers = [grpc.StatusCode.UNAVAILABLE, b"", grpc.StatusCode.INVALID_ARGUMENT]
    reporter, stats, tracer = started(server)
    tracer.start_span("first").end()
    assert reporter.flush(10)
    tracer.start_span("second").end()
    assert reporter.flush(10)
    reporter.close()
    assert len(server.calls) == 3
    assert (stats.reported, stats.dropped_by_receiver) == (1, 1)
    assert "INVALID_ARGUMENT" in stats.last_error


def test_partial_success_over_grpc_is_counted(server):
    answer = ExportTraceServiceResponse()
    answer.partial_success.rejected_spans = 1
    server.answers = [answer.SerializeToString()]
    reporter, stats, tracer = started(server)
    tracer.start_span("s").end()
    assert reporter.flush(10)
    reporter.close()
    assert stats.dropped_by_receiver == 1


def test_a_server_that_asks_for_a_pause_gets_it():
    delay = duration_pb2.Duration(seconds=3, nanos=500_000_000)
    inner = b"\x0a" + bytes([len(delay.SerializeToString())]) + delay.SerializeToString()
    packed = any_pb2.Any(type_url="type.googleapis.com/google.rpc.RetryInfo", value=inner).SerializeToString()
    status = b"\x08\x08\x1a" + bytes([len(packed)]) + packed
    assert _retry_info_s([("grpc-status-details-bin", status)]) == 3.5
    assert _retry_info_s([]) is None


def test_the_protocol_is_a_setting(server):
    environment = {
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{server.port}",
        "OTEL_SERVICE_NAME": "shop",
    }
    made = build(resolve(environment=environment), environment=environment)
    made.provider.get_tracer("t").start_span("s").end()
    assert made.reporter.flush(10)
    made.reporter.close()
    assert len(server.calls) == 1
    assert build(resolve(environment={"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})).reporter._send._channel.target == (
        "localhost:4317"
    )


def field(number, body):
    return bytes([number << 3 | 2, len(body)]) + body


def double(number, value):
    return bytes([number << 3 | 1]) + struct.pack("<d", value)


PER_OPERATION = field(4, double(1, 0.5) + double(2, 2.0) + field(3, field(1, b"GET /") + field(2, double(1, 0.25))))


def test_strategies_over_grpc(server):
    server.answers = [field(2, double(1, 0.75)), b"\x08\x01" + field(3, b"\x08\x07"), PER_OPERATION, b"\x07"]
    sampler = Remote(f"grpc://127.0.0.1:{server.port}", "shop")
    assert sampler.refresh()
    assert sampler.current.probability == 0.75
    assert sampler.refresh()
    assert isinstance(sampler.current, RateLimiting)
    assert sampler.current.per_second_max == 7
    assert sampler.refresh()
    assert isinstance(sampler.current, PerOperation)
    assert not sampler.refresh()
    assert isinstance(sampler.current, PerOperation)
    assert server.calls[0][:2] == ("/jaeger.api_v2.SamplingManager/GetSamplingStrategy", b"\x0a\x04shop")
    sampler.close()


def test_the_answer_is_the_json_of_the_same_server():
    assert json.loads(json.dumps(read_strategy(PER_OPERATION)))["operationSampling"] == {
        "defaultSamplingProbability": 0.5,
        "defaultLowerBoundTracesPerSecond": 2.0,
        "perOperationStrategies": [{"operation": "GET /", "probabilisticSampling": {"samplingRate": 0.25}}],
    }
    with pytest.raises(ValueError, match="ends early"):
        read_strategy(PER_OPERATION[:-3])


def test_no_strategy_over_grpc_leaves_the_sampler_as_it_was(server):
    server.answers = [grpc.StatusCode.UNIMPLEMENTED]
    sampler = Remote(f"grpc://127.0.0.1:{server.port}", "shop")
    assert not sampler.refresh()
    assert sampler.current.probability == 0.001
    assert sampler.last_error
