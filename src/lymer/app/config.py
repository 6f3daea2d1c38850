"""What can be set: one tree of settings, the same keys in YAML, in the environment and (the frequent ones) as flags.

Order, later wins: defaults, the file, the environment, flags. The environment has a twin `LYMER_<KEY>` of every
frequent setting, and those of Jaeger's variables that mean the same thing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from lymer.app.roles import ALL_IN_ONE, Role
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

Section = dict[str, Any]
"""Settings that a plugin will check."""


class AdminConfig(Config):
    """Ports that tell how the process is."""

    port: int = 14269
    """Health, version and metrics, as Jaeger's admin port."""
    status_port: int | None = 13133
    """`/status`, as the Collector's health check; the admin port has it too. None: only that one."""


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
    sanitizer: SanitizerConfig = SanitizerConfig()
    """What a span may look like before it is stored."""
    sampling: SamplingConfig = SamplingConfig()
    """What clients are told about which traces to record."""
    admin: AdminConfig = AdminConfig()
    logs: LogConfig = LogConfig()
    self_tracing: bool = False
    """Whether Lymer sends traces of its own work into itself, as the service `lymer`."""


JAEGER_VARIABLES: Mapping[str, str] = {
    "SPAN_STORAGE_TYPE": "store.type",
    "QUERY_BASE_PATH": "api.base_path",
    "COLLECTOR_OTLP_ENABLED": "receivers.otlp_grpc.enabled receivers.otlp_http.enabled",
    "COLLECTOR_OTLP_HTTP_CORS_ALLOWED_ORIGINS": "receivers.otlp_http.cors.allowed_origins",
    "COLLECTOR_OTLP_HTTP_CORS_ALLOWED_HEADERS": "receivers.otlp_http.cors.allowed_headers",
    "JAEGER_LISTEN_HOST": "host",
    "LOG_LEVEL": "logs.level",
}
"""Jaeger's environment variables that mean the same here, and the keys that they set."""

LYMER_VARIABLES: Mapping[str, str] = {
    "LYMER_HOST": "host",
    "LYMER_PORT_OFFSET": "port_offset",
    "LYMER_DATA_DIR": "data_dir",
    "LYMER_MEMORY_LIMIT": "memory_limit",
    "LYMER_RETENTION": "retention",
    "LYMER_STORAGE": "store.type",
    "LYMER_BASE_PATH": "api.base_path",
    "LYMER_LOG_FORMAT": "logs.format",
    "LYMER_LOG_LEVEL": "logs.level",
    "LYMER_SELF_TRACING": "self_tracing",
}
"""Our own, which win over Jaeger's."""

_LISTS = ("allowed_origins", "allowed_headers")


def merge_settings(
    *, file: Path | None, environment: Mapping[str, str], flags: Settings, role: Role = ALL_IN_ONE
) -> MergedSettings:
    """Settings of all sources, over what the role begins with. Raises ConfigError when the file cannot be read."""
    merged = MergedSettings(dict(role.defaults))
    if file is not None:
        merged = merged.over(read_yaml(file, environment), source=str(file))
    for variables in (JAEGER_VARIABLES, LYMER_VARIABLES):
        merged = _over_environment(merged, variables, environment)
    return merged.over(flags, source="the command line")


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


def _over_environment(
    merged: MergedSettings, variables: Mapping[str, str], environment: Mapping[str, str]
) -> MergedSettings:
    for name, paths in variables.items():
        if name not in environment:
            continue
        settings: dict[str, Any] = {}
        for path in paths.split():
            set_path(settings, path, _value(path, environment[name]))
        merged = merged.over(settings, source=name)
    return merged


def _value(path: str, text: str) -> Any:
    if path.endswith(_LISTS):
        return [item.strip() for item in text.split(",") if item.strip()]
    return text
