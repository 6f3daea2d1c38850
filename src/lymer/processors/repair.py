"""What becomes of odd spans: columns in, columns out, and which rows were changed by which cause. Pure.

| cause | what is done | what is kept of the original |
| --- | --- | --- |
| `empty_service_name`, `empty_name` | a name that says so, as Jaeger has it | nothing is lost |
| `long_name`, `long_key`, `long_value` | cut at a character, at the limit | its beginning |
| `negative_duration` | 1 ns, as Jaeger has it | `lymer.sanitized.duration_nano` |
| `far_start` | the end, when that is near; else the time of receipt | `lymer.sanitized.start_time_unix_nano`, `….duration_nano` |
| `many_attributes`, `many_events`, `many_links` | the first ones stay | the dropped counts of their owner |
| `not_utf8` | each broken part is U+FFFD since it was decoded | |

Every changed span has `lymer.sanitized`: its causes, sorted, with commas. Marks come on top of the limit of attributes.
"""  # noqa: E501  A table.

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lymer.model.attributes import AttributeType
from lymer.model.edited import EditedColumns, Ints
from lymer.model.schema import ATTRIBUTE
from lymer.processors.bags import cut_bags
from lymer.wire.oddities import Oddity, SpanLimits

MARK = "lymer.sanitized"
ORIGINAL_DURATION = "lymer.sanitized.duration_nano"
ORIGINAL_START = "lymer.sanitized.start_time_unix_nano"

EMPTY_SERVICE_NAME = "empty-service-name"
EMPTY_NAME = "empty-span-name"

REPAIRED_DURATION_NANO = 1

