"""Attribute values: which are allowed, and how they are cleaned. OpenTelemetry's common specification, "Attribute"."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

_log = logging.getLogger(__name__)
_PLAIN = frozenset((str, bool, int, float))


def clean_value(value: Any, length_max: int | None) -> Any:
    """The value as it is recorded: plain values as they are, sequences as tuples; None when it cannot be one.

    Subclasses (an IntEnum, numpy's float64) count as their plain type. Strings and bytes are cut at `length_max`.
    Maps and lists of more than one type are their JSON, as the specification has it for what cannot carry them.
    """
    kind = type(value)
    if kind is str:
        return value if length_max is None or len(value) <= length_max else value[:length_max]
    if kind in _PLAIN:
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)[:length_max]
    if isinstance(value, str):
        return clean_value(str.__str__(value), length_max)
    if isinstance(value, Sequence):
        return _clean_sequence(value, length_max)
    return _as_json(value, length_max) if isinstance(value, Mapping) else _plain_number(value)


def clean_mapping(
    attributes: Mapping[str, Any] | None, count_max: int, length_max: int | None
) -> tuple[dict[str, Any], int]:
    """The attributes that are kept, and how many were dropped for being too many."""
    kept: dict[str, Any] = {}
    dropped = 0
    for key, value in (attributes or {}).items():
        cleaned = clean_value(value, length_max)
        if cleaned is None or not key or not isinstance(key, str):
            warn_of(key, value)
        elif len(kept) >= count_max and key not in kept:
            dropped += 1
        else:
            kept[key] = cleaned
    return kept, dropped


def warn_of(key: object, value: object) -> None:
    """Say once more in the log that an attribute was refused."""
    _log.warning("attribute %r refused: a %s cannot be recorded", key, type(value).__name__)


def _plain_number(value: Any) -> int | float | None:
    """Numbers of others (an IntEnum, numpy's int64) as Python's own; what is none as None."""
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else None


def _clean_sequence(values: Sequence[Any], length_max: int | None) -> tuple[Any, ...] | str | None:
    cleaned = tuple(None if value is None else clean_value(value, length_max) for value in values)
    if any(value is None and given is not None for value, given in zip(cleaned, values, strict=True)):
        return None
    kinds = {type(value) for value in cleaned if value is not None}
    return cleaned if len(kinds) < 2 else _as_json(values, length_max)


def _as_json(value: Any, length_max: int | None) -> str | None:
    try:
        return json.dumps(value, ensure_ascii=False, default=_known_to_json)[:length_max]
    except (TypeError, ValueError, RecursionError):
        return None


def _known_to_json(value: Any) -> Any:
    """What json does not know of itself; a map or list with anything else in it is refused as a whole."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    number = _plain_number(value)
    if number is None:
        raise TypeError(f"a {type(value).__name__} cannot be recorded")
    return number
