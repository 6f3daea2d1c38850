"""Flags of Jaeger's version 1 that mean nothing here, each with the reason that its user is told.

A flag that asks for protection which is not there is refused, not passed over: `refused`.
"""

from __future__ import annotations

from typing import Final

from lymer.app.jaeger_flags import JaegerFlag, roles

_NO_QUEUE: Final = "there is no queue to lose spans from: a sender is answered when its spans are durable"
_NO_TLS: Final = "TLS is not served yet; put a proxy before the port"
_NO_CLIENT_TLS: Final = "connections to other servers have no TLS yet"
_NO_TENANCY: Final = "tenants cannot be told apart by a header yet"
_GO_SERVER: Final = "the server has limits of its own: `read_timeout` of the receiver"
_UDP: Final = "datagrams are read as many at a time as are there, by one thread in the native core"
_NO_ADAPTIVE: Final = "adaptive sampling is not there yet"
_NO_STORE: Final = "this store is not there yet"
_NO_KAFKA: Final = "Kafka is not there yet"
_NO_PROMETHEUS: Final = "no figures are read from Prometheus yet"
_METRICS: Final = "figures are served at /metrics of the admin port"

_SERVER_TLS: Final = "cert key client-ca cipher-suites min-version max-version reload-interval"
_CLIENT_TLS: Final = "ca cert key server-name skip-host-verify"
_KAFKA_AUTH: Final = (
    "authentication kerberos.service-name kerberos.realm kerberos.use-keytab kerberos.username kerberos.password "
    "kerberos.config-file kerberos.keytab-file kerberos.disable-fast-negotiation plaintext.username plaintext.password "
    "plaintext.mechanism tls.enabled tls.ca tls.cert tls.key tls.server-name tls.skip-host-verify"
)
_CASSANDRA: Final = (
    "enabled connections-per-host max-retry-attempts timeout connect-timeout reconnect-interval servers port keyspace "
    "local-dc consistency disable-compression proto-version socket-keep-alive username password "
    "basic.allowed-authenticators span-store-write-cache-ttl index.tag-blacklist index.tag-whitelist index.logs "
    "index.tags index.process-tags tls.enabled tls.ca tls.cert tls.key tls.server-name tls.skip-host-verify"
)
_ELASTICSEARCH: Final = (
    "username password sniffer sniffer-tls-enabled disable-health-check token-file api-key-file "
    "api-key-reload-interval api-key-allow-from-context bearer-token-propagation bearer-token-reload-interval "
    "password-reload-interval "
    "password-file server-urls remote-read-clusters max-span-age adaptive-sampling.lookback num-shards num-replicas "
    "prioirity-span-template prioirity-service-template prioirity-dependencies-template bulk.size bulk.workers "
    "bulk.actions bulk.flush-interval timeout index-prefix index-date-separator index-rollover-frequency-spans "
    "index-rollover-frequency-services index-rollover-frequency-adaptive-sampling service-cache-ttl "
    "tags-as-fields.all tags-as-fields.include tags-as-fields.config-file tags-as-fields.dot-replacement use-aliases "
    "use-ilm create-index-templates enabled version max-doc-count log-level send-get-body-as http-compression "
    "tls.enabled tls.ca tls.cert tls.key tls.server-name tls.skip-host-verify"
)


def _unused(letters: str, prefix: str, suffixes: str, reason: str) -> list[JaegerFlag]:
    return [JaegerFlag(f"{prefix}{suffix}", roles(letters), reason=reason) for suffix in suffixes.split()]


def _switch(letters: str, name: str, reason: str) -> JaegerFlag:
    return JaegerFlag(name, roles(letters), reason=reason, is_switch=True)


def _refused(letters: str, name: str, reason: str) -> JaegerFlag:
    return JaegerFlag(name, roles(letters), reason=reason, refused=True, is_switch=True)


def _server_tls(letters: str, *prefixes: str) -> list[JaegerFlag]:
    return [
        flag
        for prefix in prefixes
        for flag in (
            _refused(letters, f"{prefix}.tls.enabled", _NO_TLS),
            *_unused(letters, f"{prefix}.tls.", _SERVER_TLS, _NO_TLS),
        )
    ]


def _client_tls(letters: str, prefix: str) -> list[JaegerFlag]:
    return [
        _refused(letters, f"{prefix}.tls.enabled", _NO_CLIENT_TLS),
        *_unused(letters, f"{prefix}.tls.", _CLIENT_TLS, _NO_CLIENT_TLS),
    ]


def _variables(letters: str, names: str, reason: str) -> list[JaegerFlag]:
    return [JaegerFlag(name, roles(letters), reason=reason, variable_only=True) for name in names.split()]