Rows = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Where spans may begin, and when these came."""

    min_start_unix_nano: int
    max_start_unix_nano: int
    now_unix_nano: int


@dataclass(slots=True)
class _Repair:
    """A batch under repair, with what was found."""

    columns: EditedColumns
    limits: SpanLimits
    bounds: Bounds
    repaired_rows: list[int] = field(default_factory=list)
    """Those whose text was not UTF-8."""
    rows: dict[str, Rows] = field(default_factory=dict)
    """Cause to the rows that were changed for it."""
    originals: list[tuple[str, Ints, Ints]] = field(default_factory=list)
    """Key of a mark, its rows, its numbers."""

    def note(self, cause: str, rows: Rows) -> None:
        if rows.any():
            self.rows[cause] = self.rows[cause] | rows if cause in self.rows else rows


def repair(
    record_batch: pa.RecordBatch,
    found: Oddity,
    limits: SpanLimits,
    bounds: Bounds,
    *,
    repaired_rows: list[int],
) -> tuple[pa.RecordBatch, dict[str, int]]:
    """The batch with its odd spans repaired and marked, and how many spans for which cause."""
    work = _Repair(EditedColumns(record_batch), limits, bounds, repaired_rows)
    for oddity, step in _STEPS.items():
        if oddity & found:
            step(work)
    if work.rows:
        _mark(work)
    return work.columns.record_batch, {cause: int(rows.sum()) for cause, rows in work.rows.items()}


def _name_services(work: _Repair) -> None:
    work.note("empty_service_name", _rename(work.columns, "service_name", EMPTY_SERVICE_NAME))


def _name_spans(work: _Repair) -> None:
    work.note("empty_name", _rename(work.columns, "name", EMPTY_NAME))


def _cut_names(work: _Repair) -> None:
    column = work.columns.column("name")
    cut, long_codes = _cut_texts(column.dictionary, work.limits.name_bytes)
    codes = column.indices.to_numpy(zero_copy_only=False)
    work.columns.replace("name", pa.DictionaryArray.from_arrays(column.indices, cut))
    work.note("long_name", np.isin(codes, long_codes))


def _lengthen(work: _Repair) -> None:
    durations = work.columns.ints("duration_nano")
    rows = durations < 0
    work.originals.append((ORIGINAL_DURATION, np.flatnonzero(rows), durations[rows]))
    work.columns.replace("duration_nano", pa.array(np.where(rows, REPAIRED_DURATION_NANO, durations)))
    work.note("negative_duration", rows)


def _move(work: _Repair) -> None:
    """A start at 1970 with an end of today is a start that nobody knows: the span has no duration then."""
    starts, durations = work.columns.ints("start_time_unix_nano"), work.columns.ints("duration_nano")
    earliest, latest = work.bounds.min_start_unix_nano, work.bounds.max_start_unix_nano
    rows = (starts < earliest) | (starts > latest)
    with np.errstate(over="ignore"):
        ends = starts + durations
    ends_near = rows & (durations > 0) & (ends > starts) & (earliest <= ends) & (ends <= latest)
    moved = np.where(ends_near, ends, np.where(rows, work.bounds.now_unix_nano, starts))
    work.originals.append((ORIGINAL_START, np.flatnonzero(rows), starts[rows]))
    work.originals.append((ORIGINAL_DURATION, np.flatnonzero(ends_near), durations[ends_near]))
    start_type = work.columns.column("start_time_unix_nano").type
    work.columns.replace("start_time_unix_nano", pa.array(moved).cast(start_type))
    work.columns.replace("duration_nano", pa.array(np.where(ends_near, 0, durations)))
    work.note("far_start", rows)


def _drop_attributes(work: _Repair) -> None:
    _drop(work, "attributes", work.limits.attributes)


def _drop_events(work: _Repair) -> None:
    _drop(work, "events", work.limits.events)


def _drop_links(work: _Repair) -> None:
    _drop(work, "links", work.limits.links)


def _cut_keys(work: _Repair) -> None:
    items, rows = work.columns.items("attributes")
    keys = items.field("key")
    cut, long_codes = _cut_texts(keys.dictionary, work.limits.attribute_key_bytes)
    long_items = np.isin(keys.indices.to_numpy(zero_copy_only=False), long_codes)
    work.columns.replace_items("attributes", _with(items, key=pa.DictionaryArray.from_arrays(keys.indices, cut)), rows)
    work.note("long_key", _rows_of(rows[long_items], len(work.columns)))


def _cut_values(work: _Repair) -> None:
    items, rows = work.columns.items("attributes")
    texts = items.field("text")
    lengths = np.diff(np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1])
    long_items = np.flatnonzero(lengths > work.limits.attribute_value_bytes)
    types = np.array(items.field("type").to_numpy(zero_copy_only=False))
    cut = [
        _cut(texts[item].as_py(), work.limits.attribute_value_bytes, is_text=types[item] != AttributeType.BYTES)
        for item in long_items.tolist()
    ]
    order = np.arange(len(texts))
    order[long_items] = len(texts) + np.arange(len(long_items))
    types[long_items] = np.where(types[long_items] == AttributeType.BYTES, AttributeType.BYTES, AttributeType.STRING)
    kept = pa.concat_arrays([texts, pa.array(cut, pa.binary())]).take(pa.array(order))
    work.columns.replace_items("attributes", _with(items, text=kept, type=pa.array(types, pa.uint8())), rows)
    work.note("long_value", _rows_of(rows[long_items], len(work.columns)))


def _cut_bags(work: _Repair) -> None:
    for cause, rows in cut_bags(work.columns, work.limits):
        work.note(cause, _rows_of(rows, len(work.columns)))


def _note_repairs(work: _Repair) -> None:
    work.note("not_utf8", _rows_of(np.array(work.repaired_rows, np.int64), len(work.columns)))


_STEPS: dict[Oddity, Callable[[_Repair], None]] = {
    Oddity.EMPTY_SERVICE_NAME: _name_services,
    Oddity.LONG_NAME: _cut_names,
    Oddity.EMPTY_NAME: _name_spans,
    Oddity.FAR_START: _move,
    Oddity.NEGATIVE_DURATION: _lengthen,
    Oddity.MANY_ATTRIBUTES: _drop_attributes,
    Oddity.LONG_KEY: _cut_keys,
    Oddity.LONG_VALUE: _cut_values,
    Oddity.MANY_EVENTS: _drop_events,
    Oddity.MANY_LINKS: _drop_links,
    Oddity.LARGE_BAG: _cut_bags,
    Oddity.NOT_UTF8: _note_repairs,
}
"""In the order in which they are done."""


def _rename(columns: EditedColumns, column_name: str, name: str) -> Rows:
    """Give the rows whose text is empty this one; which rows they were."""
    column = columns.column(column_name)
    texts = column.dictionary.to_pylist()
    codes = column.indices.to_numpy(zero_copy_only=False)
    empty = [code for code, text in enumerate(texts) if not text]
    named = pa.array([text or name for text in texts], column.dictionary.type)
    columns.replace(column_name, pa.DictionaryArray.from_arrays(column.indices, named))
    rows: Rows = np.isin(codes, empty)
    return rows


def _drop(work: _Repair, name: str, count_max: int) -> None:
    """Keep the first items of each row, and count the others among those that the span has dropped."""
    items, rows = work.columns.items(name)
    counts = np.bincount(rows, minlength=len(work.columns))
    places = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    kept = places < count_max
    work.columns.replace_items(name, items.filter(pa.array(kept)), rows[kept])
    dropped = np.maximum(counts - count_max, 0)
    total = np.minimum(work.columns.ints(f"dropped_{name}_count") + dropped, np.iinfo(np.uint32).max)
    work.columns.replace(f"dropped_{name}_count", pa.array(total.astype(np.uint32)))
    work.note(f"many_{name}", dropped > 0)


def _mark(work: _Repair) -> None:
    """Say on each changed span what was changed, and what its numbers were."""
    changed = np.flatnonzero(np.any(list(work.rows.values()), axis=0))
    causes, codes = _causes(work, changed)
    marks = [_attributes(MARK, AttributeType.STRING, np.zeros(len(changed), np.int64), causes.take(pa.array(codes)))]
    marks += [_attributes(key, AttributeType.INT, numbers) for key, _, numbers in work.originals]
    items, rows = work.columns.items("attributes")
    both = np.concatenate([rows, changed, *(marked for _, marked, _ in work.originals)]).astype(np.int64)
    order = np.argsort(both, kind="stable")
    work.columns.replace_items("attributes", _concat([items, *marks]).take(pa.array(order)), both[order])


def _causes(work: _Repair, changed: Ints) -> tuple[pa.Array, Ints]:
    """The texts of all combinations of causes that there are, and which one each changed row has."""
    names = sorted(work.rows)
    bits = sum(work.rows[name][changed].astype(np.int64) << place for place, name in enumerate(names))
    combinations, codes = np.unique(bits, return_inverse=True)
    texts = [",".join(name for place, name in enumerate(names) if bit >> place & 1) for bit in combinations.tolist()]
    return pa.array([text.encode() for text in texts], pa.binary()), codes


def _attributes(key: str, kind: AttributeType, numbers: Ints, texts: pa.Array | None = None) -> pa.StructArray:
    count = len(numbers)
    keys = pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([key]))
    texts = pa.array([b""] * count, pa.binary()) if texts is None else texts
    columns = [keys, pa.array(np.full(count, int(kind), np.uint8)), pa.array(numbers), texts]
    return pa.StructArray.from_arrays(columns, fields=list(ATTRIBUTE))


def _concat(parts: list[pa.StructArray]) -> pa.StructArray:
    """One array with one dictionary of keys."""
    chunked = pa.chunked_array(parts, ATTRIBUTE).unify_dictionaries()
    return chunked.combine_chunks()


def _with(items: pa.StructArray, **columns: pa.Array) -> pa.StructArray:
    """The items with other values in some of their fields."""
    arrays = [columns.get(member.name, items.field(member.name)) for member in ATTRIBUTE]
    return pa.StructArray.from_arrays(arrays, fields=list(ATTRIBUTE))


def _cut_texts(texts: pa.Array, bytes_max: int) -> tuple[pa.Array, list[int]]:
    """The texts, long ones cut, and the places of those."""
    encoded = [text.encode() for text in texts.to_pylist()]
    long_places = [place for place, text in enumerate(encoded) if len(text) > bytes_max]
    for place in long_places:
        encoded[place] = _cut(encoded[place], bytes_max, is_text=True)
    return pa.array([text.decode() for text in encoded], texts.type), long_places


def _cut(data: bytes, bytes_max: int, *, is_text: bool) -> bytes:
    """The beginning; of text, no half character at its end."""
    return data[:bytes_max].decode(errors="ignore").encode() if is_text else data[:bytes_max]


def _rows_of(rows: Ints, count: int) -> Rows:
    marked = np.zeros(count, dtype=bool)
    marked[rows] = True
    return marked
