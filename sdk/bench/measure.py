"""One client's figures, as a line of JSON: `measure.py ours`, with the speed-ups or without, or `opentelemetry`.

`table.py` runs it in turns and prints them side by side. CPU time of the application's thread, in microseconds.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
import tracemalloc

import fastapi_request

SPANS, ROUNDS, BATCH, HELD = 1_500, 15, 512, 10_000


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


def median(measure, between=lambda: None):
    """The median of the rounds, the first two left out."""
    figures = []
    for _ in range(ROUNDS + 2):
        between()
        figures.append(measure())
    return sorted(figures[2:])[ROUNDS // 2]


def per_span(work, spans):
    """CPU microseconds that the work takes for a span."""
    began = time.thread_time()
    work(spans)
    return (time.thread_time() - began) / len(spans) * 1e6


def bytes_held(tracer):
    """Memory of a span that waits in the queue."""
    record(tracer, 100)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    record(tracer, HELD)
    gc.collect()
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return held / HELD


def request_over_bare(app, headers):
    """CPU microseconds that a FastAPI request takes more than without tracing: medians of rounds in turns."""
    figures = {"bare": [], "traced": []}
    bare = fastapi_request.make_app()
    for _ in range(ROUNDS + 2):
        figures["bare"].append(asyncio.run(fastapi_request.requests(bare, headers)))
        figures["traced"].append(asyncio.run(fastapi_request.requests(app, headers)))
    middle = {name: sorted(found[2:])[ROUNDS // 2] for name, found in figures.items()}
    return middle["traced"] - middle["bare"]


class Nowhere:
    """A sender that sends nothing."""

    def __call__(self, spans, timeout_s):
        raise AssertionError

    def close(self): ...


def ours():
    """The client with its own queue, whose thread does not start: nothing is sent."""
    import lymer_sdk
    from lymer_sdk import AlwaysOff, BatchReporter, ReporterConfig, TracerProvider
    from lymer_sdk.counters import Stats
    from lymer_sdk.middleware import ASGIMiddleware
    from lymer_sdk.otlp import encode_request

    reporter = BatchReporter(Nowhere(), Stats(), ReporterConfig(queue_spans_max=100_000))
    reporter._thread = False  # neither None, which starts one, nor one
    queue = reporter._queue

    def empty():
        queue.clear()
        reporter._queue_bytes = 0

    provider = TracerProvider(report=reporter.report)
    tracer, off = provider.get_tracer("bench"), TracerProvider(sampler=AlwaysOff()).get_tracer("bench")
    figures = {"sampled": median(lambda: record(tracer), empty), "not_sampled": median(lambda: record(off))}
    figures["bytes"] = bytes_held(tracer)
    empty()
    record(tracer, 4 * BATCH)
    spans = list(queue)

    def hand_over(spans):
        for span in spans:
            reporter.report(span)

    def encode(spans):
        for first in range(0, len(spans), BATCH):
            encode_request(spans[first : first + BATCH], provider.resource)

    figures["encode"] = median(lambda: per_span(encode, spans))
    figures["hand_over"] = median(lambda: per_span(hand_over, spans), empty)
    empty()
    memory = lymer_sdk.Reporter.memory(fastapi_request.Forgetful())
    lymer_sdk.init("bench", reporter=memory, make_global=False, environment={})
    app = ASGIMiddleware(fastapi_request.make_app())
    figures["fastapi"] = request_over_bare(app, fastapi_request.HEADERS)
    figures["fastapi_not_sampled"] = request_over_bare(app, fastapi_request.UNSAMPLED)
    empty()
    reporter._thread = None
    return figures


def opentelemetry():
    """The SDK with its batch processor, and an exporter that does nothing."""
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

    kept = fastapi_request.Kept()
    processor = BatchSpanProcessor(fastapi_request.nowhere())
    provider, holding, off = TracerProvider(), TracerProvider(), TracerProvider(sampler=ALWAYS_OFF)
    provider.add_span_processor(processor)
    off.add_span_processor(processor)
    holding.add_span_processor(kept)
    figures = {
        "sampled": median(lambda: record(provider.get_tracer("bench"))),
        "not_sampled": median(lambda: record(off.get_tracer("bench"))),
        "bytes": bytes_held(holding.get_tracer("bench")),
    }
    kept.spans.clear()
    record(holding.get_tracer("bench"), 4 * BATCH)
    spans = list(kept.spans)

    def hand_over(spans):
        for span in spans:
            processor.on_end(span)

    def encode(spans):
        for first in range(0, len(spans), BATCH):
            encode_spans(spans[first : first + BATCH]).SerializeToString()

    figures["encode"] = median(lambda: per_span(encode, spans))
    figures["hand_over"] = median(lambda: per_span(hand_over, spans))
    app = fastapi_request.opentelemetry_app()
    figures["fastapi"] = request_over_bare(app, fastapi_request.HEADERS)
    figures["fastapi_not_sampled"] = request_over_bare(app, fastapi_request.UNSAMPLED)
    return figures


if __name__ == "__main__":
    print(json.dumps(ours() if sys.argv[1] == "ours" else opentelemetry()))
