"""Every key of the configuration: its default, how it is read, and the variables that set it.

`LYMER_` and the key in capitals is always one of them and comes first; then Jaeger's, then OpenTelemetry's.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from lymer_sdk.configuration import parse
from lymer_sdk.configuration.parse import (
    Parse,
    address,
    boolean,
    count,
    milliseconds,
    negated,
    number,
    one_of,
    pairs,
    seconds,
    text,
)
from lymer_sdk.propagation import DEFAULT, propagators_named


class Key(NamedTuple):
    """One value of the configuration, and the variables of others that set it, each with how it is read."""

    default: Any
    read: Parse
    variables: tuple[tuple[str, Parse], ...]


def _key(default: Any, read: Parse, *variables: str | tuple[str, Parse]) -> Key:
    """A variable without a parser of its own is read as the key is."""
    return Key(default, read, tuple((one, read) if isinstance(one, str) else one for one in variables))


SAMPLERS = (
    "const",
    "probabilistic",
    "ratelimiting",
    "lowerbound",
    "remote",
    "consistent",
    "always_on",
    "always_off",
    "traceidratio",
    "jaeger_remote",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
    "parentbased_jaeger_remote",
)
REPORTERS = ("otlp", "udp", "udp_binary", "thrift", "zipkin", "file", "log", "memory", "none")
PROTOCOLS = ("http/protobuf", "http/json", "grpc")


def _exporters(value: Any) -> tuple[str, ...]:
    """OTEL_TRACES_EXPORTER's names as ours."""
    known = {"console": "log", "logging": "log", "jaeger": "udp", "otlp_file": "file", "otlp/stdout": "file"}
    return _reporters([known.get(name, name) for name in parse.names(value)])


def _reporters(value: Any) -> tuple[str, ...]:
    return tuple(one_of(*REPORTERS)(name) for name in parse.names(value))


def _traces_path(value: Any) -> str:
    """OTEL_EXPORTER_OTLP_ENDPOINT is the base of the path, not the path."""
    return address(value).rstrip("/") + "/v1/traces"


def _propagators(value: Any) -> tuple[str, ...]:
    found = parse.names(value)
    propagators_named(found)
    return found


def _instrumentations(value: Any) -> tuple[str, ...]:
    """`auto`, `none` or names."""
    return tuple(name for name in parse.names(value) if name != "none")


def _gzip(value: Any) -> bool:
    return str(one_of("gzip", "none")(value)) == "gzip"


_SAMPLER, _PROTOCOL = one_of(*SAMPLERS), one_of(*PROTOCOLS)

