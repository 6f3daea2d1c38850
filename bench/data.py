"""Spans for benchmarks: seeded OTLP requests, as many as one likes, millions a second.

A pool of requests is built once (`bench.traffic` has the shapes); every pass over the pool overwrites in place what
must be new: trace, span and parent ids, all times (each trace is stretched by its own factor), `request.id`, `user.id`,
the number in `url.full`, body sizes and scores. **What repeats** from pass to pass: the shapes of the traces, the
services and operations, the attributes with few values, the texts of events. Ids never repeat (a bijection of a
counter).

    python -m bench.data --spans 1000000 --out /tmp/spans      one file `<number>.otlp` a request
    python -m bench.data --spans 2000000                       nothing written: how fast, how large
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.otlp_bytes import Slot
from bench.pool_writer import SLOTS, PoolWriter, span_id_at, trace_id_at
from bench.traffic import SpanShape, Traffic

HOUR_NANO = 3_600 * 10**9
EPOCH_NANO = 1_790_000_000 * 10**9
"""Where the time axis begins when nobody says: 2026-09-21."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the data is like."""

    seed: int = 1
    spans_per_request: int = 500
    keys: int = 38
    pool_requests: int = 200
    spread_spans: int = 400
    """By how many spans each span may be late: with 400 a small trace arrives within two requests."""


class Requests:
    """An endless stream of requests. `take` gives the next ones; the time axis goes on from request to request."""

    def __init__(
        self, shape: Shape = Shape(), *, start_unix_nano: int = EPOCH_NANO, span_interval_nano: int = HOUR_NANO // 10**6
    ) -> None:
        self.shape = shape
        self.start_unix_nano = start_unix_nano
        self.span_interval_nano = span_interval_nano
        self._pool = _Pool(shape)
        self._rng = np.random.default_rng([shape.seed, 2])
        self._passes = 0
        self._queue: list[bytes] = []

    def take(self, count: int) -> Iterator[bytes]:
        """The next `count` requests."""
        for _ in range(count):
            yield self.next()

    def next(self) -> bytes:
        """The next request."""
        if not self._queue:
            self._queue = self._next_pass()[::-1]
        return self._queue.pop()

    def _next_pass(self) -> list[bytes]:
        pool = self._pool
        start = self.start_unix_nano + self._passes * pool.spans * self.span_interval_nano
        pool.write_ids(self._rng, self._passes)
        pool.write_times(self._rng, start, self.span_interval_nano)
        pool.write_values(self._rng, self._passes)
        self._passes += 1
        return pool.requests()


class _Pool:
    """The bytes of all requests of a pass, and where in them everything stands."""

    def __init__(self, shape: Shape) -> None:
        self.seed = shape.seed
        self.spans = shape.pool_requests * shape.spans_per_request
        spans, trace_of, first_of = _shapes(shape, self.spans)
        writer = PoolWriter(spans, trace_of, first_of)
        for begin, rows in _arrivals(shape, self.spans):
            writer.request(begin, rows)
        places = writer.places
        self.traces = len(first_of)
        self._first = np.array(first_of)
        self._bounds = writer.bounds
        self._buffer = np.frombuffer(writer.data, dtype=np.uint8)
        self._words = np.ndarray((len(self._buffer) - 7,), "<u8", writer.data, 0, (1,))
        self._row, self._trace, at = _columns(places.rows, 3)
        self._trace_at, self._span_at = trace_id_at(at), span_id_at(at)
        self._parent_at, self._parent_row = _columns(places.parents, 2)
        self._start_at, self._start_offset, self._end_offset = _columns(places.times, 3)
        self._event_at, self._event_trace, self._event_offset = _columns(places.events, 3)
        self._link_at, self._link_trace = _columns(places.links, 2)
        self._slots = {slot: _columns(places.slots[slot], 2) for slot in SLOTS}

    def requests(self) -> list[bytes]:
        """The requests as they are now."""
        return [self._buffer[begin:end].tobytes() for begin, end in self._bounds]

    def write_ids(self, rng: np.random.Generator, passes: int) -> None:
        """New ids everywhere; links lead to roots of the same pass."""
        upper = rng.integers(1, 2**63, size=self.traces, dtype=np.uint64)
        lower = _mixed(np.arange(self.traces, dtype=np.uint64) + np.uint64(passes * self.traces), self.seed)
        span_ids = _mixed(np.arange(self.spans, dtype=np.uint64) + np.uint64(passes * self.spans), self.seed + 1)
        self._words[self._trace_at] = upper[self._trace]
        self._words[self._trace_at + 8] = lower[self._trace]
        self._words[self._span_at] = span_ids[self._row]
        self._words[self._parent_at] = span_ids[self._parent_row]
        self._words[self._link_at] = upper[self._link_trace]
        self._words[self._link_at + 8] = lower[self._link_trace]
        self._words[self._link_at + 18] = span_ids[self._first[self._link_trace]]

    def write_times(self, rng: np.random.Generator, start: int, interval: int) -> None:
        """Each trace begins where its first span stands on the time axis, and is stretched by a factor of its own."""
        trace_start = start + self._first * interval + rng.integers(0, max(1, 200 * interval), size=self.traces)
        stretch = rng.lognormal(0, 0.35, size=self.traces)
        self._write_time(self._start_at, trace_start, stretch, self._trace, self._start_offset)
        self._write_time(self._start_at + 9, trace_start, stretch, self._trace, self._end_offset)
        self._write_time(self._event_at, trace_start, stretch, self._event_trace, self._event_offset)

    def _write_time(
        self, at: np.ndarray, trace_start: np.ndarray, stretch: np.ndarray, trace: np.ndarray, offset: np.ndarray
    ) -> None:
        times = trace_start[trace] + (offset * stretch[trace]).astype(np.int64)
        self._words[at] = times.view(np.uint64)

    def write_values(self, rng: np.random.Generator, passes: int) -> None:
        """New values of the attributes that have many."""
        self._write_hex(rng)
        users = (2_000_000 * rng.random(self.traces) ** 1.5).astype(np.int64)
        self._write_digits("user7", users[self._slots["user7"][1]], 7)
        serials = len(self._slots["serial10"][0])
        self._write_digits("serial10", np.arange(serials) * 7919 % max(serials, 1) + passes * serials + 10**9, 10)
        self._write_sizes(rng)
        scores = self._slots["double8"][0]
        self._words[scores] = rng.random(len(scores)).view(np.uint64)

    def _write_hex(self, rng: np.random.Generator) -> None:
        at = self._slots["hex32"][0]
        raw = np.frombuffer(rng.bytes(16 * len(at)), dtype=np.uint8).reshape(-1, 16)
        words = _HEX[raw].view("<u8")
        for word in range(4):
            self._words[at + 8 * word] = words[:, word]

    def _write_digits(self, slot: Slot, numbers: np.ndarray, width: int) -> None:
        at = self._slots[slot][0]
        for place in range(width - 1, -1, -1):
            numbers, digit = np.divmod(numbers, 10)
            self._buffer[at + place] = 48 + digit

    def _write_sizes(self, rng: np.random.Generator) -> None:
        at = self._slots["size3"][0]
        sizes = (16_384 + 2_000_000 * rng.random(len(at)) ** 4).astype(np.int64)
        self._buffer[at] = sizes & 0x7F | 0x80
        self._buffer[at + 1] = sizes >> 7 & 0x7F | 0x80
        self._buffer[at + 2] = sizes >> 14 & 0x7F


