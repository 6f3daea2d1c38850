"""What the sanitizer costs a span: of clean batches, which it only looks at, and of batches that it repairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from bench.data import EPOCH_NANO, Requests, Shape
from bench.decode import best
from bench.figures import Figure, Options, main
from lymer.component.clock import ManualClock
from lymer.component.events import Events
from lymer.model.batch import SpanBatch
from lymer.processors.config import SanitizerConfig
from lymer.processors.sanitize import Sanitizer
from lymer.wire.codecs import decode

SPANS, QUICK_SPANS = 20_000, 5_000


class Nowhere:
    """A sink."""

    async def write(self, batch: SpanBatch, /) -> None:
        """Take nothing."""


def run(options: Options) -> list[Figure]:
    """In process; decoding is not counted."""
    clock = ManualClock(EPOCH_NANO)
    sanitizer = Sanitizer(SanitizerConfig(), Nowhere(), events=Events(clock=clock), clock=clock)
    large, small = batches(options.spans, 500), batches(options.spans, 50)
    odd = [one_backwards(batch) for batch in large]
    [of_large] = best([(sanitizer.sanitize, large)], options.spans)
    [of_small] = best([(sanitizer.sanitize, small)], options.spans)
    [of_odd] = best([(sanitizer.sanitize, odd)], options.spans)
    return [
        Figure("sanitizer, clean batches of 500", of_large, "µs/span", 0.05),
        Figure("sanitizer, clean batches of 50", of_small, "µs/span", 0.05),
        Figure("sanitizer, one odd span in 500", of_odd, "µs/span", note="the batch is repaired in columns"),
    ]


def batches(spans: int, each: int) -> list[SpanBatch]:
    """So many spans, so many in a batch."""
    requests = Requests(Shape(spans_per_request=each)).take(spans // each)
    return [decode("otlp_proto", bytes(request)).batch for request in requests]


def one_backwards(batch: SpanBatch) -> SpanBatch:
    """The batch with one span that ends before it begins."""
    columns: Any = batch.record_batch
    position = columns.schema.get_field_index("duration_nano")
    durations = np.array(columns.column(position))
    durations[len(durations) // 2] = -1
    return SpanBatch.from_record_batch(
        columns.set_column(position, columns.schema.field(position), pa.array(durations))
    )


if __name__ == "__main__":
    main(run, spans=SPANS, quick_spans=QUICK_SPANS, summary=__doc__)