KEYS = {
    "config_file": _key("", text, "OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE"),
    "service": _key("", text, "JAEGER_SERVICE_NAME", "OTEL_SERVICE_NAME"),
    "enabled": _key(True, boolean, ("JAEGER_DISABLED", negated), ("OTEL_SDK_DISABLED", negated)),
    "tags": _key({}, pairs, "JAEGER_TAGS"),
    "tier": _key("", text),
    # which traces
    "sampler": _key("parentbased_always_on", _SAMPLER, "JAEGER_SAMPLER_TYPE", "OTEL_TRACES_SAMPLER"),
    "sampler_param": _key(None, text, "JAEGER_SAMPLER_PARAM", "OTEL_TRACES_SAMPLER_ARG"),
    "sampling_endpoint": _key(
        "http://localhost:5778/sampling", address, "JAEGER_SAMPLING_ENDPOINT", "JAEGER_SAMPLER_MANAGER_HOST_PORT"
    ),
    "sampling_interval_s": _key(60.0, seconds, "JAEGER_SAMPLER_REFRESH_INTERVAL"),
    "operations_max": _key(2000, count, "JAEGER_SAMPLER_MAX_OPERATIONS"),
    "strategy_path": _key("", text),
    "keep_errors": _key(False, boolean),
    "keep_slow_s": _key(None, seconds),
    # where spans go
    "reporter": _key(("otlp",), _reporters, ("OTEL_TRACES_EXPORTER", _exporters)),
    "log_spans": _key(False, boolean, "JAEGER_REPORTER_LOG_SPANS"),
    "endpoint": _key(
        "http://localhost:4318",
        address,
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        ("OTEL_EXPORTER_OTLP_ENDPOINT", _traces_path),
    ),
    "protocol": _key("http/protobuf", _PROTOCOL, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"),
    "headers": _key({}, pairs, "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"),
    "compress": _key(
        False, boolean, ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", _gzip), ("OTEL_EXPORTER_OTLP_COMPRESSION", _gzip)
    ),
    "certificate": _key("", text, "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE"),
    "client_certificate": _key(
        "", text, "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"
    ),
    "client_key": _key("", text, "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "OTEL_EXPORTER_OTLP_CLIENT_KEY"),
    "file_path": _key("traces.jsonl", text),
    "thrift_endpoint": _key(
        "http://localhost:14268/api/traces", address, "JAEGER_ENDPOINT", "OTEL_EXPORTER_JAEGER_ENDPOINT"
    ),
    "user": _key("", text, "JAEGER_USER", "OTEL_EXPORTER_JAEGER_USER"),
    "password": _key("", text, "JAEGER_PASSWORD", "OTEL_EXPORTER_JAEGER_PASSWORD"),
    "agent_host": _key("localhost", text, "JAEGER_AGENT_HOST", "OTEL_EXPORTER_JAEGER_AGENT_HOST"),
    "agent_port": _key(0, count, "JAEGER_AGENT_PORT", "OTEL_EXPORTER_JAEGER_AGENT_PORT"),
    "resolve": _key(True, boolean, ("JAEGER_REPORTER_ATTEMPT_RECONNECTING_DISABLED", negated)),
    "resolve_interval_s": _key(30.0, seconds, "JAEGER_REPORTER_ATTEMPT_RECONNECT_INTERVAL"),
    "zipkin_endpoint": _key("http://localhost:9411/api/v2/spans", address, "OTEL_EXPORTER_ZIPKIN_ENDPOINT"),
    # how they wait
    "queue_spans_max": _key(20_000, count, "JAEGER_REPORTER_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_QUEUE_SIZE"),
    "queue_bytes_max": _key(32 << 20, count),
    "batch_spans_max": _key(512, count, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"),
    "interval_s": _key(1.0, seconds, "JAEGER_REPORTER_FLUSH_INTERVAL", ("OTEL_BSP_SCHEDULE_DELAY", milliseconds)),
    "send_timeout_s": _key(
        10.0,
        number,
        "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
        "OTEL_EXPORTER_OTLP_TIMEOUT",
        ("OTEL_BSP_EXPORT_TIMEOUT", milliseconds),
    ),
    "exit_timeout_s": _key(2.0, number),
    # headers
    "propagators": _key(DEFAULT, _propagators, "JAEGER_PROPAGATION", "OTEL_PROPAGATORS"),
    "trace_id_header": _key("uber-trace-id", text),
    "baggage_prefix": _key("uberctx-", text),
    "debug_id_header": _key("jaeger-debug-id", text),
    "debug_per_second_max": _key(None, number),
    "trace_id_128bit": _key(True, boolean, "JAEGER_TRACEID_128BIT"),
    # limits
    "attribute_count_max": _key(128, count, "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"),
    "attribute_length_max": _key(
        None, count, "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"
    ),
    "event_count_max": _key(128, count, "OTEL_SPAN_EVENT_COUNT_LIMIT"),
    "link_count_max": _key(128, count, "OTEL_SPAN_LINK_COUNT_LIMIT"),
    "event_attribute_count_max": _key(128, count, "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT"),
    "link_attribute_count_max": _key(128, count, "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT"),
    # what else is traced and said
    "instrument": _key((), _instrumentations),
    "log_records": _key(False, boolean),
    "report_open_s": _key(None, seconds),
    "rpc_metrics": _key(False, boolean, "JAEGER_RPC_METRICS"),
}
