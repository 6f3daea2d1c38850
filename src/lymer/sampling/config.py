"""Settings of the sampling service: where the strategies are, and where it listens."""

from __future__ import annotations

from typing import Literal

from lymer.component.base import ReceiverConfig
from lymer.component.config import Config, Duration
from lymer.component.errors import ConfigError
from lymer.sampling.strategy import DEFAULT_RATIO


class SamplingHttpConfig(ReceiverConfig):
    """Strategies over HTTP, as Jaeger's agent and its version 2 serve them."""

    port: int = 5778


class SamplingGrpcConfig(ReceiverConfig):
    """Strategies over gRPC, as Jaeger's version 2 serves them."""

    port: int = 5779


class SamplingConfig(Config):
    """The sampling service."""

    type: Literal["file"] = "file"
    """Who decides: a file of strategies. Jaeger's `adaptive` is not there yet."""
    strategies: str | None = None
    """A path or an http(s) address of a file of strategies; None: every service samples with `default_ratio`."""
    reload_interval: Duration = Duration(10)
    """How often to look whether the file has changed; 0 is never."""
    url_timeout: Duration = Duration(1)
    """How long an address may take to answer."""
    default_ratio: float = DEFAULT_RATIO
    """For services that no strategy names. The all-in-one begins with 1, as Jaeger's does."""
    http: SamplingHttpConfig = SamplingHttpConfig()
    grpc: SamplingGrpcConfig = SamplingGrpcConfig()

    def __post_init__(self) -> None:
        """Raises ConfigError."""
        if not 0 <= self.default_ratio <= 1:
            raise ConfigError(f"sampling.default_ratio: must be from 0 to 1, not {self.default_ratio:g}")
