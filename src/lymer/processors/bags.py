"""Attributes that are text, those of events, links, resources and scopes, cut to the limits of attributes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lymer.model.attributes import Pairs, Value, read_bag, write_bag, write_value
from lymer.model.edited import EditedColumns
from lymer.wire.oddities import SpanLimits

Places = npt.NDArray[np.int64]

_MEMBER_BYTES_MIN = 5
"""What a member of a bag has at least: `"":0`, and a comma or a brace."""


@dataclass(frozen=True, slots=True)
class CutBag:
    """A bag within the limits."""

    text: str
    dropped: int
    """How many attributes went."""
    causes: frozenset[str]


def cut_bags(columns: EditedColumns, limits: SpanLimits) -> list[tuple[str, Places]]:
    """Cut every bag that passes a limit; causes, and the rows that were changed for each."""
    found = [_cut_in_list(columns, name, limits) for name in ("events", "links")]
    found += [_cut_in_dictionary(columns, name, limits) for name in ("resource", "scope")]
    return [(cause, rows) for changed in found for cause, rows in changed]


def cut_bag(text: str, limits: SpanLimits) -> CutBag | None:
    """The bag within the limits, None when it is so already. What is no attribute text is left alone."""
    try:
        pairs = read_bag(text)
    except ValueError:
        return None
    causes: set[str] = set()
    kept = Pairs(_cut_pair(key, value, limits, causes) for key, value in pairs[: limits.attributes])
    dropped = len(pairs) - len(kept)
    if dropped:
        causes.add("many_attributes")
    return CutBag(write_bag(kept), dropped, frozenset(causes)) if causes else None


def _cut_pair(key: str, value: Value, limits: SpanLimits, causes: set[str]) -> tuple[str, Value]:
    if len(key.encode()) > limits.attribute_key_bytes:
        causes.add("long_key")
        key = cut_text(key, limits.attribute_key_bytes)
    most = limits.attribute_value_bytes
    if isinstance(value, bytes):
        if len(value) > most:
            causes.add("long_value")
        return key, value[:most]
    text = value if isinstance(value, str) else write_value(value)
    if len(text.encode()) > most:
        causes.add("long_value")
        return key, cut_text(text, most)
    return key, value


def cut_text(text: str, bytes_max: int) -> str:
    """The beginning of a text, no half character at its end."""
    return text.encode()[:bytes_max].decode(errors="ignore")


def _cut_in_list(columns: EditedColumns, name: str, limits: SpanLimits) -> list[tuple[str, Places]]:
    items, rows = columns.items(name)
    cuts = _cuts(items.field("attributes"), limits)
    if not cuts:
        return []
    fields = {
        "attributes": _with_texts(items.field("attributes"), cuts),
        "dropped_attributes_count": _more_dropped(items.field("dropped_attributes_count"), _dropped(cuts, len(items))),
    }
    arrays = [fields.get(member.name, items.field(member.name)) for member in items.type]
    columns.replace_items(name, pa.StructArray.from_arrays(arrays, fields=list(items.type)), rows)
    return [(cause, rows[place : place + 1]) for place, cut in cuts.items() for cause in cut.causes]


def _cut_in_dictionary(columns: EditedColumns, owner: str, limits: SpanLimits) -> list[tuple[str, Places]]:
    column = columns.column(f"{owner}_attributes")
    cuts = _cuts(column.dictionary, limits)
    if not cuts:
        return []
    codes = column.indices.to_numpy(zero_copy_only=False)
    texts = _with_texts(column.dictionary, cuts)
    columns.replace(f"{owner}_attributes", pa.DictionaryArray.from_arrays(column.indices, texts))
    counts = f"{owner}_dropped_attributes_count"
    columns.replace(counts, _more_dropped(columns.column(counts), _dropped(cuts, len(texts))[codes]))
    return [(cause, np.flatnonzero(codes == code)) for code, cut in cuts.items() for cause in cut.causes]


def _cuts(texts: pa.Array, limits: SpanLimits) -> dict[int, CutBag]:
    """Place to what becomes of the bag there. Most are so short that they need not be read."""
    harmless = min(limits.attribute_key_bytes, limits.attribute_value_bytes, limits.attributes * _MEMBER_BYTES_MIN)
    lengths = np.diff(np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1])
    found = {place: cut_bag(texts[place].as_py(), limits) for place in np.flatnonzero(lengths > harmless).tolist()}
    return {place: cut for place, cut in found.items() if cut}


def _with_texts(texts: pa.Array, cuts: dict[int, CutBag]) -> pa.Array:
    order = np.arange(len(texts))
    order[list(cuts)] = len(texts) + np.arange(len(cuts))
    return pa.concat_arrays([texts, pa.array([cut.text for cut in cuts.values()], texts.type)]).take(pa.array(order))


def _dropped(cuts: dict[int, CutBag], count: int) -> Places:
    dropped = np.zeros(count, np.int64)
    dropped[list(cuts)] = [cut.dropped for cut in cuts.values()]
    return dropped


def _more_dropped(counts: pa.Array, dropped: Places) -> pa.Array:
    total = counts.cast(pa.int64()).to_numpy(zero_copy_only=False) + dropped
    return pa.array(np.minimum(total, np.iinfo(np.uint32).max).astype(np.uint32))
