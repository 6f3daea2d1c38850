"""The threads behind a store: one seals, one cleans up. `sealing`, `retention` and `compaction` decide what."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lymer.component.clock import Clock
from lymer.component.events import LOGGER
from lymer.storage.embedded import compaction, retention
from lymer.storage.embedded.config import EmbeddedConfig
from lymer.storage.embedded.sealing import EVERYTHING, Pressure, decide_cut
from lymer.storage.embedded.tenant import Tenant

SEAL_INTERVAL_S = 0.25
CLEAN_INTERVAL_S = 2.0
AFTER_FAILURE_S = 2.0
CLOSE_S = 4.0
NICENESS = 5
"""A third of the weight: sealing keeps up, and when it does not, writes wait for memory."""


class Worker:
    """A thread that does a round of work whenever it is woken, and at least once in an interval."""

    def __init__(self, name: str, work: Callable[[], None], interval_s: float) -> None:
        self._work = work
        self._interval_s = interval_s
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.failures = 0

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Do a round now."""
        self._wake.set()

    def stop(self, *, wait_s: float) -> None:
        """End after the round that is under way; wait for it so long."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(wait_s)

    def _run(self) -> None:
        _yield_to_others()
        while not self._stop.is_set():
            self._wake.wait(self._interval_s)
            self._wake.clear()
            if self._stop.is_set():
                return
            try:
                self._work()
            except Exception as error:
                self.failures += 1
                LOGGER.error("store work failed", extra={"fields": {"thread": self._thread.name, "error": repr(error)}})
                self._stop.wait(AFTER_FAILURE_S)


def _yield_to_others() -> None:
    """Let the threads that senders wait for go first. On Linux a thread has a priority of its own."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


@dataclass(slots=True)
class Chores:
    """What there is to do for all tenants."""

    config: EmbeddedConfig
    clock: Clock
    tenants: Callable[[], Iterable[Tenant]]
    memory_bytes: Callable[[], int]
    clean_shared: Callable[[], None]
    """What belongs to no tenant."""
    disk_is_short: Callable[[], bool]
    stopping: Callable[[], bool]

    def seal(self) -> None:
        """Seal what is due, the largest buffer first."""
        for tenant in sorted(self.tenants(), key=lambda tenant: -tenant.buffer_bytes):
            if self.stopping():
                return
            tenant.note_time()
            cut = decide_cut(
                tenant.buffer,
                tenant.times,
                self.clock.monotonic_s(),
                pressure=self._pressure(tenant),
                config=self.config,
            )
            if self.disk_is_short() and tenant.buffer.span_count:
                cut = EVERYTHING  # A segment takes a seventh of the room of its part of the log.
            if cut is not None:
                tenant.seal(cut)
            elif tenant.version.sealing:
                tenant.seal(0)  # An earlier seal failed.

    def _pressure(self, tenant: Tenant) -> Pressure:
        return Pressure(
            memory_bytes=self.memory_bytes(),
            log_bytes=tenant.log.bytes_needed,
            own_bytes=tenant.buffer_bytes,
            own_bytes_max=tenant.memory_bytes_max,
        )

    def clean(self) -> None:
        """Expire, finish deletions, compact; one piece of work a tenant."""
        self.clean_shared()
        for tenant in self.tenants():
            if self.stopping():
                return
            self.expire(tenant)
            tenant.finish_deletions()
            self.compact(tenant)

    def expire(self, tenant: Tenant) -> None:
        """Drop what has been kept long enough."""
        gone = retention.expired(tenant.entries, tenant.retention, self.clock.now_unix_nano())
        if gone:
            tenant.drop(tenant.pieces_named({entry.name for entry in gone}))

    def compact(self, tenant: Tenant) -> bool:
        """Merge some small segments into one. False when there was nothing to merge."""
        chosen = compaction.choose(tenant.entries, self.config.compaction)
        if chosen:
            tenant.merge(tenant.pieces_named({entry.name for entry in chosen}))
        return bool(chosen)
