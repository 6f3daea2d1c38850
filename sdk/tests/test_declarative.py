"""OpenTelemetry's declarative file, and YAML of our own keys."""

from __future__ import annotations

import pytest
from lymer_sdk.configuration import build, resolve
from lymer_sdk.configuration.declarative import from_declarative
from lymer_sdk.sampling import AlwaysOn, ConsistentProbability, Remote, TraceIdRatio

WHOLE = """
file_format: "1.1"
disabled: false
log_level: info
attribute_limits:
  attribute_value_length_limit: 4096
  attribute_count_limit: 64
resource:
  attributes_list: ${OTEL_RESOURCE_ATTRIBUTES}
  attributes:
    - {name: service.name, value: "${SERVICE:-shop}"}
    - {name: zone, value: eu, type: string}
    - {name: shard, value: "${SHARD}"}
    - {name: price, value: $$5}
propagator:
  composite:
    - tracecontext:
    - baggage:
  composite_list: b3,baggage
meter_provider:
  readers: []
tracer_provider:
  processors:
    - batch:
        schedule_delay: 250
        export_timeout: 3000
        max_queue_size: 4096
        max_export_batch_size: 256
        exporter:
          otlp_http:
            endpoint: https://collector:4318/v1/traces
            headers:
              - {name: api-key, value: "${env:KEY}"}
            headers_list: tenant=blue
            compression: gzip
            timeout: 1500
            encoding: json
            tls: {ca_file: /ca.pem, cert_file: /cert.pem, key_file: /key.pem}
    - simple:
        exporter:
          console:
    - batch:
        exporter:
          otlp_file/development:
            output_stream: file:///tmp/traces.jsonl
    - batch:
        exporter:
          zipkin: {endpoint: "http://z:9411/api/v2/spans"}
  limits:
    event_count_limit: 5
    link_count_limit: 6
    event_attribute_count_limit: 7
    link_attribute_count_limit: 8
  sampler:
    parent_based:
      root:
        trace_id_ratio_based: {ratio: 0.25}
      remote_parent_sampled: {always_on: }
"""


@pytest.fixture
def settings(tmp_path):
    def read(text, **environment):
        path = tmp_path / "lymer.yaml"
        path.write_text(text)
        return resolve(environment={"OTEL_CONFIG_FILE": str(path), **environment})

    return read


def test_the_whole_file(settings):
    found = settings(WHOLE, KEY="secret", OTEL_RESOURCE_ATTRIBUTES="a=1,b=2", SHARD="7", LYMER_INTERVAL_S="9")
    expected = {
        "enabled": True,
        "service": "shop",
        "tags": {"a": "1", "b": "2", "zone": "eu", "shard": 7, "price": "$5"},
        "propagators": ("tracecontext", "baggage", "b3"),
        "reporter": ("otlp", "log", "file", "zipkin"),
        "protocol": "http/json",
        "endpoint": "https://collector:4318/v1/traces",
        "headers": {"tenant": "blue", "api-key": "secret"},
        "compress": True,
        "certificate": "/ca.pem",
        "client_certificate": "/cert.pem",
        "client_key": "/key.pem",
        "interval_s": 0.25,
        "send_timeout_s": 1.5,
        "queue_spans_max": 4096,
        "batch_spans_max": 256,
        "file_path": "/tmp/traces.jsonl",
        "zipkin_endpoint": "http://z:9411/api/v2/spans",
        "attribute_length_max": 4096,
        "attribute_count_max": 64,
        "event_count_max": 5,
        "link_count_max": 6,
        "event_attribute_count_max": 7,
        "link_attribute_count_max": 8,
        "sampler": "parentbased_traceidratio",
        "sampler_param": "0.25",
    }
    assert {key: found[key] for key in expected} == expected
    assert found.source("interval_s").endswith("lymer.yaml")


