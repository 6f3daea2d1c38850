"""Where the other process is."""

from __future__ import annotations

from lymer.component.config import Config, Duration

PORT = 17271
"""Where Jaeger's remote storage listens, and ours."""


class RemoteConfig(Config):
    """Settings of the store `grpc`."""

    server: str = f"127.0.0.1:{PORT}"
    """Host and port; several addresses behind one name are taken in turn."""
    timeout: Duration = Duration(10)
    """How long a write may take before its sender is told to come again."""
    health_every: Duration = Duration(5)
    """How often the other side is asked how it is."""
