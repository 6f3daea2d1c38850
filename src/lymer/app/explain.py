"""What is set, and why: every value of a role with its source; and what becomes of each of Jaeger's flags.

Sections of plugins are shown with the plugin's own defaults, so that nothing is left to guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from lymer.api.config import ApiConfig
from lymer.app import jaeger_values
from lymer.app.budgets import divide
from lymer.app.config import AppConfig
from lymer.app.jaeger_flags import MEANT, JaegerFlag
from lymer.app.jaeger_flags_unused import UNUSED
from lymer.app.roles import Role
from lymer.component import registry
from lymer.component.config import ByteSize, Duration, MergedSettings

DEFAULT: Final = "default"

_SECTION_OF: Final = {"ephemeral": "store", "retention": "store"}
"""Keys at the top that say something to roles with this section alone."""

_PLAIN: Final = frozenset({"host", "port_offset", "data_dir", "memory_limit", "admin", "logs"})
"""What every role has."""

_PLACES: Final = (jaeger_values.host_port, jaeger_values.port)
_PARTS: Final = ("host", "port")
"""What a flag for a place sets below its key."""


def explain(role: Role, config: AppConfig, merged: MergedSettings) -> str:
    """A line for each setting of the role: key, value, where it comes from. Raises ConfigError."""
    derived = _derived(role, config)
    causes = {path: cause for cause, settings in derived.items() for path, _ in _leaves(settings, "")}
    rows = [
        (path, _text(value), _source(path, merged, role, causes))
        for path, value in _leaves(_tree(role, config, derived), "")
    ]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "".join(
        f"{path:<{widths[0]}}  {value:<{widths[1]}}  {source}".rstrip() + "\n" for path, value, source in rows
    )


def jaeger_page() -> str:
    """The table of Jaeger's flags in Markdown."""
    lines = ["| Jaeger's flag | sets | |", "| --- | --- | --- |"]
    lines += [_flag_line(flag) for flag in (*MEANT, *UNUSED)]
    return "\n".join(lines) + "\n"


def _flag_line(flag: JaegerFlag) -> str:
    name = flag.variable if flag.variable_only else f"--{flag.name}"
    set_keys = [f"{key}.{part}" for key in flag.keys for part in _PARTS] if flag.read in _PLACES else flag.keys
    keys = ", ".join(f"`{key}`" for key in set_keys) or ("stops the start" if flag.refused else "nothing")
    only = f"with SPAN_STORAGE_TYPE={flag.family}" if flag.family else ""
    return f"| `{name}` | {keys} | {'; '.join(part for part in (flag.reason, only) if part)} |"


def _derived(role: Role, config: AppConfig) -> dict[str, dict[str, Any]]:
    """What general settings make of particular ones, where nobody has said those: by the key of the general one."""
    budgets = divide(config.memory_limit)
    found: dict[str, dict[str, Any]] = {"memory_limit": {}, "retention": {}}
    kind: Any = registry.find("stores", str(config.store.get("type", "embedded"))) if role.has("store") else None
    if hasattr(kind, "settings_for"):
        if budgets.store_bytes is not None:
            found["memory_limit"]["store"] = kind.settings_for(memory_bytes=budgets.store_bytes)
        if config.retention is not None:
            found["retention"]["store"] = kind.settings_for(retention_s=config.retention)
    if role.has("query") and budgets.query_bytes is not None:
        found["memory_limit"]["query"] = {"memory_bytes_max": ByteSize(budgets.query_bytes)}
    return found


def _tree(role: Role, config: AppConfig, derived: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """All settings as they hold, plugins' defaults filled in."""
    whole = msgspec.structs.asdict(config)
    tree = {key: value for key, value in whole.items() if key in _PLAIN or role.has(_SECTION_OF.get(key, key))}
    if "store" in tree:
        tree["store"] = _store(config.store, [settings.get("store", {}) for settings in derived.values()])
    if "receivers" in tree:
        tree["receivers"] = {key: _receiver(key, given or {}) for key, given in config.receivers.items()}
    for section, kind in _kinds().items():
        if section in tree:
            general = derived["memory_limit"].get(section, {})
            tree[section] = _over(_filled(kind, general), tree[section])
    return tree


def _kinds() -> Mapping[str, Any]:
    from lymer.api.remote_storage import RemoteStorageConfig
    from lymer.exporters.config import ForwardConfig
    from lymer.query.admission import QueryConfig

    return {"api": ApiConfig, "query": QueryConfig, "remote_storage": RemoteStorageConfig, "forward": ForwardConfig}


def _store(given: Mapping[str, Any], general: list[dict[str, Any]]) -> dict[str, Any]:
    name = str(given.get("type", "embedded"))
    kind = getattr(registry.find("stores", name), "config_type", None)
    settings: dict[str, Any] = {}
    for said in (*general, {key: value for key, value in given.items() if key != "type"}):
        settings = _over(settings, said)
    return {"type": name, **(_filled(kind, settings) if kind else settings)}


def _receiver(key: str, given: Mapping[str, Any]) -> dict[str, Any]:
    return _filled(registry.find("receivers", key.partition("/")[0]).config_type, given)


def _filled(kind: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given over the defaults of the kind, unread: this shows mistakes, it does not refuse them."""
    return _over(_defaults(kind), given)


def _over(under: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(under)
    for key, value in given.items():
        below = both.get(key)
        if isinstance(below, msgspec.Struct):
            below = msgspec.structs.asdict(below)
        both[key] = _over(below, value) if isinstance(below, dict) and isinstance(value, Mapping) else value
    return both


def _defaults(kind: Any) -> dict[str, Any]:
    if is_dataclass(kind):
        return {item.name: item.default for item in fields(kind) if item.default is not MISSING}
    found = {}
    for item in msgspec.structs.fields(kind):
        if item.default is not msgspec.NODEFAULT:
            found[item.name] = item.default
        elif item.default_factory is not msgspec.NODEFAULT:
            found[item.name] = item.default_factory()
    return found


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def _text(value: Any) -> str:
    """As one would write it in YAML."""
    match value:
        case None:
            return "-"
        case bool():
            return "true" if value else "false"
        case ByteSize():
            return _bytes(value)
        case Duration():
            return _duration(value)
        case Path():
            return str(value)
        case list() | tuple():
            return "[" + ", ".join(map(str, value)) + "]"
        case Mapping():
            return "{}"
    return str(value) or '""'


def _duration(seconds: float) -> str:
    for length, unit in ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        if seconds and seconds % length == 0:
            return f"{seconds / length:g}{unit}"
    return f"{seconds * 1000:g}ms" if seconds else "0"


def _bytes(count: int) -> str:
    for shift, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if count and count % (1 << shift) == 0:
            return f"{count >> shift}{unit}"
    return str(count)


def _source(path: str, merged: MergedSettings, role: Role, causes: Mapping[str, str]) -> str:
    if path in merged.sources:
        return merged.sources[path]
    if path in causes:
        return causes[path]
    value: Any = role.defaults
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return DEFAULT
        value = value[key]
    return f"lymer {role.name}"
