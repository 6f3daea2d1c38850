"""Texts of the environment as values. Each function raises ValueError for what it cannot read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

Parse = Callable[[Any], Any]
_DURATION = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_BOOLS = {"true": True, "1": True, "yes": True, "t": True, "false": False, "0": False, "no": False, "f": False}


def boolean(value: Any) -> bool:
    """`true` or `false`, `1` or `0`."""
    if isinstance(value, bool):
        return value
    known = _BOOLS.get(str(value).strip().lower())
    if known is None:
        raise ValueError(f"{value!r} is neither true nor false")
    return known


def negated(value: Any) -> bool:
    """The opposite: for variables that say what is off."""
    return not boolean(value)


def text(value: Any) -> str:
    """Any text but an empty one."""
    found = str(value).strip()
    if not found:
        raise ValueError("it is empty")
    return found


def address(value: Any) -> str:
    """`http://host:port/path`, https, or a bare `host:port`."""
    found = text(value)
    parts = urlsplit(found if "://" in found else f"http://{found}")
    if parts.scheme not in ("http", "https", "grpc", "grpcs") or not parts.hostname or parts.port == 0:
        raise ValueError(f"{value!r} is no http://host:port")
    return found


def count(value: Any) -> int:
    """A whole number from 0."""
    found = int(str(value).strip())
    if found < 0:
        raise ValueError(f"{found} is negative")
    return found


def number(value: Any) -> float:
    """A number from 0."""
    found = float(value)
    if not 0 <= found < float("inf"):
        raise ValueError(f"{value!r} is no number from 0")
    return found


def seconds(value: Any) -> float:
    """A number of seconds, or Go's durations (`1m30s`, `500ms`)."""
    given = str(value).strip()
    try:
        return number(given)
    except ValueError:
        pass
    parts = _DURATION.findall(given)
    if not parts or "".join(amount + unit for amount, unit in parts) != given:
        raise ValueError(f"{value!r} is no duration such as 1.5, 10s or 500ms")
    return sum(float(amount) * _SECONDS[unit] for amount, unit in parts)


def milliseconds(value: Any) -> float:
    """A number of milliseconds, as seconds."""
    return number(value) / 1000


def names(value: Any) -> tuple[str, ...]:
    """`a,b` or a sequence of names."""
    given = value.split(",") if isinstance(value, str) else value
    return tuple(str(name).strip() for name in given if str(name).strip())


def pairs(value: Any) -> dict[str, Any]:
    """`key=value,key2=value2`, percent-encoded values; or a mapping."""
    if isinstance(value, Mapping):
        return dict(value)
    items = [item.partition("=") for item in str(value).split(",") if item.strip()]
    if any(not equals or not key.strip() for key, equals, _ in items):
        raise ValueError(f"{value!r} is not key=value,key2=value2")
    return {key.strip(): unquote(content.strip()) for key, _, content in items}


def one_of(*choices: str) -> Parse:
    """One of these words."""

    def parse(value: Any) -> str:
        found = text(value).lower()
        if found not in choices:
            raise ValueError(f"{value!r} is none of {', '.join(choices)}")
        return found

    return parse


def referred(value: Any, environment: Mapping[str, str]) -> Any:
    """What `${VARIABLE:default}` stands for; anything else is itself."""
    if not (isinstance(value, str) and value.startswith("${") and value.endswith("}")):
        return value
    name, _, default = value[2:-1].partition(":")
    return environment.get(name, default)
