"""IPv4 addresses that were sent as numbers, written as addresses; attributes of the SDK, moved to the resource."""

from __future__ import annotations

import struct
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lymer.model.attributes import AttributeType, Pairs, Value, read_bag, read_value, write_bag, write_value
from lymer.model.schema import ATTRIBUTE
from lymer.query.adjust.spans import Ints, Spans

_IP_KEYS: Final = ("ip", "peer.ipv4")
_LIBRARY_KEYS: Final = (
    "telemetry.distro.name",
    "telemetry.distro.version",
    "telemetry.sdk.language",
    "telemetry.sdk.name",
    "telemetry.sdk.version",
)


def normalize_ip_attributes(spans: Spans) -> None:
    """Numbers under `ip` and `peer.ipv4`, of spans and resources, become dotted quads."""
    _normalize_resources(spans)
    items, rows = spans.items("attributes")
    types = items.field("type").to_numpy(zero_copy_only=False)
    numeric = (types == AttributeType.INT) | (types == AttributeType.DOUBLE)
    found = np.flatnonzero(_has_key(items, _IP_KEYS) & numeric)
    if not len(found):
        return
    changed: list[dict[str, Any]] = items.take(pa.array(found)).to_pylist()
    for item in changed:
        text = _dotted(_number(item)).encode()
        item.update(type=int(AttributeType.STRING), number=0, text=text)
    spans.replace_items("attributes", _with_items(items, found, changed), rows)


def move_library_attributes(spans: Spans) -> None:
    """What says which SDK made a span moves to its resource, unless the resource says something else."""
    items, rows = spans.items("attributes")
    found = np.flatnonzero(_has_key(items, _LIBRARY_KEYS))
    if not len(found):
        return
    column = spans.column("resource_attributes")
    codes = column.indices.to_numpy(zero_copy_only=False)
    resources = [list(read_bag(text)) for text in column.dictionary.to_pylist()]
    moved = np.zeros(len(items), dtype=bool)
    for position, item in zip(found.tolist(), items.take(pa.array(found)).to_pylist(), strict=True):
        row, resource = int(rows[position]), resources[codes[rows[position]]]
        moved[position] = _move(item["key"], _value(item), resource)
        if not moved[position]:
            spans.warnings[row].append(f"conflicting values between Span and Resource for attribute {item['key']}")
    texts = pa.array([write_bag(resource) for resource in resources], pa.string())
    spans.replace("resource_attributes", pa.DictionaryArray.from_arrays(column.indices, texts))
    spans.replace_items("attributes", items.filter(pa.array(~moved)), rows[~moved])


def _move(key: str, value: Value, resource: list[tuple[str, Value]]) -> bool:
    """Whether the resource says so now."""
    for known, other in resource:
        if known == key:
            return write_value(other) == write_value(value)
    resource.append((key, value))
    return True


def _normalize_resources(spans: Spans) -> None:
    column = spans.column("resource_attributes")
    texts = column.dictionary.to_pylist()
    normal = [_normal_bag(text) if any(f'"{key}"' in text for key in _IP_KEYS) else text for text in texts]
    if normal != texts:
        spans.replace(
            "resource_attributes", pa.DictionaryArray.from_arrays(column.indices, pa.array(normal, pa.string()))
        )


def _normal_bag(text: str) -> str:
    return write_bag(
        Pairs(
            (key, _dotted(value) if key in _IP_KEYS and _is_number(value) else value) for key, value in read_bag(text)
        )
    )


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _dotted(number: Any) -> str:
    """The lowest 32 bits as an address; of a double, those of its whole part."""
    try:
        whole = int(number) & 0xFFFFFFFF
    except (ValueError, OverflowError):  # NaN and infinities are no address.
        whole = 0
    return ".".join(str(byte) for byte in whole.to_bytes(4, "big"))


def _has_key(items: pa.StructArray, wanted: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    keys = items.field("key")
    is_wanted = np.array([key in wanted for key in keys.dictionary.to_pylist()], dtype=bool)
    if not is_wanted.any():
        return np.zeros(len(items), dtype=bool)
    found: npt.NDArray[np.bool_] = is_wanted[keys.indices.to_numpy(zero_copy_only=False)]
    return found


def _with_items(items: pa.StructArray, places: Ints, changed: list[dict[str, Any]]) -> pa.StructArray:
    order = np.arange(len(items))
    order[places] = len(items) + np.arange(len(places))
    return pa.concat_arrays([items, pa.array(changed, ATTRIBUTE)]).take(pa.array(order))


def _number(item: dict[str, Any]) -> int | float:
    return int(item["number"]) if item["type"] == AttributeType.INT else _double(item["number"])


def _double(bits: int) -> float:
    return float(struct.unpack("<d", struct.pack("<q", bits))[0])


def _value(item: dict[str, Any]) -> Value:
    match item["type"]:
        case AttributeType.STRING:
            return str(item["text"].decode())
        case AttributeType.BOOL:
            return bool(item["number"])
        case AttributeType.INT:
            return int(item["number"])
        case AttributeType.DOUBLE:
            return _double(item["number"])
        case AttributeType.BYTES:
            return bytes(item["text"])
        case AttributeType.EMPTY:
            return None
    return read_value(item["text"].decode())
