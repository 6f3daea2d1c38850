"""Jaeger Thrift by UDP, compact, up to 50 spans a datagram, to durable; and OTLP/HTTP of the same spans."""

from bench.figures import Figure, Options, main
from bench.foreign_bytes import jaeger_thrifts
from bench.ingest_foreign import Load, cpu_us, datagrams, otlp_requests, poster, span_batches

SPANS, QUICK_SPANS = 200_000, 100_000
RATIO_GOAL = 1.5


def run(options: Options) -> list[Figure]:
    """All CPU of the process divided by the spans."""
    batches = span_batches(options.spans)
    messages = jaeger_thrifts(batches, "thriftpy2 compact", 50, method="emitBatch")
    post = poster("otlp_http", "/v1/traces", "application/x-protobuf")
    each = options.spans / len(messages)
    loads = [
        Load("thrift-udp", messages, datagrams("jaeger_udp_compact", each)),
        Load("otlp-500", otlp_requests(batches, 500), post),
        Load("otlp-50", otlp_requests(batches, 50), post),
    ]
    udp, large, small = cpu_us(loads, options.spans, options)
    return [
        Figure("Thrift/UDP compact: receive to durable", udp, "us CPU a span", note=f"{each:.0f} spans a datagram"),
        Figure("Thrift/UDP ÷ OTLP/HTTP of 500", udp / large, "x", RATIO_GOAL, f"OTLP {large:.2f} us"),
        Figure("Thrift/UDP ÷ OTLP/HTTP of 50", udp / small, "x", RATIO_GOAL, f"OTLP {small:.2f} us"),
    ]


if __name__ == "__main__":
    main(run, spans=SPANS, quick_spans=QUICK_SPANS, summary=__doc__)
