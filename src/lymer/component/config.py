"""Configuration: settings from several sources, merged, then checked once into frozen values.

Settings are nested dicts with lower_snake_case keys, the same in YAML, environment and flags. Later sources win; every
value remembers where it came from, so that an error names the path of the key and its source. Not here: which settings
there are (each component's Config class), and reading the process environment (`app` hands it in).
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, dataclass_transform

import msgspec

from lymer.component.errors import ConfigError

Settings = Mapping[str, Any]


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every configuration: frozen, by keyword, unknown keys refused."""


C = TypeVar("C")


class ByteSize(int):
    """A number of bytes; written `1048576`, `64KiB`, `512MB`, `2GiB`."""


class Duration(float):
    """Seconds; written `30`, `250ms`, `10s`, `5m`, `72h`, `7d`."""


@dataclass(frozen=True, slots=True)
class MergedSettings:
    """Settings of all sources as one tree, and for every leaf's path the source that won."""

    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    """What a person should know of settings that were given and say nothing."""

    def over(self, settings: Settings, *, source: str) -> MergedSettings:
        """These settings laid over what is here."""
        sources = dict(self.sources)
        return MergedSettings(_merge(self.values, settings, "", source, sources), sources, self.remarks)


def read_config(kind: type[C], settings: Settings, *, path: str = "", sources: Mapping[str, str] | None = None) -> C:
    """The settings as a checked, frozen configuration: a Config, or a dataclass without others inside.

    Raises ConfigError that begins with the path of the bad key.
    """
    try:
        if is_dataclass(kind):
            _refuse_unknown(kind, settings)
        return msgspec.convert(settings, kind, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        where, what = _explain(str(error), kind)
        full = ".".join(part for part in (path, where) if part)
        raise ConfigError(f"{full or 'configuration'}: {what}{_source_note(full, sources or {})}") from error


def read_yaml(file: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings of a YAML file, `${env:NAME}` and `${env:NAME:-default}` in values replaced. Raises ConfigError."""
    import yaml  # Here, because most starts have no file and pay nothing.

    try:
        settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: is not YAML: {' '.join(str(error).split())}") from error
    if settings is None:
        return {}
    if not isinstance(settings, dict):
        raise ConfigError(f"{file}: must hold keys and values at its top")
    return {key: _expand(value, environment, str(key)) for key, value in settings.items()}


def set_path(settings: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a dotted path, making what is between."""
    *parents, last = path.split(".")
    for key in parents:
        settings = settings.setdefault(key, {})
    settings[last] = value


def parse_bytes(text: str) -> ByteSize:
    """Bytes from text such as `512MiB`. Raises ValueError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(B|[KMGT](?:i?B)?)?", text.strip(), re.IGNORECASE)
    if not match:
        raise ValueError(f"not a size: {text!r}; write for example 512MiB")
    unit = (match[2] or "B").upper()
    base = 1000 if len(unit) == 2 else 1024
    return ByteSize(float(match[1]) * base ** " KMGT".index(unit[0].replace("B", " ")))


def parse_duration(text: str) -> Duration:
    """Seconds from text such as `72h`. Raises ValueError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)?", text.strip())
    if not match:
        raise ValueError(f"not a duration: {text!r}; write for example 30s, 72h or 7d")
    seconds = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[match[2] or "s"]
    return Duration(float(match[1]) * seconds)


def _merge(under: Settings, over: Settings, path: str, source: str, sources: dict[str, str]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            below = merged.get(key)
            merged[key] = _merge(below if isinstance(below, Mapping) else {}, value, here, source, sources)
        else:
            merged[key] = value
            sources[here] = source
    return merged


def _decode(kind: type, value: Any) -> Any:
    if kind is ByteSize:
        return parse_bytes(value) if isinstance(value, str) else ByteSize(_not_negative(value))
    if kind is Duration:
        return parse_duration(value) if isinstance(value, str) else Duration(_not_negative(value))
    if kind is Path and isinstance(value, str | os.PathLike):
        return Path(value)
    raise ValueError(f"expected {kind.__name__.lower()}, got {type(value).__name__}")


def _not_negative(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise ValueError(f"must be a number with or without a unit, not negative: {value!r}")
    return value


def _expand(value: Any, environment: Mapping[str, str], path: str) -> Any:
    if isinstance(value, dict):
        return {key: _expand(item, environment, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, environment, f"{path}[{index}]") for index, item in enumerate(value)]
    if not isinstance(value, str):
        return value
    return re.sub(
        r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}",
        lambda match: _variable(match[1], match[2], environment, path),
        value,
    )


def _variable(name: str, default: str | None, environment: Mapping[str, str], path: str) -> str:
    if name in environment:
        return environment[name]
    if default is None:
        raise ConfigError(f"{path}: the environment has no {name}; set it, or write ${{env:{name}:-default}}")
    return default


def _refuse_unknown(kind: Any, settings: Settings) -> None:
    """What msgspec does for its own structs, in its own words."""
    unknown = settings.keys() - {item.name for item in fields(kind)}
    if unknown:
        raise msgspec.ValidationError(f"Object contains unknown field `{min(unknown)}`")


def _explain(message: str, kind: type) -> tuple[str, str]:
    what, _, place = message.partition(" - at `$")
    where = place.rstrip("`").lstrip(".")
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", what)
    if not unknown:
        return where, what[:1].lower() + what[1:]
    known = _fields_at(kind, where)
    close = difflib.get_close_matches(unknown[1], known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known are: {', '.join(known)}"
    return ".".join(part for part in (where, unknown[1]) if part), f"unknown key; {hint}"


def _fields_at(kind: Any, where: str) -> list[str]:
    if is_dataclass(kind):
        return [item.name for item in fields(kind)]
    for name in [part for part in where.split(".") if part]:
        types = {item.encode_name: item.type for item in msgspec.structs.fields(kind)}
        kind = _struct_in(types.get(name))
        if kind is None:
            return []
    return [item.encode_name for item in msgspec.structs.fields(kind)]


def _struct_in(annotation: Any) -> Any:
    candidates = (annotation, *getattr(annotation, "__args__", ()))
    return next((item for item in candidates if isinstance(item, type) and issubclass(item, msgspec.Struct)), None)


def _source_note(path: str, sources: Mapping[str, str]) -> str:
    source = sources.get(path) or next((name for key, name in sources.items() if key.startswith(f"{path}.")), None)
    return f" (from {source})" if source else ""
