"""How the text of Jaeger's flags is read: as Go reads it, into values of our keys. Each raises ValueError."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Reader = Callable[[str, str], dict[str, Any]]
"""From a key and a text to dotted keys and values; no keys where the text says nothing."""

_BOOLEANS: Final = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}
_UNITS_S: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_LEVELS: Final = {
    "debug": "debug", "info": "info", "warn": "warning", "warning": "warning", "error": "error",
    "dpanic": "error", "panic": "error", "fatal": "error",
}  # fmt: skip
_FORMATS: Final = {"json": "json", "console": "text"}

EVERY_ADDRESS: Final = "0.0.0.0"  # noqa: S104  What Go means by a port without a host.


def text(key: str, value: str) -> dict[str, Any]:
    """The text itself; the key's own type reads it further."""
    return {key: value}


def switch(key: str, value: str) -> dict[str, Any]:
    """True or false."""
    return {key: boolean(value)}


def boolean(value: str) -> bool:
    """As Go's ParseBool."""
    if value not in _BOOLEANS:
        raise ValueError(f"must be true or false, not {value!r}")
    return _BOOLEANS[value]


def is_boolean(value: str) -> bool:
    """Whether it is one."""
    return value in _BOOLEANS


def host_port(key: str, value: str) -> dict[str, Any]:
    """`host:port`, `:port` for every address, or a port alone."""
    host, colon, number = value.strip().rpartition(":")
    if not number.isdigit() or not int(number) < 65536 or (":" in host and not host.startswith("[")):
        raise ValueError(f"must be host:port or :port, not {value!r}")
    return {f"{key}.host": host.strip("[]") if colon and host else EVERY_ADDRESS, f"{key}.port": int(number)}


def port(key: str, value: str) -> dict[str, Any]:
    """A port of every address; 0 was its default and says nothing."""
    return {} if value.strip() == "0" else host_port(key, f":{value.strip()}")


def items(key: str, value: str) -> dict[str, Any]:
    """A list with commas."""
    return {key: [item.strip() for item in value.split(",") if item.strip()]}


def tags(key: str, value: str) -> dict[str, Any]:
    """`key=value` with commas between; of a value that is a variable `expanded` makes text."""
    found = {}
    for pair in value.replace("\n", ",").split(","):
        name, equals, content = pair.partition("=")
        if not equals or not name.strip():
            raise ValueError(f"must be like key=value,key=${{VARIABLE:default}}, not {pair!r}")
        found[name.strip()] = content.strip()
    return {key: found}


def expanded(value: str, environment: Mapping[str, str]) -> str | None:
    """What `${VARIABLE}` or `${VARIABLE:default}` says, None where it says nothing; any other text is itself."""
    if not (value.startswith("${") and value.endswith("}")):
        return value
    name, colon, default = value[2:-1].partition(":")
    found = environment.get(name) or default
    return found if found or colon else None


def headers(key: str, value: str) -> dict[str, Any]:
    """`Name: value`, one a line."""
    found = {}
    for line in filter(None, (line.strip() for line in value.splitlines())):
        name, colon, content = line.partition(":")
        if not colon or not name.strip():
            raise ValueError(f"must be like 'Name: value', not {line!r}")
        found[name.strip()] = content.strip()
    return {key: found}


def duration(key: str, value: str) -> dict[str, Any]:
    """Go's `72h0m0s`."""
    return {key: seconds(value)}


def seconds(value: str) -> float:
    """Go's duration as seconds."""
    value = value.strip()
    if value == "0":
        return 0.0
    parts = re.findall(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)", value)
    if not parts or "".join(number + unit for number, unit in parts) != value:
        raise ValueError(f"must be a duration such as 30s or 1h30m, not {value!r}")
    return sum(float(number) * _UNITS_S[unit] for number, unit in parts)


def unless_zero(key: str, value: str) -> dict[str, Any]:
    """A number, of which 0 says nothing."""
    return {} if value.strip() == "0" else {key: value}


def log_level(key: str, value: str) -> dict[str, Any]:
    """One of zap's levels."""
    return {key: _one_of(_LEVELS, value.lower())}


def log_format(key: str, value: str) -> dict[str, Any]:
    """json or console."""
    return {key: _one_of(_FORMATS, value)}


def storage_type(key: str, value: str) -> dict[str, Any]:
    """Jaeger's own stores that need no server are ours that needs none."""
    return {key: "embedded" if value in ("badger", "memory") else value}


def _one_of(known: dict[str, str], value: str) -> str:
    if value not in known:
        raise ValueError(f"must be one of {', '.join(known)}, not {value!r}")
    return known[value]
