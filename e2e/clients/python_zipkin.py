"""OpenTelemetry's Zipkin exporter for Python, sending the small trace. Prints its id: `python python_zipkin.py URL`."""

import sys
import time

from opentelemetry.exporter.zipkin.json import ZipkinExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

provider = TracerProvider(resource=Resource.create({"service.name": "python-otel-zipkin"}))
provider.add_span_processor(BatchSpanProcessor(ZipkinExporter(endpoint=sys.argv[1])))
tracer = provider.get_tracer("e2e.python")
root = tracer.start_span("GET /checkout", kind=SpanKind.SERVER, attributes={"http.status_code": 200})
child = tracer.start_span("SELECT orders", set_span_in_context(root), SpanKind.CLIENT, {"db.system": "postgresql"})
child.set_status(Status(StatusCode.ERROR))
child.add_event("retry")
time.sleep(0.002)
child.end()
root.end()
provider.shutdown()
print(format(root.get_span_context().trace_id, "032x"))
