"""Every variable of the environment, in one table: what it sets and to what."""

from __future__ import annotations

import pytest
from lymer_sdk.configuration import resolve
from lymer_sdk.configuration.keys import KEYS

JAEGER = {
    "JAEGER_SERVICE_NAME": ("shop", "service", "shop"),
    "JAEGER_DISABLED": ("true", "enabled", False),
    "JAEGER_RPC_METRICS": ("true", "rpc_metrics", True),
    "JAEGER_TAGS": ("a=1, b=${NONE:x}", "tags", {"a": "1", "b": "x"}),
    "JAEGER_SAMPLER_TYPE": ("ratelimiting", "sampler", "ratelimiting"),
    "JAEGER_SAMPLER_PARAM": ("0.5", "sampler_param", "0.5"),
    "JAEGER_SAMPLER_MANAGER_HOST_PORT": ("agent:5778", "sampling_endpoint", "agent:5778"),
    "JAEGER_SAMPLING_ENDPOINT": ("http://c:5778/s", "sampling_endpoint", "http://c:5778/s"),
    "JAEGER_SAMPLER_MAX_OPERATIONS": ("9", "operations_max", 9),
    "JAEGER_SAMPLER_REFRESH_INTERVAL": ("1m", "sampling_interval_s", 60.0),
    "JAEGER_REPORTER_MAX_QUEUE_SIZE": ("7", "queue_spans_max", 7),
    "JAEGER_REPORTER_FLUSH_INTERVAL": ("500ms", "interval_s", 0.5),
    "JAEGER_REPORTER_LOG_SPANS": ("1", "log_spans", True),
    "JAEGER_REPORTER_ATTEMPT_RECONNECTING_DISABLED": ("true", "resolve", False),
    "JAEGER_REPORTER_ATTEMPT_RECONNECT_INTERVAL": ("10s", "resolve_interval_s", 10.0),
    "JAEGER_ENDPOINT": ("http://c:14268/api/traces", "thrift_endpoint", "http://c:14268/api/traces"),
    "JAEGER_USER": ("u", "user", "u"),
    "JAEGER_PASSWORD": ("p", "password", "p"),
    "JAEGER_AGENT_HOST": ("agent", "agent_host", "agent"),
    "JAEGER_AGENT_PORT": ("6832", "agent_port", 6832),
    "JAEGER_TRACEID_128BIT": ("false", "trace_id_128bit", False),
}
OTHERS = {
    "JAEGER_PROPAGATION": ("jaeger", "propagators", ("jaeger",)),
    "OTEL_CONFIG_FILE": None,  # tests/test_declarative.py
    "OTEL_EXPERIMENTAL_CONFIG_FILE": None,
    "OTEL_SERVICE_NAME": ("shop", "service", "shop"),
    "OTEL_SDK_DISABLED": ("true", "enabled", False),
    "OTEL_TRACES_SAMPLER": ("parentbased_traceidratio", "sampler", "parentbased_traceidratio"),
    "OTEL_TRACES_SAMPLER_ARG": ("0.5", "sampler_param", "0.5"),
    "OTEL_TRACES_EXPORTER": ("otlp,console,zipkin", "reporter", ("otlp", "log", "zipkin")),
    "OTEL_EXPORTER_OTLP_ENDPOINT": ("http://c:4318", "endpoint", "http://c:4318/v1/traces"),
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": ("http://c:4318/x", "endpoint", "http://c:4318/x"),
    "OTEL_EXPORTER_OTLP_PROTOCOL": ("grpc", "protocol", "grpc"),
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": ("http/json", "protocol", "http/json"),
    "OTEL_EXPORTER_OTLP_HEADERS": ("a=b%20c", "headers", {"a": "b c"}),
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS": ("a=b", "headers", {"a": "b"}),
    "OTEL_EXPORTER_OTLP_COMPRESSION": ("gzip", "compress", True),
    "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": ("none", "compress", False),
    "OTEL_EXPORTER_OTLP_TIMEOUT": ("3", "send_timeout_s", 3.0),
    "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": ("4", "send_timeout_s", 4.0),
    "OTEL_BSP_EXPORT_TIMEOUT": ("5000", "send_timeout_s", 5.0),
    "OTEL_EXPORTER_OTLP_CERTIFICATE": ("/ca", "certificate", "/ca"),
    "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE": ("/ca", "certificate", "/ca"),
    "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": ("/c", "client_certificate", "/c"),
    "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE": ("/c", "client_certificate", "/c"),
    "OTEL_EXPORTER_OTLP_CLIENT_KEY": ("/k", "client_key", "/k"),
    "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY": ("/k", "client_key", "/k"),
    "OTEL_EXPORTER_JAEGER_ENDPOINT": ("http://c:1/t", "thrift_endpoint", "http://c:1/t"),
    "OTEL_EXPORTER_JAEGER_USER": ("u", "user", "u"),
    "OTEL_EXPORTER_JAEGER_PASSWORD": ("p", "password", "p"),
    "OTEL_EXPORTER_JAEGER_AGENT_HOST": ("h", "agent_host", "h"),
    "OTEL_EXPORTER_JAEGER_AGENT_PORT": ("6831", "agent_port", 6831),
    "OTEL_EXPORTER_ZIPKIN_ENDPOINT": ("http://z:9411/a", "zipkin_endpoint", "http://z:9411/a"),
    "OTEL_BSP_MAX_QUEUE_SIZE": ("9", "queue_spans_max", 9),
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": ("8", "batch_spans_max", 8),
    "OTEL_BSP_SCHEDULE_DELAY": ("250", "interval_s", 0.25),
    "OTEL_PROPAGATORS": ("tracecontext,b3multi", "propagators", ("tracecontext", "b3multi")),
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": ("7", "attribute_count_max", 7),
    "OTEL_ATTRIBUTE_COUNT_LIMIT": ("7", "attribute_count_max", 7),
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT": ("6", "attribute_length_max", 6),
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": ("6", "attribute_length_max", 6),
    "OTEL_SPAN_EVENT_COUNT_LIMIT": ("5", "event_count_max", 5),
    "OTEL_SPAN_LINK_COUNT_LIMIT": ("4", "link_count_max", 4),
    "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT": ("3", "event_attribute_count_max", 3),
    "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT": ("2", "link_attribute_count_max", 2),
}
TABLE = {name: row for name, row in {**JAEGER, **OTHERS}.items() if row}


