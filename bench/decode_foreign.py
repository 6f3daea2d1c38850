"""Jaeger's and Zipkin's bytes to columns, in process: CPU a span, beside OTLP of the same spans and other readers."""

from __future__ import annotations

import json

from thriftpy2.protocol.cybin import TCyBinaryProtocol  # type: ignore[attr-defined]
from thriftpy2.transport.memory import TCyMemoryBuffer  # type: ignore[attr-defined]

from bench.data import Requests, Shape
from bench.decode import QUICK_SPANS, SPANS, best
from bench.figures import Figure, Options, main
from bench.foreign_bytes import jaeger_protos, jaeger_thrifts, zipkin_jsons
from lymer import _native
from lymer.model.batch import SpanBatch
from lymer.wire.columns import native_columns
from tests.wire.descriptors import JAEGER
from tests.wire.thrift_oracles import jaeger


def run(options: Options) -> list[Figure]:
    """Each the best of some rounds, theirs and ours in turn."""
    payloads = [bytes(payload) for payload in Requests(Shape(pool_requests=40)).take(options.spans // 500)]
    batches = [_native.decode_otlp_proto(payload)[0] for payload in payloads]
    spans = sum(batch.num_rows for batch in batches)
    compact = jaeger_thrifts(batches, "apache compact", 50)
    binary = jaeger_thrifts(batches, "apache binary", 500)
    protos, texts = jaeger_protos(batches), zipkin_jsons(batches)
    small = [_native.encode_otlp_proto(part) for batch in batches for part in _parts(batch)]
    otlp, otlp_small, udp, http, proto, zipkin, upb, cython, parse, out_proto, out_zipkin = best(
        [
            (_native.decode_otlp_proto, payloads),
            (_native.decode_otlp_proto, small),
            (_native.decode_jaeger_thrift, compact),
            (_native.decode_jaeger_thrift, binary),
            (_native.decode_jaeger_proto, protos),
            (_native.decode_zipkin_json, texts),
            (JAEGER["PostSpansRequest"].FromString, protos),
            (_thriftpy2, binary),
            (json.loads, texts),
            (_native.encode_jaeger_proto, batches),
            (_native.encode_zipkin_json, batches),
        ],
        spans,
    )
    size = sum(map(len, texts)) / spans
    return [
        Figure("OTLP protobuf to columns", otlp, "µs/span", note="500 a request"),
        Figure("OTLP protobuf to columns, 50 a request", otlp_small, "µs/span"),
        Figure("Jaeger Thrift compact, up to 50 a batch", udp, "µs/span"),
        Figure("Jaeger Thrift binary, up to 500 a batch", http, "µs/span"),
        Figure("thriftpy2 (Cython) on the binary", cython, "µs/span"),
        Figure("Jaeger protobuf, a process a span", proto, "µs/span"),
        Figure("upb FromString, same bytes", upb, "µs/span"),
        Figure("Zipkin JSON", zipkin, "µs/span", note=f"500 a request, {size:.0f} B/span"),
        Figure("json.loads, same bytes", parse, "µs/span"),
        Figure("columns to Jaeger protobuf", out_proto, "µs/span"),
        Figure("columns to Zipkin JSON", out_zipkin, "µs/span"),
        Figure("Thrift compact ÷ OTLP of 50 a request", udp / otlp_small, ""),
        Figure("Thrift binary ÷ OTLP", http / otlp, ""),
        Figure("Zipkin JSON ÷ OTLP", zipkin / otlp, ""),
    ]


def _parts(batch: _native.Batch) -> list[_native.Batch]:
    """The batch in pieces of 50 spans."""
    rows = SpanBatch(batch).record_batch
    return [native_columns(SpanBatch(rows.slice(start, 50))) for start in range(0, len(rows), 50)]


def _thriftpy2(payload: bytes) -> None:
    buffer = TCyMemoryBuffer(payload)
    TCyBinaryProtocol(buffer).read_struct(jaeger.Batch())


if __name__ == "__main__":
    main(run, spans=SPANS, quick_spans=QUICK_SPANS, summary=__doc__)
