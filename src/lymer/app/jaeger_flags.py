"""Flags of Jaeger's version 1 that mean something here, and the keys that they set. One table: a row a flag.

Each flag has a twin in the environment: `collector.otlp.grpc.host-port` is COLLECTOR_OTLP_GRPC_HOST_PORT. Not here: the
flags that mean nothing here (`jaeger_flags_unused`), how their text is read (`jaeger_values`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from lymer.app import jaeger_values as read
from lymer.app.jaeger_values import Reader

Family = Literal["", "badger", "memory", "grpc"]


def roles(letters: str) -> frozenset[str]:
    """Of agent, collector, query, storage, ingester by first letter; all-in-one knows what the first three do."""
    named = {"a": "agent", "c": "collector", "q": "query", "s": "remote-storage", "i": "ingester"}
    found = {named[letter] for letter in letters}
    return frozenset(found | ({"all-in-one"} if found & {"agent", "collector", "query"} else set()))


@dataclass(frozen=True, slots=True)
class JaegerFlag:
    """One flag of Jaeger's."""

    name: str
    """As on its command line, without `--`."""
    roles: frozenset[str]
    """Who knows it."""
    keys: tuple[str, ...] = ()
    """The keys that it sets; of a host and a port the section that has both. Empty: it means nothing here."""
    read: Reader = read.text
    reason: str = ""
    """Why it means nothing here, or what is particular about it."""
    family: Family = ""
    """The type of storage that must be chosen for it to say something."""
    refused: bool = False
    """Switching it on stops the start: going on without it would be dangerous."""
    is_switch: bool = False
    """On the command line it may stand without a value."""
    variable_only: bool = False
    """It is a variable, and never was a flag."""

    @property
    def variable(self) -> str:
        """Its twin in the environment."""
        return self.name.upper().replace("-", "_").replace(".", "_")


def _sets(
    name: str,
    letters: str,
    *keys: str,
    by: Reader = read.text,
    family: Family = "",
    reason: str = "",
    variable_only: bool = False,
) -> JaegerFlag:
    is_switch = by is read.switch
    return JaegerFlag(name, roles(letters), keys, by, reason, family, is_switch=is_switch, variable_only=variable_only)


_TAGS: Final = "`key=value`, `key=${VARIABLE:default}`, with commas"

MEANT: Final[tuple[JaegerFlag, ...]] = (
    # The process.
    _sets(
        "span-storage.type", "cqsi", "store.type", by=read.storage_type, reason="badger and memory: the embedded store"
    ),
    _sets("log-level", "acqsi", "logs.level", by=read.log_level),
    _sets("log-encoding", "acqsi", "logs.format", by=read.log_format),
    _sets("admin.http.host-port", "acqsi", "admin", by=read.host_port),
    _sets("jaeger-listen-host", "acqsi", "host", variable_only=True, reason="of Jaeger's version 2"),
    # The collector's doors.
    _sets("collector.grpc-server.host-port", "c", "receivers.jaeger_grpc", by=read.host_port),
    _sets("collector.grpc-server.max-message-size", "c", "receivers.jaeger_grpc.message_bytes_max"),
    _sets("collector.http-server.host-port", "c", "receivers.jaeger_http", by=read.host_port),
    _sets(
        "collector.otlp.enabled",
        "c",
        "receivers.otlp_grpc.enabled",
        "receivers.otlp_http.enabled",
        by=read.switch,
    ),
    _sets("collector.otlp.grpc.host-port", "c", "receivers.otlp_grpc", by=read.host_port),
    _sets("collector.otlp.grpc.max-message-size", "c", "receivers.otlp_grpc.message_bytes_max"),
    _sets("collector.otlp.http.host-port", "c", "receivers.otlp_http", by=read.host_port),
    _sets("collector.otlp.http.cors.allowed-origins", "c", "receivers.otlp_http.cors.allowed_origins", by=read.items),
    _sets("collector.otlp.http.cors.allowed-headers", "c", "receivers.otlp_http.cors.allowed_headers", by=read.items),
    _sets("collector.zipkin.host-port", "c", "receivers.zipkin", by=read.host_port, reason="on by default here"),
    _sets("collector.zipkin.http-host-port", "c", "receivers.zipkin", by=read.host_port, reason="before 1.24"),
    _sets("collector.zipkin.http-port", "c", "receivers.zipkin", by=read.port, reason="before 1.24"),
    _sets("collector.zipkin.cors.allowed-origins", "c", "receivers.zipkin.cors.allowed_origins", by=read.items),
    _sets("collector.zipkin.cors.allowed-headers", "c", "receivers.zipkin.cors.allowed_headers", by=read.items),
    _sets("collector.zipkin.allowed-origins", "c", "receivers.zipkin.cors.allowed_origins", by=read.items),
    _sets("collector.zipkin.allowed-headers", "c", "receivers.zipkin.cors.allowed_headers", by=read.items),
    _sets("collector.tags", "c", "resource_attributes", by=read.tags, reason=_TAGS),
    # The agent.
    _sets("agent.tags", "a", "resource_attributes", by=read.tags, reason=_TAGS),
    _sets("processor.jaeger-compact.server-host-port", "a", "receivers.jaeger_udp_compact", by=read.host_port),
    _sets("processor.jaeger-binary.server-host-port", "a", "receivers.jaeger_udp_binary", by=read.host_port),
    _sets("processor.zipkin-compact.server-host-port", "a", "receivers.jaeger_udp_zipkin", by=read.host_port),
    *(
        _sets(
            f"processor.{processor}.server-socket-buffer-size",
            "a",
            f"receivers.jaeger_udp_{section}.socket_buffer_bytes",
            by=read.unless_zero,
            reason="0 leaves our own size",
        )
        for processor, section in (
            ("jaeger-compact", "compact"),
            ("jaeger-binary", "binary"),
            ("zipkin-compact", "zipkin"),
        )
    ),
    _sets("http-server.host-port", "a", "sampling.http", by=read.host_port),
    _sets("reporter.grpc.host-port", "a", "forward.collectors", by=read.items),
    # Sampling.
    _sets(
        "sampling-config-type", "c", "sampling.type", variable_only=True, reason="file alone; adaptive is not there yet"
    ),
    _sets("sampling.strategies-file", "c", "sampling.strategies"),
    _sets("sampling.strategies-reload-interval", "c", "sampling.reload_interval", by=read.duration),
    _sets("sampling.default-sampling-probability", "c", "sampling.default_ratio"),
    # Questions.
    _sets("query.http-server.host-port", "q", "api", by=read.host_port),
    _sets("query.base-path", "q", "api.base_path"),
    _sets("query.static-files", "q", "api.assets_path"),
    _sets("query.ui-config", "q", "api.ui_config"),
    _sets("query.additional-headers", "q", "api.additional_headers", by=read.headers),
    _sets("query.enable-tracing", "q", "self_tracing", by=read.switch),
    # Storage.
    _sets(
        "badger.ephemeral", "cqsi", "ephemeral", by=read.switch, family="badger", reason="true unless it says otherwise"
    ),
    _sets("badger.directory-value", "cqsi", "data_dir", family="badger", reason="when not ephemeral"),
    _sets("badger.span-store-ttl", "cqsi", "retention", by=read.duration, family="badger"),
    _sets("grpc-storage.server", "cqsi", "store.server", family="grpc"),
    _sets("grpc-storage.connection-timeout", "cqsi", "store.timeout", by=read.duration, family="grpc"),
    _sets("grpc.host-port", "s", "remote_storage", by=read.host_port),
)
"""In the order of the page docs/operating/configuration.md."""
