"""Jaeger Thrift by HTTP, binary, up to 500 spans a batch, to durable; and OTLP/HTTP of the same spans."""

from bench.figures import Figure, Options, main
from bench.foreign_bytes import jaeger_thrifts
from bench.ingest_foreign import Load, cpu_us, otlp_requests, poster, span_batches

SPANS, QUICK_SPANS = 200_000, 100_000
RATIO_GOAL = 1.5


def run(options: Options) -> list[Figure]:
    """All CPU of the process divided by the spans."""
    batches = span_batches(options.spans)
    requests = jaeger_thrifts(batches, "thriftpy2 binary", 500)
    loads = [
        Load("thrift-http", requests, poster("jaeger_http", "/api/traces", "application/x-thrift")),
        Load("otlp-500", otlp_requests(batches, 500), poster("otlp_http", "/v1/traces", "application/x-protobuf")),
    ]
    thrift, otlp = cpu_us(loads, options.spans, options)
    note = f"{options.spans / len(requests):.0f} spans a batch"
    return [
        Figure("Thrift/HTTP binary: receive to durable", thrift, "us CPU a span", note=note),
        Figure("Thrift/HTTP ÷ OTLP/HTTP of 500", thrift / otlp, "x", RATIO_GOAL, f"OTLP {otlp:.2f} us"),
    ]


if __name__ == "__main__":
    main(run, spans=SPANS, quick_spans=QUICK_SPANS, summary=__doc__)
