"""Attributes sorted by key, links that lead nowhere dropped."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lymer.model.attributes import read_bag, write_bag
from lymer.query.adjust.spans import Spans

KNOWN_BAG_CHARACTERS_MAX: Final = 2048
"""What is longer is not remembered."""


def sort_attributes(spans: Spans) -> None:
    """Sort the attributes of spans, resources, scopes, events and links by key; equal keys keep their order."""
    _sort_span_attributes(spans)
    for name in ("resource_attributes", "scope_attributes"):
        _sort_bags(spans, name)
    for name in ("events", "links"):
        _sort_item_bags(spans, name)


def remove_empty_links(spans: Spans) -> None:
    """Drop links whose trace id or span id is zero."""
    links, rows = spans.items("links")
    if not len(links):
        return
    empty = pc.or_(pc.equal(links.field("trace_id"), bytes(16)), pc.equal(links.field("span_id"), bytes(8)))
    if not pc.any(empty).as_py():
        return
    kept = pc.invert(empty)
    spans.replace_items("links", links.filter(kept), rows[kept.to_numpy(zero_copy_only=False)])


def _sort_span_attributes(spans: Spans) -> None:
    items, rows = spans.items("attributes")
    if not len(items):
        return
    keys = items.field("key")
    ranks = np.empty(len(keys.dictionary), dtype=np.int64)
    ranks[pc.sort_indices(keys.dictionary).to_numpy()] = np.arange(len(ranks))
    places = rows * len(ranks) + ranks[keys.indices.to_numpy(zero_copy_only=False)]
    if np.all(places[1:] >= places[:-1]):
        return
    order = np.argsort(places, kind="stable")
    spans.replace_items("attributes", items.take(pa.array(order)), rows)


def _sort_bags(spans: Spans, name: str) -> None:
    column = spans.column(name)
    texts = column.dictionary.to_pylist()
    by_key = [_sorted_bag(text) for text in texts]
    if by_key != texts:
        spans.replace(name, pa.DictionaryArray.from_arrays(column.indices, pa.array(by_key, pa.string())))


def _sort_item_bags(spans: Spans, name: str) -> None:
    items, rows = spans.items(name)
    bags = items.field("attributes").dictionary_encode()
    texts = bags.dictionary.to_pylist()
    by_key = [_sorted_bag(text) for text in texts]
    if by_key == texts:
        return
    columns = [items.field(field.name) for field in items.type]
    columns[items.type.get_field_index("attributes")] = pa.array(by_key, pa.string()).take(bags.indices)
    spans.replace_items(name, pa.StructArray.from_arrays(columns, fields=list(items.type)), rows)


def _sorted_bag(text: str) -> str:
    if "," not in text:
        return text
    return _sorted_known_bag(text) if len(text) <= KNOWN_BAG_CHARACTERS_MAX else _sorted_pairs(text)


@lru_cache(maxsize=1024)
def _sorted_known_bag(text: str) -> str:
    """Resources are few and come again with every trace."""
    return _sorted_pairs(text)


def _sorted_pairs(text: str) -> str:
    pairs = read_bag(text)
    by_key = sorted(pairs, key=lambda pair: pair[0])
    return text if by_key == list(pairs) else write_bag(by_key)
