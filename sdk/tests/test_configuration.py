"""One resolver: which source comes first, what each variable means, and what a wrong value does."""

from __future__ import annotations

import pytest
from lymer_sdk.configuration import build, resolve
from lymer_sdk.configuration.parse import boolean, pairs, seconds
from lymer_sdk.propagation import B3Single, Jaeger, TraceContext
from lymer_sdk.reporter import BatchReporter
from lymer_sdk.reporters import Fanout, LogReporter, MemoryReporter
from lymer_sdk.sampling import (
    AlwaysOff,
    AlwaysOn,
    ConsistentProbability,
    Delayed,
    LowerBound,
    Probabilistic,
    RateLimiting,
    Remote,
    Tiers,
    TraceIdRatio,
)
from lymer_sdk.udp_sender import UdpSender


def built(environment=None, config=None, **code):
    environment = environment or {}
    return build(resolve(code, config, environment), environment=environment)


def test_code_comes_before_dict_before_our_variables_before_jaegers_before_opentelemetrys():
    environment = {"OTEL_SERVICE_NAME": "otel"}
    assert resolve(environment=environment)["service"] == "otel"
    environment["JAEGER_SERVICE_NAME"] = "jaeger"
    assert resolve(environment=environment)["service"] == "jaeger"
    environment["LYMER_SERVICE"] = "lymer"
    assert resolve(environment=environment)["service"] == "lymer"
    assert resolve({}, {"service": "dict"}, environment)["service"] == "dict"
    settings = resolve({"service": "code"}, {"service": "dict"}, environment)
    assert (settings["service"], settings.source("service")) == ("code", "code")
    assert resolve(environment={}).source("service") == "default"


def test_every_value_says_where_it_is_from_and_secrets_are_not_shown():
    environment = {"JAEGER_PASSWORD": "geheim", "OTEL_BSP_SCHEDULE_DELAY": "500"}
    lines = list(resolve({"tier": "S"}, None, environment).described())
    assert "interval_s = 0.5 (OTEL_BSP_SCHEDULE_DELAY)" in lines
    assert "tier = 'S' (code)" in lines
    assert "password = '***' (JAEGER_PASSWORD)" in lines
    assert "exit_timeout_s = 2.0 (default)" in lines


def test_a_wrong_value_in_code_stops_with_its_key():
    with pytest.raises(ValueError, match=r"interval_s \(code\): .*soon"):
        resolve({"interval_s": "soon"})
    with pytest.raises(ValueError, match="sampler \\(dict\\): 'x' is none of"):
        resolve(None, {"sampler": "x"})
    with pytest.raises(ValueError, match="no setting 'intervall'"):
        resolve({"intervall": 1})
    with pytest.raises(ValueError, match="propagators \\(code\\): no propagator 'x'"):
        resolve({"propagators": "x"})
    with pytest.raises(ValueError, match="sampler_param \\(code\\) of sampler probabilistic"):
        built(sampler="probabilistic", sampler_param="7")
    with pytest.raises(ValueError, match="jaeger-client had no key 'x'"):
        resolve(None, {"service_name": "s", "x": 1})


@pytest.mark.parametrize(
    "environment",
    [
        {"OTEL_BSP_SCHEDULE_DELAY": "soon"},
        {"JAEGER_DISABLED": "perhaps"},
        {"OTEL_PROPAGATORS": "xray"},
        {"OTEL_TRACES_SAMPLER": "mine"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "ftp://x"},
        {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "7"},
        {"JAEGER_AGENT_PORT": "-1"},
    ],
)
def test_a_wrong_variable_is_said_and_not_used(environment, caplog):
    built(environment)
    assert "is not used" in caplog.text


def test_all_of_jaegers_variables():
    environment = {
        "JAEGER_SERVICE_NAME": "shop",
        "JAEGER_DISABLED": "false",
        "JAEGER_RPC_METRICS": "true",
        "JAEGER_TAGS": "env=prod, host=${HOST:none}, zone=${ZONE:eu}",
        "HOST": "h1",
        "JAEGER_SAMPLER_TYPE": "remote",
        "JAEGER_SAMPLER_PARAM": "0.5",
        "JAEGER_SAMPLER_MANAGER_HOST_PORT": "agent:5778",
        "JAEGER_SAMPLER_MAX_OPERATIONS": "5",
        "JAEGER_SAMPLER_REFRESH_INTERVAL": "1m30s",
        "JAEGER_REPORTER_MAX_QUEUE_SIZE": "7",
        "JAEGER_REPORTER_FLUSH_INTERVAL": "500ms",
        "JAEGER_REPORTER_LOG_SPANS": "true",
        "JAEGER_REPORTER_ATTEMPT_RECONNECTING_DISABLED": "true",
        "JAEGER_REPORTER_ATTEMPT_RECONNECT_INTERVAL": "10s",
        "JAEGER_AGENT_HOST": "agent",
        "JAEGER_AGENT_PORT": "6831",
        "JAEGER_TRACEID_128BIT": "false",
    }
    made = built(environment)
    assert made.provider.resource.attributes["service.name"] == "shop"
    assert {key: made.provider.resource.attributes[key] for key in ("env", "host", "zone")} == {
        "env": "prod",
        "host": "h1",
        "zone": "eu",
    }
    sampler = made.provider.sampler
    assert isinstance(sampler, Remote)
    assert (sampler._url, sampler._interval_s, sampler._operations_max) == (
        "http://agent:5778/sampling?service=shop",
        90.0,
        5,
    )
    assert sampler.current.probability == 0.5
    sending, logging = made.reporter.reporters
    assert isinstance(logging, LogReporter)
    assert (sending._config.queue_spans_max, sending._config.interval_s) == (7, 0.5)
    assert isinstance(sending._send, UdpSender)
    assert sending._send._address == ("agent", 6831)
    assert sending._send._resolve_interval_s == float("inf")
    assert made.provider.new_trace_id() < 1 << 64
    assert made.settings["rpc_metrics"] is True


