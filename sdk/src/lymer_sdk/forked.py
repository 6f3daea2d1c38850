"""Objects with locks, threads or counters begin again in a forked child: another thread may hold them at the fork."""

from __future__ import annotations

import os
import sys
import time
import weakref
from collections.abc import Callable
from typing import Any, Protocol


class BeginsAgain(Protocol):
    """What a fork must not leave half done."""

    def begin_in_child(self) -> None:
        """Make locks and threads new; called in the child before anything else runs there."""


_FLUSH_S, _PAUSE_S, _PAUSE_MAX_S = 0.1, 1.0, 60.0
_heir = False
_known: weakref.WeakSet[BeginsAgain] = weakref.WeakSet()


def begins_again_in_child(thing: BeginsAgain) -> None:
    """Remember it for as long as it lives."""
    _known.add(thing)


def _begin_all() -> None:
    for thing in list(_known):
        thing.begin_in_child()


def close_before_exit_of_child(close: Callable[[], None]) -> None:
    """Have it called when a child of multiprocessing or of celery's worker ends: those end without `atexit`."""
    process, util = sys.modules.get("multiprocessing.process"), sys.modules.get("multiprocessing.util")
    if process is not None and util is not None and process.parent_process() is not None:
        util.Finalize(None, close, exitpriority=0)
    signals: Any = sys.modules.get("celery.signals")
    if signals is not None:
        signals.worker_process_shutdown.connect(lambda **said: close(), weak=False, dispatch_uid="lymer-sdk")


def may_start_threads() -> bool:
    """Not before uWSGI has forked its workers: Python does not learn of its fork; what a thread holds stays held."""
    uwsgi: Any = sys.modules.get("uwsgi")
    return uwsgi is None or uwsgi.worker_id() > 0


def is_heir() -> bool:
    """Whether what waits goes over to this child, in which `begin_in_child` runs now: uWSGI's master sends nothing."""
    return _heir


def follow_uwsgi(flush: Callable[[float], bool], close: Callable[[], None]) -> str:
    """In a uWSGI server: begin again in its workers, whose fork Python may not see, and close when one ends.

    Without threads ours runs only while somebody waits for it: `flush` is called after requests, whose clients have
    their answers by then. Returns what is wrong with the server's options, or nothing.
    """
    uwsgi: Any = sys.modules.get("uwsgi")
    if uwsgi is None:
        return ""
    import mmap

    before = getattr(uwsgi, "post_fork_hook", None)

    taken = mmap.mmap(-1, 1)  # shared with all workers, and with those that take a dead one's place

    def begin_in_worker() -> None:
        global _heir
        _heir = uwsgi.worker_id() == 1 and not taken[0]
        if _heir:
            taken[0] = 1
        _begin_all()
        _heir = False
        if before is not None:
            before()

    uwsgi.post_fork_hook = begin_in_worker
    uwsgi.atexit = close
    options = {_text(name) for name in getattr(uwsgi, "opt", {})}
    if options & {"enable-threads", "threads", "gevent"}:
        return ""
    uwsgi.after_req_hook = _after_requests(flush, getattr(uwsgi, "after_req_hook", None))
    return "uWSGI runs without --enable-threads: spans are sent after requests, once a second at most, and at the end"


def _after_requests(flush: Callable[[float], bool], before: Callable[[], None] | None) -> Callable[[], None]:
    """Where nobody takes the spans, the pauses grow: the worker waits for its next request meanwhile."""
    pause_s, due = _PAUSE_S, 0.0

    def hook() -> None:
        nonlocal pause_s, due
        if before is not None:
            before()
        if time.monotonic() >= due:
            pause_s = _PAUSE_S if flush(_FLUSH_S) else min(2 * pause_s, _PAUSE_MAX_S)
            due = time.monotonic() + pause_s

    return hook


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name


os.register_at_fork(after_in_child=_begin_all)