def test_a_file_is_built(settings):
    made = build(settings("file_format: '1.0'\ntracer_provider: {sampler: {always_on: }}\n"), environment={})
    assert isinstance(made.provider.sampler, AlwaysOn)
    assert made.provider.parent_decides is False


@pytest.mark.parametrize(
    ("sampler", "kind"),
    [
        ({"always_on": None}, AlwaysOn),
        ({"trace_id_ratio_based": {"ratio": 0.5}}, TraceIdRatio),
        ({"probability/development": {"ratio": 0.5}}, ConsistentProbability),
        ({"parent_based": {"root": {"probability/development": {"ratio": 0.5}}}}, ConsistentProbability),
        ({"parent_based": None}, AlwaysOn),
        ({"jaeger_remote/development": {"endpoint": "http://c:5778", "interval": 500}}, Remote),
    ],
)
def test_samplers(sampler, kind):
    given = from_declarative({"file_format": "1.1", "tracer_provider": {"sampler": sampler}})
    made = build(resolve(given, environment={}), environment={})
    assert isinstance(made.provider.sampler, kind)


def test_the_remote_sampler_of_the_file():
    remote = {
        "endpoint": "grpc://c:14250",
        "interval": 5000,
        "initial_sampler": {"trace_id_ratio_based": {"ratio": 0.125}},
    }
    document = {"tracer_provider": {"sampler": {"parent_based": {"root": {"jaeger_remote": remote}}}}}
    sampler = build(resolve(from_declarative(document), environment={}), environment={}).provider.sampler
    assert (sampler._url, sampler._interval_s, sampler.current.probability) == ("grpc://c:14250", 5.0, 0.125)


def test_grpc_of_the_file():
    exporter = {"otlp_grpc": {"endpoint": "http://c:4317"}}
    found = from_declarative({"tracer_provider": {"processors": [{"batch": {"exporter": exporter}}]}})
    assert found == {"protocol": "grpc", "endpoint": "http://c:4317", "reporter": ("otlp",)}


def test_our_own_keys_in_yaml(settings):
    found = settings("service: shop\ntier: S\npropagators: [jaeger, b3]\nheaders: {a: b}\n")
    assert (found["service"], found["tier"], found["propagators"], found["headers"]) == (
        "shop", "S", ("jaeger", "b3"), {"a": "b"},
    )  # fmt: skip
    found = settings("file_format: '1.1'\nlymer: {keep_errors: true}\n")
    assert found["keep_errors"] is True


def exporters(*given):
    return {"tracer_provider": {"processors": [{"simple": {"exporter": exporter}} for exporter in given]}}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"tracer_providers": {}}, "tracer_providers: not known"),
        (exporters({"otlp_http": None}, {"otlp_grpc": None}), "a second otlp exporter"),
        (exporters({"smoke": None}), r"processors\[0\].simple.exporter.smoke: not known"),
        (exporters({}), "one exporter is wanted"),
        ({"tracer_provider": {"processors": [{"slow": {}}]}}, r"processors\[0\].slow: not known"),
        ({"tracer_provider": {"sampler": {"dice": None}}}, "sampler.dice: not known"),
        ({"tracer_provider": {"sampler": {"jaeger_remote": {}}}}, "endpoint: it is needed"),
        ({"tracer_provider": {"sampler": {"parent_based": {"local_parent_sampled": {"always_off": None}}}}}, "only al"),
    ],
)
def test_what_cannot_be_had_is_said_with_its_place(document, said):
    with pytest.raises(ValueError, match=said):
        from_declarative(document)


@pytest.mark.parametrize("text", ["a: [", "- a", "file_format: '1'\ntracer_provider: 3", "intervall_s: 1", "tier: ["])
def test_a_file_that_cannot_be_read_stops_the_start(settings, text):
    with pytest.raises(ValueError, match=r"lymer\.yaml|intervall_s"):
        settings(text)


def test_a_file_that_is_not_there_stops_the_start():
    with pytest.raises(ValueError, match="No such file"):
        resolve({"config_file": "/nowhere.yaml"}, environment={})
