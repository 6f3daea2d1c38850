"""What can be set: one tree of settings, the same keys in YAML, in the environment and (the frequent ones) as flags.

Order, later wins: what the role begins with, the file, Jaeger's variables, ours, Jaeger's flags, our options. Jaeger's
flags that mean something here are in `jaeger_flags`, our variables in `environment`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from lymer.app.environment import VARIABLES, refuse_unknown
from lymer.app.jaeger_flags import Family
from lymer.app.jaeger_settings import Given, family_of, from_environment, remark_on, settings_of
from lymer.app.jaeger_values import expanded
from lymer.app.roles import ALL_IN_ONE, SECTIONS, Role
from lymer.component.config import (
    ByteSize,
    Config,
    Duration,
    MergedSettings,
    Settings,
    read_config,
    read_yaml,
    set_path,
)
from lymer.component.errors import ConfigError
from lymer.component.logs import LogFormat, LogLevel
from lymer.processors.config import SanitizerConfig
from lymer.sampling.config import SamplingConfig

_COMMAND_LINE = "the command line"

Section = dict[str, Any]
"""Settings that a plugin will check."""


class AdminConfig(Config):
    """Ports that tell how the process is."""

    host: str | None = None
    """The address to listen on; the process's own `host` where it says nothing."""
    port: int = 14269
    """Health, version and metrics, as Jaeger's admin port."""
    status_port: int | None = 13133
    """`/status`, as the Collector's health check; the admin port has it too. None: only that one."""
    agent_port: int | None = 14271
    """The admin port once more, where Jaeger's agent has its own: the all-in-one is an agent too. None: not."""


class LogConfig(Config):
    """How log lines look."""

    format: LogFormat = "auto"
    """`text` for people, `json` for machines; `auto` is text on a terminal."""
    level: LogLevel = "info"
    """The least important level that is written."""


class AppConfig(Config):
    """Every role. Sections of plugins stay settings here and are checked by the plugin that they are for."""

    host: str = "127.0.0.1"
    """The address to listen on; `0.0.0.0` for every network."""
    port_offset: int = 0
    """Added to every port, so that several can run side by side."""
    data_dir: Path = Path("lymer-data")
    """Where spans are kept."""
    ephemeral: bool = False
    """Spans are kept in a temporary folder, which is removed at the end, and not in `data_dir`."""
    memory_limit: ByteSize | None = None
    """How much memory the process may take; buffers, caches and budgets are made to fit. None: their own defaults."""
    retention: Duration | None = None
    """How long spans are kept; None: until the disk is full, or the store's own settings say."""
    store: Section = msgspec.field(default_factory=lambda: {"type": "embedded"})
    """`type`, and the settings of that store."""
    receivers: dict[str, Section | None] = msgspec.field(default_factory=dict)
    """Front doors by type, or `type/label`, each with its settings."""
    api: Section = msgspec.field(default_factory=dict)
    """The APIs and the page: `port`, `base_path`, …"""
    query: Section = msgspec.field(default_factory=dict)
    """How much one question may cost."""
    remote_storage: Section = msgspec.field(default_factory=dict)
    """The store as others ask it over gRPC: `port`, `enabled`, …"""
    forward: Section = msgspec.field(default_factory=dict)
    """Where an agent sends its spans: `collectors`, `spool`, …"""
    resource_attributes: dict[str, str] = msgspec.field(default_factory=dict)
    """Added to the resource of every span that comes in, unless it says the same. `${NAME:default}` is a variable."""
    sanitizer: SanitizerConfig = SanitizerConfig()
    """What a span may look like before it is stored."""
    sampling: SamplingConfig = SamplingConfig()
    """What clients are told about which traces to record."""
    admin: AdminConfig = AdminConfig()
    logs: LogConfig = LogConfig()
    self_tracing: bool = False
    """Whether Lymer sends traces of its own work into itself, as the service `lymer`."""