def test_jaegers_endpoint_means_thrift_with_its_credentials():
    made = built({"JAEGER_ENDPOINT": "http://c:14268/api/traces", "JAEGER_USER": "u", "JAEGER_PASSWORD": "p"})
    assert made.settings["reporter"] == ("thrift",)
    assert made.settings.source("reporter") == "JAEGER_ENDPOINT"
    assert made.reporter._send._headers["Authorization"] == "Basic dTpw"
    assert made.reporter._send._port == 14268
    assert built({"JAEGER_SAMPLING_ENDPOINT": "http://c/x"}).settings["sampling_endpoint"] == "http://c/x"


def test_jaeger_clients_dict_with_all_its_keys():
    config = {
        "service_name": "shop",
        "enabled": True,
        "logging": True,
        "local_agent": {"reporting_host": "agent", "reporting_port": 5775, "sampling_port": 5779},
        "sampler": {"type": "const", "param": 1},
        "tags": {"env": "prod"},
        "reporter_batch_size": 10,
        "reporter_queue_size": 100,
        "reporter_flush_interval": 1,
        "sampling_refresh_interval": 30,
        "propagation": "b3",
        "max_tag_value_length": 64,
        "max_traceback_length": 100,
        "trace_id_header": "My-Trace-Id",
        "baggage_header_prefix": "my-",
        "debug_id_header": "my-debug",
        "generate_128bit_trace_id": True,
        "max_operations": 9,
        "throttler": {"port": 1, "refresh_interval": 2},
        "metrics": True,
    }
    made = built(config=config)
    assert isinstance(made.provider.sampler, AlwaysOn)
    assert made.provider.resource.attributes["env"] == "prod"
    assert made.reporter.reporters[0]._send._address == ("agent", 5775)
    assert made.reporter.reporters[0]._config.batch_spans_max == 10
    assert made.provider.limits.attribute_length_max == 64
    assert [type(one) for one in made.propagator.propagators] == [B3Single]
    assert made.settings["sampling_endpoint"] == "http://agent:5779/sampling"
    assert made.provider.new_trace_id() >> 64


def test_jaeger_clients_defaults():
    made = built(config={"service_name": "shop"})
    assert isinstance(made.provider.sampler, Remote)
    assert isinstance(made.reporter._send, UdpSender)
    assert made.reporter._send._address == ("localhost", 6831)
    assert [type(one) for one in made.propagator.propagators] == [Jaeger]
    assert made.provider.new_trace_id() < 1 << 64
    assert isinstance(built(config={"service_name": "s", "local_agent": {"enabled": False}}).reporter, Fanout)


def test_the_bound_of_debug_ids_is_a_setting():
    propagator = built({"LYMER_DEBUG_PER_SECOND_MAX": "1", "JAEGER_PROPAGATION": "jaeger"}).propagator.propagators[0]
    assert propagator._debug_credits.per_second_max == 1.0


def test_headers_names_reach_the_propagator():
    carrier = {}
    made = built(config={"service_name": "s", "trace_id_header": "My-Trace-Id", "baggage_header_prefix": "my-"})
    span = made.provider.get_tracer("t").start_span("s")
    from opentelemetry import trace

    made.propagator.inject(carrier, trace.set_span_in_context(span))
    assert list(carrier) == ["my-trace-id"]


