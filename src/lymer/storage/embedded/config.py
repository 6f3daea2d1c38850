"""The embedded store's settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec

from lymer.component.config import ByteSize, Config, Duration, Settings, read_config
from lymer.component.errors import ConfigError

MIB = 1 << 20

_TENANT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

Count = Annotated[int, msgspec.Meta(ge=0)]


class LogConfig(Config):
    """The write-ahead log."""

    file_bytes: ByteSize = ByteSize(64 * MIB)
    """Size of a full-grown log file; the first ones of a tenant are smaller."""
    group_bytes_max: ByteSize = ByteSize(1 * MIB)
    """How many bytes are made durable by one sync, at most; a single larger request is a group of its own."""
    queue_bytes_max: ByteSize = ByteSize(32 * MIB)
    """How many bytes may wait for the log before writers wait."""
    bytes_max: ByteSize = ByteSize(1024 * MIB)
    """A longer log is shortened by sealing traces that are still young."""


class SealConfig(Config):
    """When the open buffer becomes a segment."""

    spans: int = 500_000
    """At so many spans."""
    age: Duration = Duration(600.0)
    """When its oldest span has waited so long."""
    idle: Duration = Duration(10.0)
    """A trace without a span for so long is taken for complete; younger ones stay in the buffer. Shrinks under load."""


class RetentionConfig(Config):
    """How long traces are kept, counted from when they were stored. Whole segments go, oldest first."""

    age: Duration = Duration(14 * 86_400.0)
    """0 keeps them for ever."""
    bytes_max: ByteSize = ByteSize(0)
    """Of segments, for each tenant; 0 is no limit."""


class LimitsConfig(Config):
    """What each tenant may take. A write beyond it is refused as retryable. 0 is no limit of its own."""

    memory_bytes_max: ByteSize = ByteSize(0)
    """As the store's `memory_bytes_max`, of the tenant's spans alone. They are sealed from a half of it on."""
    spans_per_s_max: Count = 0
    bytes_per_s_max: ByteSize = ByteSize(0)
    """Of requests, decompressed."""


class TenantConfig(Config):
    """What differs for one tenant; what is not said is as `retention` and `limits` have it for all."""

    age: Duration | None = None
    bytes_max: ByteSize | None = None
    memory_bytes_max: ByteSize | None = None
    spans_per_s_max: Count | None = None
    bytes_per_s_max: ByteSize | None = None


class CompactionConfig(Config):
    """Small segments are made into larger ones in the background."""

    enabled: bool = True
    segments: int = 8
    """So many of about the same size become one."""
    spans_max: int = 100_000
    """Larger ones are left alone."""
    bytes_max: ByteSize = ByteSize(48 * MIB)
    """Of the files that are merged at once. A merge holds all their spans, which take four to five times as much."""


class EmbeddedConfig(Config):
    """All settings of the embedded store."""

    memory_bytes_max: ByteSize = ByteSize(256 * MIB)
    """For spans that are not in a segment yet: waiting for the log, in open buffers, being sealed; of all tenants."""
    wait: Duration = Duration(10.0)
    """How long a write waits for room before it is refused as retryable."""
    page_cache_bytes: ByteSize = ByteSize(64 * MIB)
    """For decoded pages of segments."""
    query_threads: int = 2
    """How many reads run at once; the others wait."""
    disk_free_bytes_min: ByteSize = ByteSize(128 * MIB)
    """Writes are refused while the disk has less room than this."""
    reserve_bytes: ByteSize = ByteSize(8 * MIB)
    """A file of this size is given up when the disk is full, so that there is room to clean up."""
    tenants_max: int = 100
    strict: bool = False
    """Do not start when something is damaged; otherwise the damage is named and the rest is served."""
    background: bool = True
    """Seal, compact and expire on its own; without it only when asked to."""
    log: LogConfig = LogConfig()
    seal: SealConfig = SealConfig()
    retention: RetentionConfig = RetentionConfig()
    limits: LimitsConfig = LimitsConfig()
    compaction: CompactionConfig = CompactionConfig()
    tenants: dict[str, TenantConfig] = msgspec.field(default_factory=dict)
    """Retention and limits of tenants that differ."""

    def retention_of(self, tenant: str) -> RetentionConfig:
        """How long this tenant's traces are kept."""
        return _over(self.retention, self.tenants.get(tenant))

    def limits_of(self, tenant: str) -> LimitsConfig:
        """What this tenant may take."""
        return _over(self.limits, self.tenants.get(tenant))


C = TypeVar("C", RetentionConfig, LimitsConfig)


def read_embedded_config(settings: Settings, *, path: str) -> EmbeddedConfig:
    """The settings, checked. Raises ConfigError that begins with the path of the bad key, the tenant's name in it."""
    tenants = settings.get("tenants")
    for name, tenant in tenants.items() if isinstance(tenants, Mapping) else ():
        here = f"{path}.tenants.{name}"
        if fault := fault_of_name(str(name)):
            raise ConfigError(f"{here}: {fault}")
        read_config(TenantConfig, tenant, path=here)
    return read_config(EmbeddedConfig, settings, path=path)


def fault_of_name(tenant: str) -> str:
    """Why this cannot be a tenant's name, which is a folder's too; empty when it can."""
    if _TENANT_NAME.fullmatch(tenant) and not tenant.endswith("."):
        return ""
    return f"not a tenant's name: {tenant!r}; letters, digits, `-`, `_` and `.`, at most 64"


def _over(general: C, particular: TenantConfig | None) -> C:
    said: dict[str, Any] = {name: getattr(particular, name, None) for name in general.__struct_fields__}
    return msgspec.structs.replace(general, **{name: value for name, value in said.items() if value is not None})
