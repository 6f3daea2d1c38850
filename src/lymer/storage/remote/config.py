"""Where the other process is."""

from __future__ import annotations

from typing import Any

from lymer.component.config import Config, Duration
from lymer.component.errors import ConfigError

PORT = 17271
"""Where Jaeger's remote storage listens, and ours."""


class RemoteConfig(Config):
    """Settings of the stores `grpc` and `jaeger_grpc`."""

    server: str = f"127.0.0.1:{PORT}"
    """Host and port; several addresses behind one name are taken in turn."""
    timeout: Duration = Duration(10)
    """How long a write may take before its sender is told to come again."""
    health_every: Duration = Duration(5)
    """How often the other side is asked how it is."""


def no_settings(*, retention_s: float | None) -> dict[str, Any]:
    """What general settings make of a remote store's: nothing. Raises ConfigError for a retention."""
    if retention_s is not None:
        raise ConfigError("retention: is set where the spans are kept, at the process with the store")
    return {}
