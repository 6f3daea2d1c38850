"""Parameters of a query string, read as Go reads them, complaints included.

Jaeger's clients show its error texts and some match them, so the words of Go's `strconv`, `time` and `encoding/json`
are repeated here. Not here: what the parameters mean (`jaeger_v1`, `jaeger_v3`, `native`).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar
from urllib.parse import parse_qsl

import msgspec

from lymer.component.errors import BadQueryError
from lymer.model.ids import TRACE_ID_BYTES

T = TypeVar("T")

_INT64: Final = (-(2**63), 2**63 - 1)
_INT32: Final = (-(2**31), 2**31 - 1)
_BOOLS: Final = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}
_NANOS: Final = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_DURATION_PART: Final = re.compile(r"(\d*)(\.\d*)?([^\d.]*)")
_RFC3339: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)")
_RFC3339_LAYOUT: Final = "2006-01-02T15:04:05.999999999Z07:00"


class Parameters:
    """The parameters of one request; an empty one counts as absent, as in Go's `FormValue`."""

    def __init__(self, query_string: bytes | str) -> None:
        text = query_string.decode("latin-1") if isinstance(query_string, bytes) else query_string
        self._values: dict[str, list[str]] = {}
        for name, value in parse_qsl(text, keep_blank_values=True, errors="replace"):
            self._values.setdefault(name, []).append(value)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, *names: str) -> str:
        """The first value that is not empty among these names, else the empty string."""
        return self.named(*names)[0]

    def named(self, *names: str) -> tuple[str, str]:
        """The same, and the name that it came by (the last name when there is none)."""
        for name in names:
            if value := self._values.get(name, [""])[0]:
                return value, name
        return "", names[-1]

    def texts(self, name: str) -> list[str]:
        """All values of the name, in order."""
        return self._values.get(name, [])

    def read(self, name: str, parse: Callable[[str], T], default: T) -> T:
        """The value parsed, or the default where it is absent. Raises BadQueryError in the words of Jaeger's v1 API."""
        text = self.text(name)
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as error:
            raise BadQueryError(f"unable to parse param '{name}': {error}") from error


def parse_int(text: str, bounds: tuple[int, int] = _INT64, function: str = "ParseInt") -> int:
    """A decimal integer as Go's `strconv.ParseInt` takes it. Raises ValueError in its words."""
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise ValueError(f"strconv.{function}: parsing {_quoted(text)}: invalid syntax")
    number = _bounded_int(text)
    if not bounds[0] <= number <= bounds[1]:
        raise ValueError(f"strconv.{function}: parsing {_quoted(text)}: value out of range")
    return number


def parse_int32(text: str) -> int:
    """The same for 32 bits."""
    return parse_int(text, _INT32)


def parse_atoi(text: str) -> int:
    """The same as Go's `strconv.Atoi` names it."""
    return parse_int(text, function="Atoi")


def parse_bool(text: str) -> bool:
    """A bool as Go's `strconv.ParseBool` takes it. Raises ValueError in its words."""
    try:
        return _BOOLS[text]
    except KeyError:
        raise ValueError(f"strconv.ParseBool: parsing {_quoted(text)}: invalid syntax") from None


def parse_float(text: str) -> float:
    """A number as Go's `strconv.ParseFloat` takes it. Raises ValueError in its words."""
    try:
        return float(text.replace("_", "x"))
    except ValueError:
        raise ValueError(f"strconv.ParseFloat: parsing {_quoted(text)}: invalid syntax") from None


def parse_duration(text: str) -> int:
    """Nanoseconds of a duration such as `1.2s`, as `time.ParseDuration` takes it. Raises ValueError in its words."""
    sign, rest = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    if rest == "0":
        return 0
    if not rest:
        raise ValueError(f"time: invalid duration {_quoted(text)}")
    total = 0
    while rest:
        part = _DURATION_PART.match(rest)
        assert part is not None
        total += _duration_part(text, part)
        rest = rest[part.end() :]
    if not -(2**63) <= sign * total <= 2**63 - 1:
        raise ValueError(f"time: invalid duration {_quoted(text)}")
    return sign * total


def parse_rfc3339(text: str) -> int:
    """Nanoseconds since 1970 of a time such as `2026-11-21T09:00:00.5Z`. Raises ValueError in Go's words, roughly."""
    match = _RFC3339.fullmatch(text)
    try:
        if not match:
            raise ValueError
        whole = datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00"))
    except ValueError:
        raise ValueError(
            f'parsing time {_quoted(text)} as "{_RFC3339_LAYOUT}": cannot parse {_quoted(text)} as "2006"'
        ) from None
    since = whole - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86400 + since.seconds) * 10**9 + int((match[2] or "0")[:9].ljust(9, "0"))


def parse_text_map(text: str) -> dict[str, str]:
    """A JSON object of text to text. Raises ValueError, much as Go's `encoding/json` would."""
    try:
        return msgspec.json.decode(text, type=dict[str, str])
    except msgspec.ValidationError:
        kind = type(msgspec.json.decode(text)).__name__
        found = {"list": "array", "int": "number", "float": "number", "str": "string"}.get(kind, "value")
        raise ValueError(f"json: cannot unmarshal {found} into Go value of type map[string]string") from None
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None


def parse_trace_id(text: str) -> bytes:
    """A trace id of up to 32 hex digits as Jaeger takes it; zeros are an id that no trace has. Raises ValueError."""
    if len(text) > 2 * TRACE_ID_BYTES:
        raise ValueError(f"TraceID cannot be longer than 32 hex characters: {text}")
    halves = (text[:-16], text[-16:]) if len(text) > 16 else (text,)
    for half in halves:
        if not re.fullmatch(r"[0-9a-fA-F]+", half):
            raise ValueError(f"strconv.ParseUint: parsing {_quoted(half)}: invalid syntax")
    return bytes.fromhex(text.rjust(2 * TRACE_ID_BYTES, "0"))


def parse_trace_id_or_base64(text: str) -> bytes:
    """A trace id as hex, else as base64 of any of its four spellings. Raises ValueError that speaks of hex."""
    try:
        return parse_trace_id(text)
    except ValueError:
        if len(text) > 24 or not re.fullmatch(r"[A-Za-z0-9+/_-]+={0,2}", text):
            raise
        return _base64_trace_id(text)


def _base64_trace_id(text: str) -> bytes:
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        value = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        raise ValueError(f"strconv.ParseUint: parsing {_quoted(text)}: invalid syntax") from None
    if len(value) not in (8, TRACE_ID_BYTES):
        raise ValueError("invalid length for TraceID")
    return value.rjust(TRACE_ID_BYTES, b"\0")


def _duration_part(text: str, part: re.Match[str]) -> int:
    whole, fraction, unit = part[1], (part[2] or "")[1:], part[3]
    if not whole and not fraction:
        raise ValueError(f"time: invalid duration {_quoted(text)}")
    if not unit:
        raise ValueError(f"time: missing unit in duration {_quoted(text)}")
    if unit not in _NANOS:
        raise ValueError(f"time: unknown unit {_quoted(unit)} in duration {_quoted(text)}")
    if len(whole) > 19:
        raise ValueError(f"time: invalid duration {_quoted(text)}")
    scale = _NANOS[unit]
    return int(whole or 0) * scale + (int(fraction[:18]) * scale // 10 ** len(fraction[:18]) if fraction else 0)


def _bounded_int(text: str) -> int:
    digits = text.lstrip("+-").lstrip("0")
    return int(text) if len(digits) < 30 else (-(10**30) if text.startswith("-") else 10**30)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
