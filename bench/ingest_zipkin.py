"""Zipkin's JSON of version 2, 500 spans a request, to durable; and OTLP/HTTP of the same spans."""

from bench.figures import Figure, Options, main
from bench.foreign_bytes import zipkin_jsons
from bench.ingest_foreign import Load, cpu_us, otlp_requests, poster, span_batches

SPANS, QUICK_SPANS = 200_000, 100_000
RATIO_GOAL = 3.0


def run(options: Options) -> list[Figure]:
    """All CPU of the process divided by the spans."""
    batches = span_batches(options.spans)
    requests = zipkin_jsons(batches)
    loads = [
        Load("zipkin", requests, poster("zipkin", "/api/v2/spans", "application/json")),
        Load("otlp-500", otlp_requests(batches, 500), poster("otlp_http", "/v1/traces", "application/x-protobuf")),
    ]
    zipkin, otlp = cpu_us(loads, options.spans, options)
    size = sum(map(len, requests)) / options.spans
    return [
        Figure("Zipkin JSON: receive to durable", zipkin, "us CPU a span", note=f"500 a request, {size:.0f} B a span"),
        Figure("Zipkin JSON ÷ OTLP/HTTP of 500", zipkin / otlp, "x", RATIO_GOAL, f"OTLP {otlp:.2f} us"),
    ]


if __name__ == "__main__":
    main(run, spans=SPANS, quick_spans=QUICK_SPANS, summary=__doc__)
