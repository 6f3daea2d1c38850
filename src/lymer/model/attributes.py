"""Attribute values: their types, and attribute text (JSON that loses nothing).

Attribute text of a bag is one JSON object, members in the sender's order, duplicate keys kept. Of a value:

| OTLP | JSON |
| --- | --- |
| string | string |
| bool | `true`, `false` |
| int | digits without a point or an exponent: `42` |
| double | shortest form that reads back the same, as Python's repr: `1.0`, `1e+300`, `1e-05`, `-0.0` |
| NaN, infinities | `{"$double":"NaN"}`, `{"$double":"Infinity"}`, `{"$double":"-Infinity"}` |
| bytes | `{"$bytes":"<base64, padded>"}` |
| array | array |
| map | object; a sole member whose key is one or more `$` followed by `bytes` or `double` gets one more `$` |
| a value without a type | `null` |

The empty bag is the empty string, so that most events cost nothing. No blanks; `"`, `\\` and control characters below
0x20 are escaped (`\\n \\t \\r \\b \\f`, else `\\u00xx`), all else is UTF-8 as it is. The native core writes the same.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterable
from enum import IntEnum
from typing import Any, Final


class AttributeType(IntEnum):
    """The type of an attribute's value, in the order of OTLP's AnyValue."""

    EMPTY = 0
    STRING = 1
    BOOL = 2
    INT = 3
    DOUBLE = 4
    BYTES = 5
    ARRAY = 6
    MAP = 7


class Pairs(tuple[tuple[str, Any], ...]):
    """A map value or a bag: (key, value) pairs in order, duplicates kept."""

    __slots__ = ()


Value = None | str | bool | int | float | bytes | list[Any] | Pairs
"""What an attribute can be; a list holds Values."""

_MARKER: Final = re.compile(r"\$+(bytes|double)")


def write_bag(pairs: Iterable[tuple[str, Value]]) -> str:
    """The attribute text of a bag; the empty string for an empty one."""
    text = write_value(Pairs(pairs))
    return "" if text == "{}" else text


def read_bag(text: str) -> Pairs:
    """The pairs of a bag's attribute text. Raises ValueError when the text is not attribute text."""
    if not text:
        return Pairs()
    value = read_value(text)
    if not isinstance(value, Pairs):
        raise ValueError(f"attribute text of a bag must be an object: {text[:80]!r}")
    return value


def write_value(value: Value) -> str:
    """The attribute text of one value."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case int():
            return str(value)
        case float():
            return _write_double(value)
        case bytes():
            return f'{{"$bytes":"{base64.b64encode(value).decode()}"}}'
        case Pairs():
            return _write_pairs(_escape_marker(value))
        case list():
            return "[" + ",".join(write_value(item) for item in value) + "]"
    raise TypeError(f"not an attribute value: {type(value).__name__}")


def read_value(text: str) -> Value:
    """The value of attribute text. Raises ValueError when the text is not attribute text."""
    try:
        return _read_marked(json.loads(text, object_pairs_hook=Pairs))
    except RecursionError as error:
        raise ValueError("attribute text is nested too deeply") from error


def as_text(value: Value) -> str:
    """The value as a person would type it: what a search compares text with, what Jaeger shows of an array."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bytes():
            return base64.b64encode(value).decode()
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return write_value(value)


def _write_double(value: float) -> str:
    if math.isnan(value):
        return '{"$double":"NaN"}'
    if math.isinf(value):
        return '{"$double":"%sInfinity"}' % ("-" if value < 0 else "")
    return repr(value)


def _write_pairs(pairs: tuple[tuple[str, Value], ...]) -> str:
    return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{write_value(value)}" for key, value in pairs) + "}"


def _escape_marker(pairs: Pairs) -> tuple[tuple[str, Value], ...]:
    if len(pairs) == 1 and _MARKER.fullmatch(pairs[0][0]):
        return (("$" + pairs[0][0], pairs[0][1]),)
    return pairs


def _read_marked(value: Any) -> Value:
    if isinstance(value, list):
        return [_read_marked(item) for item in value]
    if not isinstance(value, Pairs):
        return value  # type: ignore[no-any-return]
    if len(value) != 1 or not _MARKER.fullmatch(value[0][0]):
        return Pairs((key, _read_marked(item)) for key, item in value)
    key, inner = value[0]
    if key in ("$bytes", "$double") and not isinstance(inner, str):
        raise ValueError(f"the value of {key} must be text: {inner!r}")
    if key == "$bytes":
        return base64.b64decode(inner, validate=True)
    if key == "$double":
        return float(inner)
    return Pairs([(key[1:], _read_marked(inner))])
