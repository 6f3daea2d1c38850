"""Figures of whole processes: import to first span, the end with a dead collector, spans lost at a steady rate."""

from __future__ import annotations

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time

RATE, SECONDS = 12_000, 4
OURS = """
import lymer_sdk
lymer_sdk.init("bench", endpoint={endpoint!r})
tracer = lymer_sdk.get_tracer()
def lost():
    lymer_sdk.flush(10)
    return lymer_sdk.stats()["dropped"]
"""
THEIRS = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter({endpoint!r} + "/v1/traces")))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("bench")
def lost():
    provider.force_flush()
"""
FIRST_SPAN = """
with tracer.start_as_current_span("first"): pass
"""
TO_FIRST_SPAN = """
print(time.process_time() * 1e3, flush=True)
os._exit(0)
"""
TO_THE_END = """
print(time.time(), flush=True)
"""
AT_A_RATE = """
began = time.perf_counter()
for number in range({rate} * {seconds}):
    if number % 120 == 0:
        while number / {rate} > time.perf_counter() - began: time.sleep(0.001)
    with tracer.start_as_current_span("op") as span:
        span.set_attribute("http.request.method", "GET")
        span.set_attribute("http.route", "/users/{{id}}")
        span.set_attribute("user.id", "u-123")
        span.set_attribute("cloud.region", "eu")
        span.set_attribute("http.response.status_code", 200)
print(lost())
"""


def run(program, environment):
    """What a program printed, and when it had ended."""
    command = [sys.executable, "-c", "import time, os\n" + program]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=True)
    return done.stdout, time.time()


def dead_endpoint():
    """Where nobody listens."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{closed.getsockname()[1]}"


def import_ms(client, environment):
    """CPU milliseconds from the first line to the first span."""
    bare = float(run(TO_FIRST_SPAN, {})[0])
    program = client.format(endpoint=dead_endpoint()) + FIRST_SPAN + TO_FIRST_SPAN
    return float(run(program, environment)[0]) - bare


def exit_s(client, environment):
    """Seconds from the last line to the end of the process, with one span that nobody takes."""
    program = client.format(endpoint=dead_endpoint()) + FIRST_SPAN + TO_THE_END
    said, ended = run(program, environment)
    return ended - float(said)


class Counting(http.server.BaseHTTPRequestHandler):
    """Takes OTLP and counts the spans with protobuf."""

    protocol_version = "HTTP/1.1"
    received = 0

    def do_POST(self):
        import gzip

        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        request = ExportTraceServiceRequest.FromString(body)
        spans = (scope.spans for resource in request.resource_spans for scope in resource.scope_spans)
        type(self).received += sum(len(found) for found in spans)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments): ...


def lost_percent(client, environment):
    """Of 12,000 spans a second for some seconds, with default settings, the share that did not arrive."""
    Counting.received = 0
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    run(client.format(endpoint=endpoint) + AT_A_RATE.format(rate=RATE, seconds=SECONDS), environment)
    server.shutdown()
    server.server_close()
    return 100 * (1 - Counting.received / (RATE * SECONDS))


def main(which):
    """The three figures of a client as a line of JSON."""
    client = OURS if which == "ours" else THEIRS
    kinds = (("import_ms", import_ms), ("exit_s", exit_s), ("lost_percent", lost_percent))
    print(json.dumps({name: measure(client, {}) for name, measure in kinds}))


if __name__ == "__main__":
    main(sys.argv[1])