def test_the_table_has_every_variable():
    assert len(JAEGER) == 21
    known = {variable for key in KEYS.values() for variable, _ in key.variables}
    assert known == {*JAEGER, *OTHERS}


@pytest.mark.parametrize("variable", TABLE)
def test_a_variable_sets_its_key(variable):
    text, key, value = TABLE[variable]
    settings = resolve(environment={variable: text})
    assert settings[key] == value
    assert settings.source(key) == variable


@pytest.mark.parametrize("variable", [name for name, row in TABLE.items() if isinstance(row[2], bool)])
def test_ours_goes_before_theirs_and_code_before_both(variable):
    text, key, value = TABLE[variable]
    ours, other = f"LYMER_{key.upper()}", str(not value)
    settings = resolve(environment={variable: text, ours: other})
    assert (settings[key], settings.source(key)) == (not value, ours)
    assert resolve({key: value}, environment={ours: other}).source(key) == "code"


TEXTS = {str: "x", int: "3", float: "0.5", bool: "true", dict: "a=b", tuple: "none", type(None): "1"}
SPECIAL = {"sampler": "const", "protocol": "grpc", "config_file": "", "propagators": "b3", "reporter": "udp"}


@pytest.mark.parametrize("key", KEYS)
def test_every_key_can_be_set_by_a_variable_of_ours(key):
    text = SPECIAL.get(key, TEXTS[type(KEYS[key].default)])
    if key.endswith("endpoint"):
        text = "http://c:1"
    source = resolve(environment={f"LYMER_{key.upper()}": text}).source(key)
    assert source == (f"LYMER_{key.upper()}" if text else "default")


def test_the_first_of_two_variables_counts():
    both = {"JAEGER_SERVICE_NAME": "a", "OTEL_SERVICE_NAME": "b"}
    assert resolve(environment=both)["service"] == "a"
