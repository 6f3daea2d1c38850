"""BatchReporter: a bounded queue and one thread that sends what is in it. It never blocks the application.

The thread starts with the first span of this process (so a fork starts its own), takes a batch when one is full or the
interval is over, and gives each batch a few tries with growing pauses. One deadline covers everything at exit.
"""

from __future__ import annotations

import atexit
import codecs
import contextlib
import logging
import os
import random
import threading
import time
import weakref
from collections import deque
from typing import NamedTuple, Protocol

from lymer_sdk.counters import Stats
from lymer_sdk.forked import begins_again_in_child, close_before_exit_of_child, is_heir, may_start_threads
from lymer_sdk.span import Span
from lymer_sdk.speedups import in_c

_log = logging.getLogger(__name__)


class SendError(Exception):
    """A batch did not arrive. `retry_after_s` is None when trying again is no use."""

    def __init__(self, message: str, *, retry_after_s: float | None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Sent(NamedTuple):
    """What became of a batch; the spans that are not counted here arrived."""

    refused: int = 0
    """By the receiver, for good."""
    too_large: int = 0
    """For what carries them."""


class Sender(Protocol):
    """The way to a receiver; used by one thread at a time."""

    def __call__(self, spans: list[Span], timeout_s: float, /) -> Sent:
        """Send a batch within so many seconds; raises SendError when it did not arrive."""

    def close(self) -> None:
        """Let go of connections."""


class ReporterConfig(NamedTuple):
    """Bounds of the queue and of time."""

    queue_spans_max: int = 20_000
    queue_bytes_max: int = 32 << 20
    batch_spans_max: int = 512
    interval_s: float = 1.0
    send_timeout_s: float = 10.0
    tries_max: int = 5
    exit_timeout_s: float = 2.0
    warn_interval_s: float = 30.0


@in_c("Intake")
class BatchReporter:
    """Takes ended spans by `report`; `flush` waits for what was taken; `close` flushes and stops."""

    def __init__(self, send: Sender, stats: Stats, config: ReporterConfig | None = None) -> None:
        self._send = send
        self._stats = stats
        self._config = config or ReporterConfig()
        self._random = random.Random(os.urandom(16))  # noqa: S311 (pauses are no secret)
        self.begin_in_child()
        begins_again_in_child(self)
        _live.add(self)

    def begin_in_child(self) -> None:
        """An empty queue and no thread: the child must not send the parent's spans, but for an heir."""
        if not is_heir():
            self._queue: deque[Span] = deque()
            self._queue_bytes = 0
        self._thread: threading.Thread | None = None
        self._start_lock = threading.Lock()
        self._wake = threading.Event()
        self._idle = threading.Condition()
        self._sending = 0
        self._closing = self._abandoned = False
        self._give_up_at = float("inf")
        self._warned_drops = 0
        self._warn_next = 0.0

    # --- the application's side --------------------------------------------------------------------------------------

    def report(self, span: Span) -> None:
        """Queue a span, or count it as dropped."""
        config = self._config
        size = span.size_bytes
        queue = self._queue
        if self._closing:
            self._stats.dropped_at_exit += 1
            return
        if len(queue) >= config.queue_spans_max or self._queue_bytes + size > config.queue_bytes_max:
            self._stats.dropped_queue_full += 1
            return
        self._queue_bytes += size
        queue.append(span)
        if len(queue) % config.batch_spans_max == 0:
            self._wake.set()
        if self._thread is None:
            self._start_thread()

    def fill(self) -> tuple[int, int]:
        """Spans in the queue, and about how many bytes they hold."""
        return len(self._queue), self._queue_bytes

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
        if self._closing:
            return True
        seconds = self._config.exit_timeout_s if timeout_s is None else timeout_s
        self._give_up_at = time.monotonic() + seconds
        done = self.flush(seconds) if self._thread is not None else self._send_here()
        self._closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(max(self._give_up_at - time.monotonic(), 0.1))
        self._drop_the_rest()
        self._send.close()
        _live.discard(self)
        return done

    def _send_here(self) -> bool:
        """Without a thread of its own; whether all was tried in time."""
        while self._queue and time.monotonic() < self._give_up_at:
            self._send_batch(self._take_batch())
        return not self._queue

    def _drop_the_rest(self) -> None:
        with self._idle:
            self._abandoned = True  # a thread that still hangs in a send does not count its batch any more
            self._stats.dropped_at_exit += len(self._queue) + self._sending
            self._queue.clear()
            self._queue_bytes = 0

    # --- the thread's side -------------------------------------------------------------------------------------------

    def _start_thread(self) -> None:
        if not may_start_threads():
            return
        if getattr(self._send, "needs_idna", True):
            # Else the first connect imports it: a fork meanwhile leaves the child its import lock.
            codecs.lookup("idna")
        with self._start_lock:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="lymer-sdk-reporter", daemon=True)
                with contextlib.suppress(RuntimeError):  # the interpreter ends: `close` sends what there is
                    thread.start()
                    self._thread = thread
                close_before_exit_of_child(_close_all)

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
        with self._idle:  # so that a flush never sees the batch in neither place
            batch = [queue.popleft() for _ in range(min(len(queue), self._config.batch_spans_max))]
            self._sending = len(batch)
        self._queue_bytes = max(self._queue_bytes - sum(span.size_bytes for span in batch), 0) if queue else 0
        return batch

    def _send_batch(self, batch: list[Span]) -> None:
        sent, lost = Sent(), 0
        try:
            sent, lost = self._try_to_send(batch)
        except Exception as error:  # a span that cannot be encoded, a fault of a sender: the thread goes on
            self._stats.last_error = f"{type(error).__name__}: {error}"
            lost = len(batch)
        with self._idle:
            if not self._abandoned:
                self._stats.reported += len(batch) - sent.refused - sent.too_large - lost
                self._stats.dropped_by_receiver += sent.refused
                self._stats.dropped_too_large += sent.too_large
                self._stats.dropped_after_retries += lost
            self._sending = 0
            self._idle.notify_all()
        self._warn_of_drops()

    def _try_to_send(self, batch: list[Span]) -> tuple[Sent, int]:
        """What became of the batch, and how many spans were given up."""
        pause_s = 0.5
        for attempt in range(1, self._config.tries_max + 1):
            timeout_s = min(self._config.send_timeout_s, max(self._give_up_at - time.monotonic(), 0.05))
            try:
                return self._send(batch, timeout_s), 0
            except SendError as failure:
                self._stats.last_error = str(failure)
                if failure.retry_after_s is None:
                    return Sent(refused=len(batch)), 0
                wait_s = max(failure.retry_after_s, pause_s * self._random.uniform(0.8, 1.2))
                if attempt == self._config.tries_max or not self._pause(wait_s):
                    break
                pause_s *= 2
        return Sent(), len(batch)

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


_live: weakref.WeakSet[BatchReporter] = weakref.WeakSet()


def _close_all() -> None:
    for reporter in list(_live):
        reporter.close()


atexit.register(_close_all)
