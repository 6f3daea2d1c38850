"""What recording and encoding a span costs, side by side with opentelemetry-sdk: CPU time of the application's thread.

`make bench-sdk`
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import deque

from lymer_sdk import AlwaysOff, TracerProvider
from lymer_sdk.otlp import encode_request

SPANS, ROUNDS = 1500, 25


def record(tracer, count=SPANS):
    """CPU microseconds a span: five attributes, as the current span."""
    began = time.thread_time()
    for _ in range(count):
        with tracer.start_as_current_span("op") as span:
            span.set_attribute("http.request.method", "GET")
            span.set_attribute("http.route", "/users/{id}")
            span.set_attribute("user.id", "u-123")
            span.set_attribute("cloud.region", "eu")
            span.set_attribute("http.response.status_code", 200)
    return (time.thread_time() - began) / count * 1e6


def median(measure, between):
    """The median of the rounds, the first two left out."""
    figures = []
    for _ in range(ROUNDS + 2):
        between()
        figures.append(measure())
    return sorted(figures[2:])[ROUNDS // 2]


def encode(provider, spans):
    """CPU microseconds a span to encode batches of 512."""
    began = time.thread_time()
    for first in range(0, len(spans), 512):
        encode_request(spans[first : first + 512], provider.resource)
    return (time.thread_time() - began) / len(spans) * 1e6


def their_encode(spans):
    """CPU microseconds a span for the SDK's OTLP exporter to encode batches of 512."""
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

    began = time.thread_time()
    for first in range(0, len(spans), 512):
        encode_spans(spans[first : first + 512]).SerializeToString()
    return (time.thread_time() - began) / len(spans) * 1e6


def their_spans(count):
    """Ended spans of the SDK."""
    from opentelemetry.sdk.trace import TracerProvider as SdkProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    kept, provider = InMemorySpanExporter(), SdkProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    record(provider.get_tracer("bench"), count)
    return kept.get_finished_spans()


def import_ms(program):
    """CPU milliseconds of a process from its first line to its first span; the median of seven."""
    timed = f"import time, os\n{program}\nprint(time.process_time() * 1e3, flush=True)\nos._exit(0)"
    bare = "import time, os\nprint(time.process_time() * 1e3, flush=True)\nos._exit(0)"

    def run(text):
        return float(subprocess.run([sys.executable, "-c", text], capture_output=True, check=True).stdout)

    return sorted(run(timed) - run(bare) for _ in range(7))[3]


OURS = """
import lymer_sdk
lymer_sdk.init("s")
with lymer_sdk.get_tracer().span("x"): pass
"""
THEIRS = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
with trace.get_tracer("x").start_as_current_span("x"): pass
"""


def opentelemetry_tracer(sampler=None):
    """The SDK with its batch processor and an exporter that does nothing."""
    from opentelemetry.sdk.trace import TracerProvider as SdkProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

    class Nowhere(SpanExporter):
        def export(self, spans):
            return SpanExportResult.SUCCESS

    provider = SdkProvider(sampler=sampler)
    provider.add_span_processor(BatchSpanProcessor(Nowhere()))
    return provider.get_tracer("bench")


def main():
    queue = deque(maxlen=100_000)
    ours = TracerProvider(report=queue.append)
    off = TracerProvider(report=queue.append, sampler=AlwaysOff())
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

    theirs, theirs_off = opentelemetry_tracer(), opentelemetry_tracer(ALWAYS_OFF)
    rows = {
        "lymer-sdk, sampled": median(lambda: record(ours.get_tracer("bench")), queue.clear),
        "lymer-sdk, not sampled": median(lambda: record(off.get_tracer("bench")), queue.clear),
        "opentelemetry-sdk, sampled": median(lambda: record(theirs), queue.clear),
        "opentelemetry-sdk, not sampled": median(lambda: record(theirs_off), queue.clear),
    }
    queue.clear()
    record(ours.get_tracer("bench"), 4096)
    spans = list(queue)
    rows["lymer-sdk, encode"] = median(lambda: encode(ours, spans), lambda: None)
    finished = their_spans(4096)
    rows["opentelemetry-sdk, encode"] = median(lambda: their_encode(finished), lambda: None)
    for name, figure in rows.items():
        print(f"{name:32} {figure:6.2f} us CPU a span")
    for name, program in (("lymer-sdk", OURS), ("opentelemetry-sdk", THEIRS)):
        print(f"{name + ', import to first span':32} {import_ms(program):6.1f} ms CPU")
    print(f"{'ratio, sampled':32} {rows['opentelemetry-sdk, sampled'] / rows['lymer-sdk, sampled']:6.1f} x")


if __name__ == "__main__":
    main()
