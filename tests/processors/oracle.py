"""What a sanitizer does to one span, said once more in plain Python."""

from __future__ import annotations

from typing import Any

from lymer.conformance.spans import Row
from lymer.model.attributes import read_bag, write_bag, write_value
from lymer.wire.oddities import SpanLimits


def sanitized(row: Row, limits: SpanLimits, *, earliest: int, latest: int, now: int) -> tuple[Row, set[str]]:
    """The span as it is stored, and what was wrong with it."""
    row = dict(row) | {name: [dict(item) for item in row[name]] for name in ("events", "links")}
    causes: set[str] = set()
    marks: list[Row] = []
    if not row["service_name"]:
        row["service_name"] = "empty-service-name"
        causes.add("empty_service_name")
    if len(row["name"].encode()) > limits.name_bytes:
        row["name"] = cut_text(row["name"], limits.name_bytes)
        causes.add("long_name")
    if not row["name"]:
        row["name"] = "empty-span-name"
        causes.add("empty_name")
    moved = _moved(row, marks, earliest, latest, now)
    causes |= moved
    if row["duration_nano"] < 0:
        marks.append(_number("lymer.sanitized.duration_nano", row["duration_nano"]))
        row["duration_nano"] = 1
        causes.add("negative_duration")
    for name, most in (("attributes", limits.attributes), ("events", limits.events), ("links", limits.links)):
        if len(row[name]) > most:
            row[f"dropped_{name}_count"] += len(row[name]) - most
            row[name] = row[name][:most]
            causes.add(f"many_{name}")
    for owner in (*row["events"], *row["links"]):
        _cut_bag(owner, "", limits, causes)
    for owner in ("resource_", "scope_"):
        _cut_bag(row, owner, limits, causes)
    row["attributes"] = [_attribute(dict(item), limits, causes) for item in row["attributes"]]
    if causes:
        mark = {"key": "lymer.sanitized", "type": 1, "number": 0, "text": ",".join(sorted(causes)).encode()}
        row["attributes"] += [mark, *marks]
    return row, causes


def cut_text(text: str, most: int) -> str:
    """As many whole characters as fit."""
    while len(text.encode()) > most:
        text = text[:-1]
    return text


def _moved(row: Row, marks: list[Row], earliest: int, latest: int, now: int) -> set[str]:
    start = row["start_time_unix_nano"]
    if earliest <= start <= latest:
        return set()
    end = start + row["duration_nano"]
    marks.append(_number("lymer.sanitized.start_time_unix_nano", start))
    row["start_time_unix_nano"] = now
    if row["duration_nano"] > 0 and earliest <= end <= latest:
        marks.append(_number("lymer.sanitized.duration_nano", row["duration_nano"]))
        row["start_time_unix_nano"], row["duration_nano"] = end, 0
    return {"far_start"}


def _attribute(item: Row, limits: SpanLimits, causes: set[str]) -> Row:
    if len(item["key"].encode()) > limits.attribute_key_bytes:
        item["key"] = cut_text(item["key"], limits.attribute_key_bytes)
        causes.add("long_key")
    if len(item["text"]) > limits.attribute_value_bytes:
        causes.add("long_value")
        if item["type"] == 5:
            item["text"] = item["text"][: limits.attribute_value_bytes]
        else:
            item["type"] = 1
            item["text"] = cut_text(item["text"].decode(), limits.attribute_value_bytes).encode()
    return item


def _cut_bag(owner: Row, prefix: str, limits: SpanLimits, causes: set[str]) -> None:
    pairs = list(read_bag(owner[f"{prefix}attributes"]))
    dropped = max(0, len(pairs) - limits.attributes)
    if dropped:
        causes.add("many_attributes")
        owner[f"{prefix}dropped_attributes_count"] += dropped
    kept = []
    for key, value in pairs[: limits.attributes]:
        if len(key.encode()) > limits.attribute_key_bytes:
            causes.add("long_key")
        data = (
            value
            if isinstance(value, bytes)
            else value.encode()
            if isinstance(value, str)
            else write_value(value).encode()
        )
        if len(data) > limits.attribute_value_bytes:
            causes.add("long_value")
            most = limits.attribute_value_bytes
            value = data[:most] if isinstance(value, bytes) else cut_text(data.decode(), most)
        kept.append((cut_text(key, limits.attribute_key_bytes), value))
    owner[f"{prefix}attributes"] = write_bag(kept)


def _number(key: str, number: int) -> dict[str, Any]:
    return {"key": key, "type": 3, "number": number, "text": b""}
