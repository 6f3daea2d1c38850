"""Reporter: a bounded queue and one thread that sends what is in it. It never blocks the application.

The thread starts with the first span of this process (so a fork starts its own), takes a batch when one is full or the
interval is over, and gives each batch a few tries with growing pauses. One deadline covers everything at exit.
"""

from __future__ import annotations

import atexit
import logging
import os
import random
import threading
import time
import weakref
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from lymer_sdk.span import Span
from lymer_sdk.stats import Stats

_log = logging.getLogger(__name__)


class SendError(Exception):
    """A batch did not arrive. `retry_after_s` is None when trying again is no use."""

    def __init__(self, message: str, *, retry_after_s: float | None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Sender(Protocol):
    """The way to a receiver; used by one thread at a time."""

    def __call__(self, spans: list[Span], timeout_s: float, /) -> int:
        """Send a batch within so many seconds; returns how many spans the receiver refused; raises SendError."""

    def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class ReporterConfig:
    """Bounds of the queue and of time."""

    queue_spans_max: int = 20_000
    queue_bytes_max: int = 32 << 20
    batch_spans_max: int = 512
    interval_s: float = 1.0
    send_timeout_s: float = 10.0
    tries_max: int = 5
    exit_timeout_s: float = 2.0
    warn_interval_s: float = 30.0


class Reporter:
    """Takes ended spans by `report`; `flush` waits for what was taken; `close` flushes and stops."""

    def __init__(self, send: Sender, stats: Stats, config: ReporterConfig | None = None) -> None:
        self._send = send
        self._stats = stats
        self._config = config or ReporterConfig()
        self._random = random.Random(os.urandom(16))  # noqa: S311 (pauses are no secret)
        self._begin()
        _live.add(self)

    def _begin(self) -> None:
        self._queue: deque[Span] = deque()
        self._queue_bytes = 0
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()
        self._wake = threading.Event()
        self._idle = threading.Condition()
        self._sending = 0
        self._closing = False
        self._give_up_at = float("inf")
        self._warned_drops = 0
        self._warn_next = 0.0

    # --- the application's side --------------------------------------------------------------------------------------

    def report(self, span: Span) -> None:
        """Queue a span, or count it as dropped."""
        config = self._config
        size = span.size_bytes
        queue = self._queue
        if len(queue) >= config.queue_spans_max or self._queue_bytes + size > config.queue_bytes_max or self._closing:
            self._stats.dropped_queue_full += 1
            return
        self._queue_bytes += size
        queue.append(span)
        if len(queue) % config.batch_spans_max == 0:
            self._wake.set()
        if self._thread is None:
            self._start_thread()

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until what was reported before has been sent or given up. False when the time was too short."""
        deadline = time.monotonic() + (self._config.exit_timeout_s if timeout_s is None else timeout_s)
        self._wake.set()
        with self._idle:
            while self._queue or self._sending:
                rest = deadline - time.monotonic()
                if rest <= 0:
                    return False
                self._wake.set()
                self._idle.wait(min(rest, 0.05))
        return True

    def close(self, timeout_s: float | None = None) -> bool:
        """Flush within the time, count what is left as dropped, stop the thread. Twice is once."""
        seconds = self._config.exit_timeout_s if timeout_s is None else timeout_s
        self._give_up_at = time.monotonic() + seconds
        done = self.flush(seconds) if self._thread is not None else True
        self._closing = True
        self._wake.set()
        self._stats.dropped_at_exit += len(self._queue) + self._sending
        self._queue.clear()
        if self._thread is not None:
            self._thread.join(max(self._give_up_at - time.monotonic(), 0.1))
        self._send.close()
        _live.discard(self)
        return done

    # --- the thread's side -------------------------------------------------------------------------------------------

    def _start_thread(self) -> None:
        with self._start_lock:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="lymer-sdk-reporter", daemon=True)
                self._thread = thread
                thread.start()

    def _run(self) -> None:
        while not self._closing:
            self._wake.wait(self._config.interval_s)
            self._wake.clear()
            while self._queue and not self._closing:
                self._send_batch(self._take_batch())
            with self._idle:
                self._idle.notify_all()

    def _take_batch(self) -> list[Span]:
        queue = self._queue
        batch = [queue.popleft() for _ in range(min(len(queue), self._config.batch_spans_max))]
        self._sending = len(batch)
        self._queue_bytes = max(self._queue_bytes - sum(span.size_bytes for span in batch), 0) if queue else 0
        return batch

    def _send_batch(self, batch: list[Span]) -> None:
        try:
            self._try_to_send(batch)
        finally:
            with self._idle:
                self._sending = 0
                self._idle.notify_all()
            self._warn_of_drops()

    def _try_to_send(self, batch: list[Span]) -> None:
        stats = self._stats
        pause_s = 0.5
        for attempt in range(1, self._config.tries_max + 1):
            try:
                refused = self._send(
                    batch, min(self._config.send_timeout_s, max(self._give_up_at - time.monotonic(), 0.05))
                )
            except SendError as failure:
                stats.last_error = str(failure)
                if failure.retry_after_s is None:
                    stats.dropped_by_receiver += len(batch)
                    return
                if attempt == self._config.tries_max or not self._pause(
                    max(failure.retry_after_s, pause_s * self._random.uniform(0.8, 1.2))
                ):
                    break
                pause_s *= 2
            else:
                stats.reported += len(batch) - refused
                stats.dropped_by_receiver += refused
                return
        stats.dropped_after_retries += len(batch)

    def _pause(self, seconds: float) -> bool:
        """Wait before the next try; False when the process ends before that."""
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until:
            if self._closing or until > self._give_up_at:
                return False
            time.sleep(min(until - now, 0.05))
        return True

    def _warn_of_drops(self) -> None:
        now = time.monotonic()
        dropped = self._stats.dropped
        if dropped > self._warned_drops and now >= self._warn_next:
            _log.warning(
                "%d spans lost since the last warning, %d in all; last error: %s",
                dropped - self._warned_drops,
                dropped,
                self._stats.last_error or "none",
            )
            self._warned_drops = dropped
            self._warn_next = now + self._config.warn_interval_s


_live: weakref.WeakSet[Reporter] = weakref.WeakSet()


def _begin_again_in_child() -> None:
    for reporter in list(_live):
        reporter._begin()  # noqa: SLF001 (the child has no thread and must not send the parent's spans)


def _close_all() -> None:
    for reporter in list(_live):
        reporter.close()


os.register_at_fork(after_in_child=_begin_again_in_child)
atexit.register(_close_all)
