"""Every key of the configuration: its default, how it is read, and the variables that set it.

`LYMER_` and the key in capitals is always one of them and comes first; then Jaeger's, then OpenTelemetry's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lymer_sdk.configuration import parse
from lymer_sdk.configuration.parse import Parse
from lymer_sdk.propagation import DEFAULT, propagators_named


class Key(NamedTuple):
    """One value of the configuration."""

    default: Any
    read: Parse
    variables: tuple[tuple[str, Parse], ...] = ()


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
    return tuple(parse.one_of(*REPORTERS)(name) for name in parse.names(value))


def _traces_path(value: Any) -> str:
    """OTEL_EXPORTER_OTLP_ENDPOINT is the base of the path, not the path."""
    return parse.address(value).rstrip("/") + "/v1/traces"


def _propagators(value: Any) -> tuple[str, ...]:
    found = parse.names(value)
    propagators_named(found)
    return found


def _instrumentations(value: Any) -> tuple[str, ...]:
    """`auto`, `none` or names."""
    return tuple(name for name in parse.names(value) if name != "none")


def _gzip(value: Any) -> bool:
    return str(parse.one_of("gzip", "none")(value)) == "gzip"


_TLS_VARIABLES = {
    "certificate": "CERTIFICATE",
    "client_certificate": "CLIENT_CERTIFICATE",
    "client_key": "CLIENT_KEY",
}


def keys(environment: Mapping[str, str]) -> dict[str, Key]:
    """All keys; `environment` is what Jaeger's tags may refer to."""
    text, count, number, seconds, boolean = parse.text, parse.count, parse.number, parse.seconds, parse.boolean
    milliseconds, pairs, negated, address = parse.milliseconds, parse.pairs, parse.negated, parse.address
    tags = parse.jaeger_tags(environment)
    otlp = "OTEL_EXPORTER_OTLP_"

    def files(variable: str) -> tuple[tuple[str, Parse], ...]:
        return (f"{otlp}TRACES_{variable}", text), (f"{otlp}{variable}", text)

    return {
        "config_file": Key("", text, (("OTEL_CONFIG_FILE", text), ("OTEL_EXPERIMENTAL_CONFIG_FILE", text))),
        "service": Key("", text, (("JAEGER_SERVICE_NAME", text), ("OTEL_SERVICE_NAME", text))),
        "enabled": Key(True, boolean, (("JAEGER_DISABLED", negated), ("OTEL_SDK_DISABLED", negated))),
        "tags": Key({}, pairs, (("JAEGER_TAGS", tags),)),
        "tier": Key("", text),
        "sampler": Key(
            "parentbased_always_on",
            parse.one_of(*SAMPLERS),
            (("JAEGER_SAMPLER_TYPE", parse.one_of(*SAMPLERS)), ("OTEL_TRACES_SAMPLER", parse.one_of(*SAMPLERS))),
        ),
        "sampler_param": Key(None, text, (("JAEGER_SAMPLER_PARAM", text), ("OTEL_TRACES_SAMPLER_ARG", text))),
        "sampling_endpoint": Key(
            "http://localhost:5778/sampling",
            address,
            (("JAEGER_SAMPLING_ENDPOINT", address), ("JAEGER_SAMPLER_MANAGER_HOST_PORT", address)),
        ),
        "sampling_interval_s": Key(60.0, seconds, (("JAEGER_SAMPLER_REFRESH_INTERVAL", seconds),)),
        "operations_max": Key(2000, count, (("JAEGER_SAMPLER_MAX_OPERATIONS", count),)),
        "strategy_path": Key("", text),
        "keep_errors": Key(False, boolean),
        "keep_slow_s": Key(None, seconds),
        "reporter": Key(("otlp",), _reporters, (("OTEL_TRACES_EXPORTER", _exporters),)),
        "log_spans": Key(False, boolean, (("JAEGER_REPORTER_LOG_SPANS", boolean),)),
        "endpoint": Key(
            "http://localhost:4318",
            address,
            ((f"{otlp}TRACES_ENDPOINT", address), (f"{otlp}ENDPOINT", _traces_path)),
        ),
        "protocol": Key(
            "http/protobuf",
            parse.one_of(*PROTOCOLS),
            tuple((f"{otlp}{part}PROTOCOL", parse.one_of(*PROTOCOLS)) for part in ("TRACES_", "")),
        ),
        "headers": Key({}, pairs, ((f"{otlp}TRACES_HEADERS", pairs), (f"{otlp}HEADERS", pairs))),
        "compress": Key(False, boolean, ((f"{otlp}TRACES_COMPRESSION", _gzip), (f"{otlp}COMPRESSION", _gzip))),
        **{name: Key("", text, files(variable)) for name, variable in _TLS_VARIABLES.items()},
        "file_path": Key("traces.jsonl", text),
        "thrift_endpoint": Key(
            "http://localhost:14268/api/traces",
            address,
            (("JAEGER_ENDPOINT", address), ("OTEL_EXPORTER_JAEGER_ENDPOINT", address)),
        ),
        "user": Key("", text, (("JAEGER_USER", text), ("OTEL_EXPORTER_JAEGER_USER", text))),
        "password": Key("", text, (("JAEGER_PASSWORD", text), ("OTEL_EXPORTER_JAEGER_PASSWORD", text))),
        "agent_host": Key("localhost", text, (("JAEGER_AGENT_HOST", text), ("OTEL_EXPORTER_JAEGER_AGENT_HOST", text))),
        "agent_port": Key(0, count, (("JAEGER_AGENT_PORT", count), ("OTEL_EXPORTER_JAEGER_AGENT_PORT", count))),
        "resolve": Key(True, boolean, (("JAEGER_REPORTER_ATTEMPT_RECONNECTING_DISABLED", negated),)),
        "resolve_interval_s": Key(30.0, seconds, (("JAEGER_REPORTER_ATTEMPT_RECONNECT_INTERVAL", seconds),)),
        "zipkin_endpoint": Key(
            "http://localhost:9411/api/v2/spans", address, (("OTEL_EXPORTER_ZIPKIN_ENDPOINT", address),)
        ),
        "queue_spans_max": Key(
            20_000, count, (("JAEGER_REPORTER_MAX_QUEUE_SIZE", count), ("OTEL_BSP_MAX_QUEUE_SIZE", count))
        ),
        "queue_bytes_max": Key(32 << 20, count),
        "batch_spans_max": Key(512, count, (("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", count),)),
        "interval_s": Key(
            1.0, seconds, (("JAEGER_REPORTER_FLUSH_INTERVAL", seconds), ("OTEL_BSP_SCHEDULE_DELAY", milliseconds))
        ),
        "send_timeout_s": Key(
            10.0,
            number,
            ((f"{otlp}TRACES_TIMEOUT", number), (f"{otlp}TIMEOUT", number), ("OTEL_BSP_EXPORT_TIMEOUT", milliseconds)),
        ),
        "exit_timeout_s": Key(2.0, number),
        "propagators": Key(
            DEFAULT, _propagators, (("JAEGER_PROPAGATION", _propagators), ("OTEL_PROPAGATORS", _propagators))
        ),
        "trace_id_header": Key("uber-trace-id", text),
        "baggage_prefix": Key("uberctx-", text),
        "debug_id_header": Key("jaeger-debug-id", text),
        "trace_id_128bit": Key(True, boolean, (("JAEGER_TRACEID_128BIT", boolean),)),
        "attribute_count_max": Key(
            128, count, (("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", count), ("OTEL_ATTRIBUTE_COUNT_LIMIT", count))
        ),
        "attribute_length_max": Key(
            None,
            count,
            (("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", count), ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", count)),
        ),
        "event_count_max": Key(128, count, (("OTEL_SPAN_EVENT_COUNT_LIMIT", count),)),
        "link_count_max": Key(128, count, (("OTEL_SPAN_LINK_COUNT_LIMIT", count),)),
        "event_attribute_count_max": Key(128, count, (("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", count),)),
        "link_attribute_count_max": Key(128, count, (("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", count),)),
        "instrument": Key((), _instrumentations),
        "log_records": Key(False, boolean),
        "report_open_s": Key(None, seconds),
        "rpc_metrics": Key(False, boolean, (("JAEGER_RPC_METRICS", boolean),)),
    }
