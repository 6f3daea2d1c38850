"""RPC metrics by operation, from the server spans of this process: requests, errors, durations, HTTP status classes.

They count every request, sampled or not. Jaeger's clients called this `rpcmetrics`.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from typing import NamedTuple

from opentelemetry.trace import StatusCode

from lymer_sdk.forked import begins_again_in_child
from lymer_sdk.span import Span

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the durations' histogram; longer ones are in a bucket of their own."""
OTHER = "other"
_ERROR = StatusCode.ERROR.value
_STATUS_KEYS = ("http.response.status_code", "http.status_code")


class Operation(NamedTuple):
    """An operation and whether it failed."""

    name: str
    error: bool


class RpcMetrics:
    """`observe` takes each server span that ends. At most `operations_max` names are told apart."""

    def __init__(self, operations_max: int = 200) -> None:
        self._operations_max = operations_max
        self.begin_in_child()
        begins_again_in_child(self)

    def begin_in_child(self) -> None:
        """Count from zero."""
        self._lock = threading.Lock()
        self._names: set[str] = set()
        self.counts: dict[Operation, list[int]] = {}
        """Requests by bucket of `BUCKETS_S`, the last for what took longer."""
        self.seconds: dict[Operation, float] = {}
        self.statuses: dict[tuple[str, str], int] = {}
        """Requests by operation and status class (`2xx`)."""

    def observe(self, span: Span) -> None:
        """Count an ended server span."""
        seconds = max(span.end_time - span.start_time, 0) / 1e9
        status = next((span.attributes[key] for key in _STATUS_KEYS if key in span.attributes), None)
        with self._lock:
            operation = Operation(self._known(span.name), span.status_code == _ERROR)
            counts = self.counts.get(operation)
            if counts is None:
                counts = self.counts[operation] = [0] * (len(BUCKETS_S) + 1)
                self.seconds[operation] = 0.0
            counts[bisect_left(BUCKETS_S, seconds)] += 1
            self.seconds[operation] += seconds
            if isinstance(status, int) and 100 <= status < 600:
                key = operation.name, f"{status // 100}xx"
                self.statuses[key] = self.statuses.get(key, 0) + 1

    def _known(self, name: str) -> str:
        if name in self._names:
            return name
        if len(self._names) >= self._operations_max:
            return OTHER
        self._names.add(name)
        return name
