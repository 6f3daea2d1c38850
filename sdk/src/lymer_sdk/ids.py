"""Ids of traces and spans: random, from a source of our own.

The application's `random.seed` does not make them repeat, and neither does a fork: the child draws from a new seed.
"""

from __future__ import annotations

import os
import random

from lymer_sdk.forked import begins_again_in_child

_source = random.Random(os.urandom(32))  # noqa: S311 (ids are not secrets)
_bits = _source.getrandbits


def new_trace_id() -> int:
    """128 random bits, never zero."""
    return _bits(128) or new_trace_id()


def new_short_trace_id() -> int:
    """64 random bits, never zero: for systems that know no longer trace ids."""
    return _bits(64) or new_short_trace_id()


def new_span_id() -> int:
    """64 random bits, never zero."""
    return _bits(64) or new_span_id()


class _Source:
    """The seed as one of the things that begin again."""

    def begin_in_child(self) -> None:
        """Another seed than the parent's."""
        _source.seed(os.urandom(32))


_known = _Source()
begins_again_in_child(_known)
