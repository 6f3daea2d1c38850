"""Bytes to columns and back, in process: CPU a span, beside protobuf's upb on the same bytes in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bench.data import Requests, Shape
from bench.figures import Figure, Options, main
from lymer import _native
from lymer.model.batch import SpanBatch
from lymer.wire.columns import native_columns

SPANS, QUICK_SPANS = 20_000, 5_000
ROUNDS = 9
TRACE_SPANS = 10_000


def run(options: Options) -> list[Figure]:
    """Each the best of some rounds, theirs and ours in turn, so that a noisy machine is noisy for both."""
    payloads = [bytes(payload) for payload in Requests(Shape(pool_requests=40)).take(options.spans // 500)]
    batches = [_native.decode_otlp_proto(payload)[0] for payload in payloads]
    texts = [_native.encode_otlp_json(batch) for batch in batches]
    spans = sum(batch.num_rows for batch in batches)
    upb, ours = best([(ExportTraceServiceRequest.FromString, payloads), (_native.decode_otlp_proto, payloads)], spans)
    proto_us, json_us, from_json_us = best(
        [
            (_native.encode_otlp_proto, batches),
            (_native.encode_otlp_json, batches),
            (_native.otlp_json_to_proto, texts),
        ],
        spans,
    )
    [jaeger_us] = best([(_native.encode_jaeger_json, [_one_trace(batches)])], TRACE_SPANS)
    size = sum(map(len, payloads)) / spans
    return [
        Figure("OTLP protobuf to columns", ours, "µs/span", 0.45, f"500 spans a request, {size:.0f} B/span"),
        Figure("upb FromString, same bytes", upb, "µs/span"),
        Figure("ours ÷ upb", ours / upb, ""),
        Figure("columns to OTLP protobuf", proto_us, "µs/span"),
        Figure("columns to OTLP JSON", json_us, "µs/span"),
        Figure("OTLP JSON to OTLP protobuf", from_json_us, "µs/span"),
        Figure("Jaeger JSON of a 10,000-span trace", jaeger_us * TRACE_SPANS / 1000, "ms", 30),
    ]


def best(works: list[tuple[Callable[[Any], Any], Sequence[Any]]], spans: int) -> list[float]:
    """CPU in µs a span of each work, the best of some rounds."""
    found = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for number, (function, inputs) in enumerate(works):
            begun_s = time.process_time()
            for item in inputs:
                function(item)
            found[number] = min(found[number], (time.process_time() - begun_s) / spans * 1e6)
    return found


def _one_trace(batches: list[_native.Batch]) -> _native.Batch:
    """So many spans of the data, as one trace."""
    rows = SpanBatch.concat([SpanBatch(batch) for batch in batches]).record_batch
    rows = rows.take(np.arange(TRACE_SPANS) % len(rows))
    trace_ids = pa.array([b"t" * 16] * TRACE_SPANS, rows.schema.field(0).type)
    return native_columns(SpanBatch.from_record_batch(rows.set_column(0, rows.schema.field(0), trace_ids)))


if __name__ == "__main__":
    main(run, spans=SPANS, quick_spans=QUICK_SPANS, summary=__doc__)
