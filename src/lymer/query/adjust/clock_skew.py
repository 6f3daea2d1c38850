"""Spans of hosts whose clocks disagree, shifted into their parents: Jaeger's rule, and Jaeger's warnings.

A child on another host than its parent (an unknown host is another) that begins before its parent or ends after it
is shifted: to the parent's start when it lasted longer, else into the parent's middle. Spans of the same host shift
with it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lymer.model.attributes import as_text, read_bag
from lymer.model.schema import TIME
from lymer.query.adjust.collections import KNOWN_BAG_CHARACTERS_MAX
from lymer.query.adjust.spans import NO_ROW, Ints, SpanIds, Spans

_HOST_KEYS: Final = ("host.id", "host.ip", "host.name")
_DUPLICATE: Final = "duplicate span IDs; skipping clock skew adjustment"
_UNITS: Final = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns"))


def correct_clock_skew(spans: Spans, *, delta_max_nano: int) -> None:
    """Shift spans by at most so much; beyond it, and always when it is 0, only warn."""
    ids = SpanIds(spans)
    repeated = ids.repeated()
    parents = np.where(repeated, NO_ROW, ids.first_rows(ids.named))
    _warn_of_structure(spans, ids, repeated, parents)
    starts, durations = spans.ints("start_time_unix_nano"), spans.ints("duration_nano")
    elsewhere = _on_another_host(spans, parents)
    if not _some_skew(starts, durations, parents, elsewhere):
        return
    deltas = _shift(starts, durations, parents, elsewhere, delta_max_nano)
    for row in np.flatnonzero(deltas).tolist():
        spans.warnings[row].append(_warning(int(deltas[row]), delta_max_nano))
    moved = np.where(np.abs(deltas) <= delta_max_nano, deltas, 0)
    if moved.any():
        spans.replace("start_time_unix_nano", pa.array(starts).cast(TIME))
        _shift_events(spans, moved)


def format_go_duration(nanoseconds: int) -> str:
    """A duration as Go prints it: `1m0.5s`, `1.5ms`, `-20µs`, `0s`."""
    sign, rest = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    if rest < 1_000_000_000:
        size, unit = next(((size, unit) for size, unit in _UNITS if rest >= size), (1_000_000_000, "s"))
        return f"{sign}{_decimal(rest, size)}{unit}"
    minutes, rest = divmod(rest, 60_000_000_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{sign}{text}{_decimal(rest, 1_000_000_000)}s"


def _decimal(value: int, unit: int) -> str:
    whole, part = divmod(value, unit)
    digits = str(part).rjust(len(str(unit)) - 1, "0").rstrip("0") if part else ""
    return f"{whole}.{digits}" if digits else str(whole)


def _warn_of_structure(spans: Spans, ids: SpanIds, repeated: npt.NDArray[np.bool_], parents: Ints) -> None:
    for row in np.flatnonzero(repeated).tolist():
        spans.warnings[row].append(_DUPLICATE)
    named = spans.column("parent_span_id")
    for row in np.flatnonzero((ids.named != NO_ROW) & (parents == NO_ROW) & ~repeated).tolist():
        parent = named[row].as_py().hex()
        spans.warnings[row].append(f"parent span ID={parent} is not in the trace; skipping clock skew adjustment")


def _on_another_host(spans: Spans, parents: Ints) -> npt.NDArray[np.bool_]:
    """Which spans have a parent on another host than theirs, or on one that is not known."""
    resources = spans.column("resource_attributes")
    hosts = [
        _known_host(text) if len(text) <= KNOWN_BAG_CHARACTERS_MAX else _host(text)
        for text in resources.dictionary.to_pylist()
    ]
    numbers = {host: number for number, host in enumerate(dict.fromkeys(["", *hosts]))}
    host = np.array([numbers[one] for one in hosts], np.int64)[resources.indices.to_numpy(zero_copy_only=False)]
    found: npt.NDArray[np.bool_] = (parents != NO_ROW) & ((host == 0) | (host != host[parents]))
    return found


@lru_cache(maxsize=1024)
def _known_host(resource: str) -> str:
    """Resources are few and come again with every trace."""
    return _host(resource)


def _host(resource: str) -> str:
    values = dict(reversed(read_bag(resource)))
    return next((as_text(values[key]) for key in _HOST_KEYS if key in values), "")


def _some_skew(starts: Ints, durations: Ints, parents: Ints, elsewhere: npt.NDArray[np.bool_]) -> bool:
    """Whether any span has to be shifted at all. Where clocks agree, this is the whole cost."""
    begins, ends = starts[parents], (starts + durations)[parents]
    return bool((elsewhere & ((starts < begins) | (starts + durations > ends))).any())


def _shift(starts: Ints, durations: Ints, parents: Ints, elsewhere: npt.NDArray[np.bool_], delta_max_nano: int) -> Ints:
    """The delta of each span, parents first; `starts` moves by those that are small enough."""
    deltas = np.zeros(len(starts), dtype=np.int64)
    start, duration, parent = starts.tolist(), durations.tolist(), parents.tolist()
    for row in _parents_first(parent):
        above = parent[row]
        if above == NO_ROW:
            continue
        if elsewhere[row]:
            delta = _skew(start[row], duration[row], start[above], duration[above])
        else:
            delta = int(deltas[above])
        deltas[row] = delta
        if abs(delta) <= delta_max_nano:
            start[row] += delta
    starts[:] = start
    return deltas


def _skew(start: int, duration: int, parent_start: int, parent_duration: int) -> int:
    if duration > parent_duration:
        return max(0, parent_start - start)
    if start >= parent_start and start + duration <= parent_start + parent_duration:
        return 0
    return parent_start - start + (parent_duration - duration) // 2


def _parents_first(parents: list[int]) -> list[int]:
    """Rows in an order in which each stands behind its parent; those of circles are left out."""
    children: dict[int, list[int]] = {}
    for row, parent in enumerate(parents):
        children.setdefault(parent, []).append(row)
    ordered: list[int] = []
    waiting = children.get(NO_ROW, [])
    while waiting:
        ordered += waiting
        waiting = [child for row in waiting for child in children.get(row, ())]
    return ordered


def _warning(delta: int, delta_max_nano: int) -> str:
    shown = format_go_duration(delta)
    if delta_max_nano == 0:
        return f"clock skew adjustment disabled; not applying calculated delta of {shown}"
    if abs(delta) > delta_max_nano:
        longest = format_go_duration(delta_max_nano)
        return f"max clock skew adjustment delta of {longest} exceeded; not applying calculated delta of {shown}"
    return f"This span's timestamps were adjusted by {shown}"


def _shift_events(spans: Spans, moved: Ints) -> None:
    events, rows = spans.items("events")
    if not len(events):
        return
    columns = [events.field(field.name) for field in events.type]
    place = events.type.get_field_index("time_unix_nano")
    columns[place] = pa.array(columns[place].cast(pa.int64()).to_numpy(zero_copy_only=False) + moved[rows]).cast(TIME)
    spans.replace_items("events", pa.StructArray.from_arrays(columns, fields=list(events.type)), rows)
