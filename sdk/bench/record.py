"""What recording and encoding a span costs, side by side with opentelemetry-sdk: CPU time of the application's thread.

pip install opentelemetry-sdk lymer-sdk && python sdk/bench/record.py
"""

from __future__ import annotations

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


def opentelemetry_tracer():
    """The SDK with its batch processor and an exporter that does nothing."""
    from opentelemetry.sdk.trace import TracerProvider as SdkProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

    class Nowhere(SpanExporter):
        def export(self, spans):
            return SpanExportResult.SUCCESS

    provider = SdkProvider()
    provider.add_span_processor(BatchSpanProcessor(Nowhere()))
    return provider.get_tracer("bench")


def main():
    queue = deque(maxlen=100_000)
    ours = TracerProvider(report=queue.append)
    off = TracerProvider(report=queue.append, sampler=AlwaysOff())
    theirs = opentelemetry_tracer()
    rows = {
        "lymer-sdk, sampled": median(lambda: record(ours.get_tracer("bench")), queue.clear),
        "lymer-sdk, not sampled": median(lambda: record(off.get_tracer("bench")), queue.clear),
        "opentelemetry-sdk, sampled": median(lambda: record(theirs), queue.clear),
    }
    queue.clear()
    record(ours.get_tracer("bench"), 4096)
    spans = list(queue)
    rows["lymer-sdk, encode"] = median(lambda: encode(ours, spans), lambda: None)
    for name, figure in rows.items():
        print(f"{name:28} {figure:6.2f} us CPU a span")
    print(f"{'ratio, sampled':28} {rows['opentelemetry-sdk, sampled'] / rows['lymer-sdk, sampled']:6.1f} x")


if __name__ == "__main__":
    main()
