"""The gate of docs/adr/0002-segment-gate.md: ten segments of 500 keys through the open buffer, both cores loaded."""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.data import Requests, Shape
from bench.figures import Figure, Options, main
from lymer._native import OpenBuffer, Segment, decode_otlp_proto

SPANS, QUICK_SPANS = 2_000_000, 200_000
SEGMENTS = 10
KEYS = 500
TRACES = 300
TRACE_SPANS = range(30, 81)


def run(options: Options) -> list[Figure]:
    """Write, open and read ten segments while two busy loops take what they can of both cores."""
    with loaded_cores(), TemporaryDirectory(dir=options.folder) as folder:
        append_us, seal_us, bytes_a_span, index_bytes = write(options.spans // SEGMENTS, Path(folder))
        begun_s = time.thread_time()
        segments = [Segment.open(folder, f"{number}") for number in range(SEGMENTS)]
        open_ms = (time.thread_time() - begun_s) * 1000 / SEGMENTS
        traces = pick(segments)
        cold_ms = [read_ms(segment, trace, forget=True) for segment, trace in traces]
        again = [read_ms(segment, trace, forget=False) for _ in range(2) for segment, trace in traces]
        warm_ms = again[len(traces) :]
        find_us = [probe_us(segments, segment.trace_ids(trace)[:16]) for segment, trace in traces]
    return [
        Figure("append to the open buffer", append_us, "µs/span", 0.45, f"{KEYS} keys, two busy loops beside"),
        Figure("seal: structure, Parquet, index, sync", seal_us, "µs/span", 1.5, "1.0 of it may be Parquet"),
        Figure("disk, index included", bytes_a_span, "B/span", None, f"{index_bytes:.1f} of it index"),
        Figure("open a segment", open_ms, "ms", 3.0),
        Figure("find a trace in ten segments", statistics.median(find_us), "µs"),
        Figure("trace of 30 to 80 spans, nothing decoded, p50", statistics.median(cold_ms), "ms", 3.0),
        Figure("the same, p99", percentile(cold_ms, 0.99), "ms"),
        Figure("the same, pages cached, p50", statistics.median(warm_ms), "ms", 3.0),
    ]


@contextmanager
def loaded_cores() -> Iterator[None]:
    """A busy loop for each core."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 2)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def write(spans: int, folder: Path) -> tuple[float, float, float, float]:
    """CPU in µs a span of appending and of sealing; bytes a span, and those of the index."""
    requests = Requests(Shape(keys=KEYS))
    append_s = seal_s = 0.0
    data_bytes = index_bytes = sealed = 0
    for number in range(SEGMENTS):
        buffer = OpenBuffer()
        for position, payload in enumerate(requests.take(spans // 500)):
            batch, _ = decode_otlp_proto(payload)
            begun_s = time.process_time()
            buffer.append(batch, position)
            append_s += time.process_time() - begun_s
        begun_s = time.process_time()
        figures = buffer.seal(str(folder), f"{number}", "")
        seal_s += time.process_time() - begun_s
        sealed += figures["span_count"]
        data_bytes += figures["data_bytes"]
        index_bytes += figures["index_bytes"]
    per_span = 1e6 / sealed
    return append_s * per_span, seal_s * per_span, (data_bytes + index_bytes) / sealed, index_bytes / sealed


def pick(segments: list[Segment]) -> list[tuple[Segment, int]]:
    """Some traces of the size that is asked for, from all segments."""
    rng = random.Random(1)
    found: list[tuple[Segment, int]] = []
    while len(found) < TRACES:
        segment = rng.choice(segments)
        trace = rng.randrange(segment.trace_count)
        if segment.read([trace]).num_rows in TRACE_SPANS:
            found.append((segment, trace))
    return found


def read_ms(segment: Segment, trace: int, *, forget: bool) -> float:
    """CPU of reading all columns of a trace."""
    if forget:
        segment.drop_caches()
    begun_s = time.thread_time()
    segment.read([trace])
    return (time.thread_time() - begun_s) * 1000


def probe_us(segments: list[Segment], trace_id: bytes) -> float:
    """CPU of asking all segments for a trace."""
    begun_s = time.thread_time()
    for segment in segments:
        segment.find(trace_id)
    return (time.thread_time() - begun_s) * 1e6


def percentile(values: list[Any], part: float) -> float:
    """The value that so many are not above."""
    return float(sorted(values)[min(len(values) - 1, int(len(values) * part))])


if __name__ == "__main__":
    main(run, spans=SPANS, quick_spans=QUICK_SPANS, summary=__doc__ or "")
