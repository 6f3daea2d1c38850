"""Where an agent sends its spans, and what it does while nobody takes them."""

from __future__ import annotations

from typing import Final, Literal

from lymer.component.config import ByteSize, Config, Duration
from lymer.component.errors import ConfigError
from lymer.pipeline.spool import SpoolConfig

Protocol = Literal["jaeger_grpc", "otlp_grpc"]

PORTS: Final[dict[str, int]] = {"jaeger_grpc": 14250, "otlp_grpc": 4317}


class RetryConfig(Config):
    """How soon a collector that did not take spans is tried again: doubled each time, half of it by chance."""

    first: Duration = Duration(0.2)
    most: Duration = Duration(15)
    refusals_max: int = 5
    """Spans that were refused so often for a reason that should not pass are dropped and counted."""


class ForwardConfig(Config):
    """Settings of the way on."""

    protocol: Protocol = "jaeger_grpc"
    """`jaeger_grpc` as Jaeger's agent, to 14250; `otlp_grpc`, to 4317."""
    collectors: tuple[str, ...] = ()
    """`host` or `host:port`, taken in turn; each address of a name is one. Empty: the one on this machine."""
    resolve_every: Duration = Duration(30)
    """How often names are looked up anew."""
    timeout: Duration = Duration(10)
    """How long a collector may take for one message."""
    message_bytes_max: ByteSize = ByteSize(3 << 20)
    """What is sent at once, at most; Jaeger's collector takes 4 MiB."""
    gather_time: Duration = Duration(0.1)
    """How long spans gather in the spool where none wait, so that few messages carry many."""
    concurrent_max: int = 2
    """How many messages are on their way at once."""
    retry: RetryConfig = RetryConfig()
    spool: SpoolConfig = SpoolConfig()
    strategies: str | None = None
    """Who is asked for sampling strategies, `host:port` of a collector's 14250; None: the collectors, on that port."""

    def targets(self, port_offset: int) -> list[tuple[str, int]]:
        """Host and port of every collector. Raises ConfigError."""
        port = PORTS[self.protocol]
        if not self.collectors:
            return [("127.0.0.1", port + port_offset)]
        return [_target(text, port) for text in self.collectors]

    def strategy_targets(self, port_offset: int) -> list[tuple[str, int]]:
        """Host and port of everybody who can be asked for sampling strategies. Raises ConfigError."""
        if self.strategies is not None:
            return [_target(self.strategies, PORTS["jaeger_grpc"])]
        targets = self.targets(port_offset)
        if self.protocol == "jaeger_grpc":
            return targets
        return [(host, PORTS["jaeger_grpc"] + (0 if self.collectors else port_offset)) for host, _ in targets]


def _target(text: str, port: int) -> tuple[str, int]:
    text = text.strip().removeprefix("dns:///")
    host, colon, number = text.rpartition(":")
    if not colon or text.endswith("]") or (":" in host.strip("[]") and not host.startswith("[")):
        return text.strip("[]"), port
    if not number.isdigit() or not 0 < int(number) < 65536 or not host:
        raise ConfigError(f"forward.collectors: {text!r} must be host or host:port")
    return host.strip("[]"), int(number)