def merge_settings(
    *,
    file: Path | None,
    environment: Mapping[str, str],
    flags: Settings,
    jaeger_flags: Sequence[Given] = (),
    role: Role = ALL_IN_ONE,
) -> MergedSettings:
    """Settings of all sources, over what the role begins with, with remarks on those that say nothing.

    Raises ConfigError when the file cannot be read, for a variable that nobody knows, and for what must not be ignored.
    """
    refuse_unknown(environment)
    below = MergedSettings(dict(role.defaults))
    in_file = {} if file is None else read_yaml(file, environment)
    below = below.over(in_file, source=str(file))
    variables = from_environment(environment, role)
    layers = _Layers(variables, {name: environment[name] for name in VARIABLES if name in environment}, jaeger_flags)
    merged = layers.over(below, family="").over(flags, source=_COMMAND_LINE)
    given = [*variables, *jaeger_flags]
    family = family_of(given, merged.values.get("store", {}).get("type"), merged.sources.get("store.type"))
    if family in ("badger", "memory"):
        below = below.over({"ephemeral": True}, source=merged.sources["store.type"])
    merged = layers.over(below, family=family).over(flags, source=_COMMAND_LINE)
    merged = _expand_resource_attributes(merged, environment)
    remarks = [remark for item in given if (remark := remark_on(item, family))]
    remarks += [
        f"{section} in {file} says nothing to `lymer {role.name}`"
        for section in in_file
        if section in SECTIONS and not role.has(section)
    ]
    return dataclasses.replace(merged, remarks=tuple(remarks))


def _expand_resource_attributes(merged: MergedSettings, environment: Mapping[str, str]) -> MergedSettings:
    """One whose variable is not set and has no default is left out, as with Jaeger."""
    said = merged.values.get("resource_attributes")
    if not isinstance(said, Mapping):
        return merged
    found = {key: expanded(str(value), environment) for key, value in said.items()}
    kept = {key: value for key, value in found.items() if value is not None}
    return dataclasses.replace(merged, values={**merged.values, "resource_attributes": kept})


@dataclass(frozen=True, slots=True)
class _Layers:
    """What lies between the file and our options."""

    jaeger_variables: Sequence[Given]
    variables: Mapping[str, str]
    jaeger_flags: Sequence[Given]

    def over(self, merged: MergedSettings, *, family: Family) -> MergedSettings:
        merged = _over_given(merged, self.jaeger_variables, family)
        for name, text in self.variables.items():
            settings: dict[str, Any] = {}
            set_path(settings, VARIABLES[name], text)
            merged = merged.over(settings, source=name)
        return _over_given(merged, self.jaeger_flags, family)


def _over_given(merged: MergedSettings, given: Sequence[Given], family: Family) -> MergedSettings:
    for item in given:
        if item.flag.family in ("", family):
            merged = merged.over(settings_of(item), source=item.source)
    return merged


def read_app_config(merged: MergedSettings) -> AppConfig:
    """The checked configuration; sections of plugins are checked when the plugins are made. Raises ConfigError."""
    config = read_config(AppConfig, merged.values, sources=merged.sources)
    if not 0 <= config.port_offset <= 48_000:
        raise ConfigError(f"port_offset: must be from 0 to 48000, not {config.port_offset}")
    if config.memory_limit is not None and config.memory_limit < MEMORY_LIMIT_MIN:
        raise ConfigError(
            f"memory_limit: must be at least {MEMORY_LIMIT_MIN >> 20}MiB, not {config.memory_limit} bytes"
        )
    return config


MEMORY_LIMIT_MIN = 256 << 20
"""Python, Arrow and the servers take the half of this before the first span comes."""


def _is_known(paths: str, role: Role) -> bool:
    """Whether a variable says anything to the role: processes of several roles may share an environment."""
    section = paths.partition(".")[0]
    return section == paths or section in ("logs", "admin") or role.has(section)
