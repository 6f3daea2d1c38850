"""What protobuf's upb needs for the same requests, measured in moments spread over a run.

The speed of a shared processor can double or halve within seconds. Whoever is compared must run in the same moments, on
average over them: the best of a few passes before the run would be compared with the mean of the run.
"""

from __future__ import annotations

import statistics
import threading
import time
from types import TracebackType
from typing import Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bench.data import Requests, Shape

REQUESTS_PER_SAMPLE = 20
PAUSE_S = 0.1
"""Between two samples: about a twentieth of one processor goes to them."""


class Yardstick:
    """Parses requests with upb's `FromString` now and then, in a thread of its own, as long as it is entered."""

    def __init__(self, requests: int = 200) -> None:
        shape = Shape()
        self._payloads = list(Requests(shape).take(requests))
        self._spans_per_sample = REQUESTS_PER_SAMPLE * shape.spans_per_request
        self._samples_us: list[float] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upb")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def mean_us(self) -> float:
        """CPU a span, the mean of all samples: the same moments for both."""
        return statistics.fmean(self._samples_us)

    @property
    def best_us(self) -> float:
        """CPU a span in the sample that took least: the processor as fast as it was in this run."""
        return min(self._samples_us)

    def _run(self) -> None:
        first = 0
        while True:
            self._samples_us.append(self._sample(first))
            first = (first + REQUESTS_PER_SAMPLE) % len(self._payloads)
            if self._ended.wait(PAUSE_S):
                return

    def _sample(self, first: int) -> float:
        parse = ExportTraceServiceRequest.FromString
        parse(self._payloads[first - 1])  # Whoever has just woken up is slow: that is not counted.
        began = time.thread_time()
        for payload in self._payloads[first : first + REQUESTS_PER_SAMPLE]:
            parse(payload)
        return (time.thread_time() - began) / self._spans_per_sample * 1e6