def test_opentelemetrys_variables():
    environment = {
        "OTEL_SERVICE_NAME": "shop",
        "OTEL_RESOURCE_ATTRIBUTES": "env=prod,service.name=other",
        "OTEL_TRACES_SAMPLER": "traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": "0.25",
        "OTEL_PROPAGATORS": "tracecontext,b3,none",
        "OTEL_TRACES_EXPORTER": "otlp,console",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318/base/",
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20x",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "3",
        "OTEL_BSP_MAX_QUEUE_SIZE": "9",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "8",
        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "7",
        "OTEL_ATTRIBUTE_COUNT_LIMIT": "70",
        "OTEL_SPAN_EVENT_COUNT_LIMIT": "6",
        "OTEL_SPAN_LINK_COUNT_LIMIT": "5",
        "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT": "4",
        "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT": "3",
        "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "2",
    }
    made = built(environment)
    assert made.provider.resource.attributes["service.name"] == "shop"
    assert made.provider.resource.attributes["env"] == "prod"
    assert isinstance(made.provider.sampler, TraceIdRatio)
    assert made.provider.sampler.ratio == 0.25
    assert made.provider.parent_decides is False
    assert [type(one) for one in made.propagator.propagators] == [TraceContext, B3Single]
    sending, logging = made.reporter.reporters
    assert isinstance(logging, LogReporter)
    assert (sending._send._path, sending._send._compress) == ("/base/v1/traces", True)
    assert sending._send._headers["authorization"] == "Bearer x"
    assert (sending._config.send_timeout_s, sending._config.queue_spans_max) == (3.0, 9)
    limits = made.provider.limits
    assert (limits.attribute_count_max, limits.event_count_max, limits.link_count_max) == (7, 6, 5)
    assert (limits.event_attribute_count_max, limits.link_attribute_count_max, limits.attribute_length_max) == (4, 3, 2)


def test_the_endpoint_for_traces_alone_is_taken_as_it_is():
    environment = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:1/x", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://d:2"}
    assert built(environment).reporter._send._path == "/x"
    assert built({"OTEL_EXPORTER_ZIPKIN_ENDPOINT": "http://z:9411/api/v2/spans"}).settings["reporter"] == ("zipkin",)
    both = {"JAEGER_AGENT_HOST": "agent", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://d:2"}
    assert built(both).settings["reporter"] == ("otlp",)


@pytest.mark.parametrize(
    ("name", "param", "kind", "parent_decides"),
    [
        ("const", 1, AlwaysOn, True),
        ("const", "0", AlwaysOff, True),
        ("const", False, AlwaysOff, True),
        ("probabilistic", 0.5, Probabilistic, True),
        ("ratelimiting", 2, RateLimiting, True),
        ("lowerbound", "0.1,1", LowerBound, True),
        ("remote", None, Remote, True),
        ("consistent", 0.5, ConsistentProbability, True),
        ("always_on", None, AlwaysOn, False),
        ("always_off", None, AlwaysOff, False),
        ("parentbased_always_off", None, AlwaysOff, True),
        ("parentbased_traceidratio", 0.5, TraceIdRatio, True),
        ("parentbased_jaeger_remote", "endpoint=http://c:5778,pollingIntervalMs=5000", Remote, True),
    ],
)
def test_samplers_by_name(name, param, kind, parent_decides):
    made = built(sampler=name, sampler_param=param)
    assert isinstance(made.provider.sampler, kind)
    assert made.provider.parent_decides == parent_decides


def test_opentelemetrys_remote_sampler_takes_its_argument_apart():
    argument = "endpoint=http://c:5778,pollingIntervalMs=5000,initialSamplingRate=0.25"
    sampler = built(sampler="jaeger_remote", sampler_param=argument, service="s").provider.sampler
    assert (sampler._url, sampler._interval_s, sampler.current.probability) == (
        "http://c:5778/sampling?service=s",
        5.0,
        0.25,
    )


def test_tiers_and_delayed_decisions_by_setting():
    assert isinstance(built(tier="B").provider.sampler, Tiers)
    made = built({"LYMER_KEEP_ERRORS": "true", "LYMER_KEEP_SLOW_S": "500ms"}, sampler="probabilistic")
    assert isinstance(made.provider.sampler, Delayed)
    assert made.provider.sampler._slow_ns == 500_000_000


def test_what_is_disabled_records_nothing_whatever_is_asked():
    made = built({"OTEL_SDK_DISABLED": "true"}, reporter="memory")
    context = made.propagator.extract({"jaeger-debug-id": "x"})
    made.provider.get_tracer("t").start_span("s", context=context).end()
    assert isinstance(made.reporter, MemoryReporter)
    assert made.reporter.spans == []


def test_nothing_given_is_otlp_to_this_machine():
    made = built()
    assert isinstance(made.reporter, BatchReporter)
    assert (made.reporter._send._address.hostname, made.reporter._send._port) == ("localhost", 4318)
    assert isinstance(made.provider.sampler, AlwaysOn)
    assert made.provider.parent_decides


@pytest.mark.parametrize(
    ("text", "value"), [("1", 1.0), ("1.5s", 1.5), ("1m30s", 90.0), ("500ms", 0.5), ("2h", 7200.0), (".5s", 0.5)]
)
def test_durations(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize(
    ("read", "text"), [(seconds, "-1"), (seconds, "1x"), (seconds, "inf"), (boolean, ""), (pairs, "a")]
)
def test_what_cannot_be_read(read, text):
    with pytest.raises(ValueError, match=r".+"):
        read(text)
