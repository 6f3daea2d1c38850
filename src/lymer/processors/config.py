"""Settings of the sanitizer."""

from __future__ import annotations

from lymer.component.config import ByteSize, Config, Duration
from lymer.component.errors import ConfigError

_COUNT_MAX = 2**31 - 1


class SanitizerConfig(Config):
    """What a span may look like. Whatever passes a limit is cut, marked on the span and counted; no span is refused."""

    enabled: bool = True
    """Without it spans are stored as they come."""
    name_bytes_max: ByteSize = ByteSize(4 << 10)
    """Of a span's name."""
    attribute_count_max: int = 1024
    """Of a span; the last ones go, and are counted among its dropped attributes."""
    attribute_key_bytes_max: ByteSize = ByteSize(1 << 10)
    attribute_value_bytes_max: ByteSize = ByteSize(256 << 10)
    """Of a text, of bytes, or of the JSON of an array or a map, which becomes text when it is cut."""
    event_count_max: int = 10_000
    """Of a span; the last ones go, and are counted among its dropped events."""
    link_count_max: int = 10_000
    """Likewise."""
    future_max: Duration = Duration(86_400)
    """How far ahead of our clock a span may begin; 0 is no limit."""
    past_max: Duration = Duration(40 * 365 * 86_400)
    """How long ago a span may have begun; 0 is no limit. It is there for clocks at 1970, not for old spans."""

    def __post_init__(self) -> None:
        """Raises ConfigError."""
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if name.endswith(("_count_max", "_bytes_max")) and not 1 <= value <= _COUNT_MAX:
                raise ConfigError(f"sanitizer.{name}: must be from 1 to {_COUNT_MAX}, not {value}")