def _shapes(shape: Shape, count: int) -> tuple[list[SpanShape], list[int], list[int]]:
    """All spans of the pool, trace after trace: the spans, the trace of each, the first row of each trace."""
    traffic = Traffic(shape.seed, keys=shape.keys)
    spans: list[SpanShape] = []
    trace_of: list[int] = []
    first_of: list[int] = []
    while len(spans) < count:
        trace = traffic.trace()[: count - len(spans)]
        first_of.append(len(spans))
        trace_of.extend([len(first_of) - 1] * len(trace))
        spans.extend(trace)
    return spans, trace_of, first_of


def _arrivals(shape: Shape, count: int) -> Iterator[tuple[int, list[int]]]:
    """Which rows each request brings: in order of the traces, each row delayed by up to `spread_spans`."""
    rng = np.random.default_rng([shape.seed, 3])
    order = np.argsort(np.arange(count) + rng.integers(0, shape.spread_spans + 1, size=count), kind="stable")
    for begin in range(0, count, shape.spans_per_request):
        yield begin, order[begin : begin + shape.spans_per_request].tolist()


def _columns(rows: Sequence[tuple[int, ...]], width: int) -> tuple[np.ndarray, ...]:
    return tuple(np.array(rows, dtype=np.int64).reshape(-1, width).T.copy())


def _mixed(numbers: np.ndarray, seed: int) -> np.ndarray:
    """Splitmix64: a bijection, so that ids are spread and never repeat."""
    z = (numbers + np.uint64(seed * 0x51_7C_C1_B7_27_22_0A_95 % 2**64)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


_HEX = np.frombuffer("".join(f"{number:02x}" for number in range(256)).encode(), dtype="<u2")


def main() -> None:
    parser = argparse.ArgumentParser(description="Make OTLP requests for benchmarks.")
    parser.add_argument("--spans", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keys", type=int, default=38, help="how many attribute keys there are (38 at least)")
    parser.add_argument("--spans-per-request", type=int, default=500)
    parser.add_argument("--spread", type=int, default=400, help="how many spans may come between those of a trace")
    parser.add_argument("--spans-per-hour", type=int, default=1_000_000, help="how dense the time axis is")
    parser.add_argument("--out", type=Path, help="a folder for one file a request")
    options = parser.parse_args()
    began = time.process_time()
    requests = Requests(
        Shape(options.seed, options.spans_per_request, options.keys, spread_spans=options.spread),
        span_interval_nano=HOUR_NANO // options.spans_per_hour,
    )
    built = time.process_time()
    total = 0
    count = -(-options.spans // options.spans_per_request)
    for number, request in enumerate(requests.take(count)):
        total += len(request)
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            (options.out / f"{number:06d}.otlp").write_bytes(request)
    spans, seconds = count * options.spans_per_request, time.process_time() - built
    print(
        f"pool built in {built - began:.1f} s CPU; {spans:,} spans in {count:,} requests, {total / spans:.0f} B a span"
    )
    print(f"{seconds / spans * 1e6:.2f} us CPU a span, {spans / seconds:,.0f} spans/s")


if __name__ == "__main__":
    main()
