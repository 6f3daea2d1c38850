"""The plain OpenTelemetry SDK, sending to Lymer: by OTLP to 4318 or 4317, or as Jaeger's Thrift to 14268.

python examples/plain_opentelemetry/plain_opentelemetry.py http|grpc|thrift [ENDPOINT]
"""

import sys

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter


def exporter(kind: str, endpoint: str | None) -> SpanExporter:
    """OpenTelemetry's own exporters, and ours where it has none any more."""
    if kind == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as OverGrpc

        return OverGrpc(endpoint or "http://localhost:4317", insecure=True)
    if kind == "thrift":
        from lymer_sdk.opentelemetry_exporter import JaegerThriftExporter

        return JaegerThriftExporter(endpoint or "http://localhost:14268")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as OverHttp

    return OverHttp((endpoint or "http://localhost:4318") + "/v1/traces")


def main() -> None:
    """Traces one request."""
    kind, endpoint = (*sys.argv[1:], *("http", None)[len(sys.argv) - 1 :])[:2]
    resource = Resource({"service.name": "project-api", "deployment.environment": "production"})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(exporter(kind, endpoint)))
    tracer = trace.get_tracer("project", tracer_provider=provider)
    with tracer.start_as_current_span("process-request", kind=trace.SpanKind.SERVER) as span:
        span.set_attribute("user.id", "u-123")
        with tracer.start_as_current_span("query") as inner:
            inner.add_event("cache_miss", {"key": "user_123"})
            inner.record_exception(TimeoutError("too slow"))
            inner.set_status(trace.StatusCode.ERROR, "too slow")
    provider.shutdown()
    print(f"trace {span.get_span_context().trace_id:032x}")


if __name__ == "__main__":
    main()
