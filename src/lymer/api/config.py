"""How the query port answers."""

from __future__ import annotations

from pathlib import Path

import msgspec

from lymer.component.config import ByteSize, Config
from lymer.component.errors import ConfigError
from lymer.storage.base import DEFAULT_TENANT


class ApiConfig(Config):
    """The APIs and the page on one port. Checked when the application is built."""

    host: str | None = None
    """The address to listen on; the process's own `host` where it says nothing."""
    port: int = 16686
    """The port, before `port_offset`."""
    base_path: str = "/"
    """What all addresses begin with when a proxy serves us below a folder: `/tracing`."""
    tenant: str = DEFAULT_TENANT
    """Whose spans are shown."""
    ui_config: Path | None = None
    """A JSON file of settings that the page shall have, as Jaeger's `ui.config_file`."""
    assets_path: Path | None = None
    """A folder with another page to serve, e.g. a build of jaeger-ui; None for our own."""
    additional_headers: dict[str, str] = msgspec.field(default_factory=dict)
    """Headers that every answer shall have."""
    body_bytes_max: ByteSize = ByteSize(64 << 20)
    """The largest body of a request that is read."""

    @property
    def prefix(self) -> str:
        """The base path without a slash at its end; empty at the root. Raises ConfigError."""
        if self.base_path in ("", "/"):
            return ""
        if not self.base_path.startswith("/") or self.base_path.endswith("/"):
            raise ConfigError(
                f"base_path: invalid base path '{self.base_path}'. Must start but not end with a slash '/', "
                "e.g. '/jaeger/ui'"
            )
        return self.base_path