UNUSED: Final[tuple[JaegerFlag, ...]] = (
    # The process.
    *_unused("acqsi", "", "config-file", "holds Jaeger's flags; write our keys into a file for --config"),
    *_unused("acqsi", "metrics-", "backend http-route", _METRICS),
    *_unused("cqi", "", "feature-gates", "they are those of Jaeger's libraries"),
    *_server_tls("acqsi", "admin.http"),
    # The collector.
    *_unused("c", "collector.", "num-workers queue-size queue-size-memory", _NO_QUEUE),
    _switch("c", "collector.enable-span-size-metrics", _METRICS),
    *_unused("c", "collector.grpc-server.", "max-connection-age max-connection-age-grace", _GO_SERVER),
    *_unused("c", "collector.http-server.", "idle-timeout read-timeout read-header-timeout", _GO_SERVER),
    *_unused("c", "collector.otlp.grpc.", "max-connection-age max-connection-age-grace", _GO_SERVER),
    *_unused("c", "collector.otlp.http.", "idle-timeout read-timeout read-header-timeout", _GO_SERVER),
    _switch("c", "collector.zipkin.keep-alive", "connections are kept as long as their clients keep them"),
    *_server_tls(
        "c", "collector.grpc", "collector.http", "collector.otlp.grpc", "collector.otlp.http", "collector.zipkin"
    ),
    # The agent.
    *(
        flag
        for processor in ("jaeger-compact", "jaeger-binary", "zipkin-compact")
        for flag in _unused("a", f"processor.{processor}.", "workers server-queue-size server-max-packet-size", _UDP)
    ),
    *_unused("a", "reporter.", "type", "spans go on by gRPC, as `forward.protocol` says"),
    *_unused("a", "reporter.grpc.", "retry.max", "spans wait in the spool until a collector takes them"),
    *_unused("a", "reporter.grpc.", "discovery.min-peers", "every collector that answers is used in turn"),
    *_client_tls("a", "reporter.grpc"),
    # Sampling.
    *_unused(
        "c",
        "sampling.",
        "target-samples-per-second delta-tolerance buckets-for-calculation calculation-interval aggregation-buckets "
        "delay initial-sampling-probability min-sampling-probability min-samples-per-second "
        "leader-lease-refresh-interval follower-lease-refresh-interval",
        _NO_ADAPTIVE,
    ),
    _switch("c", "sampling.strategies.bugfix-5270", "operations are always inherited, as since Jaeger 1.65"),
    *_variables("c", "sampling-storage-type sampling-type", _NO_ADAPTIVE),
    # Questions.
    *_unused("q", "query.", "grpc-server.host-port", "questions over gRPC are answered on 17271 (remote_storage)"),
    _switch("q", "query.bearer-token-propagation", "no store here asks for a token"),
    _switch("q", "query.log-static-assets-access", "files of the page are not logged"),
    *_unused("q", "query.", "max-clock-skew-adjustment", "a reader chooses: skew is shown raw or adjusted"),
    *_server_tls("q", "query.grpc", "query.http"),
    *_variables("q", "metrics-storage-type", _NO_PROMETHEUS),
    *_unused(
        "q",
        "prometheus.",
        "server-url connect-timeout token-file token-override-from-context query.namespace query.duration-unit "
        "query.normalize-calls query.normalize-duration query.extra-query-params query.support-spanmetrics-connector "
        "tls.enabled tls.ca tls.cert tls.key tls.server-name tls.skip-host-verify",
        _NO_PROMETHEUS,
    ),
    # Tenants.
    _refused("cqsi", "multi-tenancy.enabled", _NO_TENANCY),
    *_unused("cqsi", "multi-tenancy.", "header tenants", _NO_TENANCY),
    # Storage.
    *_variables("cqsi", "dependency-storage-type", "calls between services are counted from the spans themselves"),
    *_unused("cqsi", "memory.", "max-traces", "the embedded store is bounded by --memory-limit and --retention"),
    *_unused("cqsi", "badger.", "directory-key", "keys and values are in one folder: --data-dir"),
    _switch("cqsi", "badger.consistency", "what is acknowledged is always on the disk"),
    *_unused("cqsi", "badger.", "maintenance-interval metrics-update-interval", "the embedded store minds itself"),
    _switch("cqsi", "badger.truncate", "what is damaged is named, and the rest is served"),
    _switch("cqsi", "badger.read-only", "a data folder has one owner"),
    *_client_tls("cqsi", "grpc-storage"),
    *_unused(
        "cqsi", "grpc-storage-plugin.", "binary configuration-file log-level", "plugins are not run; use grpc-storage"
    ),
    *_unused("ci", "downsampling.", "ratio hashsalt", "all spans that come are stored; sample at the clients"),
    *_unused("cqsi", "cassandra.", _CASSANDRA, _NO_STORE),
    *_unused("cqsi", "cassandra-archive.", _CASSANDRA, _NO_STORE),
    *_unused("cqsi", "es.", _ELASTICSEARCH, _NO_STORE),
    *_unused("cqsi", "es-archive.", _ELASTICSEARCH, _NO_STORE),
    *_unused(
        "c",
        "kafka.producer.",
        "brokers topic encoding required-acks compression compression-level protocol-version batch-linger batch-size "
        "batch-min-messages batch-max-messages max-message-bytes " + _KAFKA_AUTH,
        _NO_KAFKA,
    ),
    *_unused(
        "i",
        "kafka.consumer.",
        "brokers topic rack-id fetch-max-message-bytes group-id client-id protocol-version encoding " + _KAFKA_AUTH,
        _NO_KAFKA,
    ),
    *_unused("i", "ingester.", "deadlockInterval parallelism http-port", _NO_KAFKA),
    # The remote storage.
    *_server_tls("s", "grpc"),
)
