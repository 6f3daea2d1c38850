"""Objects with locks, threads or counters begin again in a forked child: another thread may hold them at the fork."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class BeginsAgain(Protocol):
    """What a fork must not leave half done."""

    def begin_in_child(self) -> None:
        """Make locks and threads new; called in the child before anything else runs there."""


_known: weakref.WeakSet[BeginsAgain] = weakref.WeakSet()


def begins_again_in_child(thing: BeginsAgain) -> None:
    """Remember it for as long as it lives."""
    _known.add(thing)


def _begin_all() -> None:
    for thing in list(_known):
        thing.begin_in_child()


os.register_at_fork(after_in_child=_begin_all)
