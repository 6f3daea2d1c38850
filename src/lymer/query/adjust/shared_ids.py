"""Zipkin's shared span ids parted: the server's span gets an id of its own and becomes the client's child."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from lymer.model.schema import SPAN_SCHEMA
from lymer.query.adjust.spans import Ints, SpanIds, Spans

_SERVER = 2
_CLIENT = 3


def part_shared_span_ids(spans: Spans) -> None:
    """Give servers that share an id with a client the smallest unused id of their trace, counting from 1.

    The client becomes the server's parent, and whoever named the shared id now names the server.
    """
    ids = SpanIds(spans)
    kinds = spans.ints("kind")
    shared = (kinds == _SERVER) & np.isin(ids.own, ids.own[kinds == _CLIENT])
    if not shared.any():
        return
    own, parents = spans.column("span_id").to_pylist(), spans.column("parent_span_id").to_pylist()
    trace_ids = spans.column("trace_id").to_pylist()
    unused = _unused_ids_by_trace(trace_ids, own)
    renamed: dict[int, bytes] = {}
    for row in np.flatnonzero(shared).tolist():
        renamed[int(ids.own[row])] = new = next(unused[trace_ids[row]])
        own[row], parents[row] = new, own[row]
    _rename_parents(parents, ids.named, renamed, shared)
    spans.replace("span_id", pa.array(own, SPAN_SCHEMA.field("span_id").type))
    spans.replace("parent_span_id", pa.array(parents, SPAN_SCHEMA.field("parent_span_id").type))


def _rename_parents(parents: list[bytes | None], named: Ints, renamed: dict[int, bytes], shared: Ints) -> None:
    children = np.isin(named, np.fromiter(renamed, np.int64)) & ~shared
    for row in np.flatnonzero(children).tolist():
        parents[row] = renamed[int(named[row])]


def _unused_ids_by_trace(trace_ids: list[bytes], span_ids: list[bytes]) -> dict[bytes, Iterator[bytes]]:
    used: dict[bytes, set[bytes]] = defaultdict(set)
    for trace_id, span_id in zip(trace_ids, span_ids, strict=True):
        used[trace_id].add(span_id)
    return {trace_id: _unused_ids(taken) for trace_id, taken in used.items()}


def _unused_ids(taken: set[bytes]) -> Iterator[bytes]:
    candidates = (number.to_bytes(8, "big") for number in itertools.count(1))
    return (candidate for candidate in candidates if candidate not in taken)
