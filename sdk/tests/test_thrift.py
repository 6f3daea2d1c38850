"""What we write as Thrift, read by thriftpy2; datagrams by a socket; batches over HTTP."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
import thriftpy2
from hypothesis import given, settings
from hypothesis import strategies as st
from lymer_sdk import BatchReporter, ReporterConfig, Resource, TracerProvider
from lymer_sdk.counters import Stats
from lymer_sdk.http_sender import thrift_sender, zipkin_sender
from lymer_sdk.jaeger_thrift import JaegerThrift
from lymer_sdk.reporter import SendError
from lymer_sdk.thrift_protocol import Binary, Compact
from lymer_sdk.udp_sender import UdpSender
from lymer_sdk.zipkin import encode_spans
from opentelemetry.trace import Link, SpanContext, SpanKind, StatusCode, TraceFlags, TraceState
from thriftpy2.protocol.binary import TBinaryProtocol
from thriftpy2.protocol.compact import TCompactProtocol
from thriftpy2.transport import TMemoryBuffer

idl = thriftpy2.load(str(Path(__file__).with_name("jaeger.thrift")), module_name="jaeger_thrift")
RESOURCE = Resource({"service.name": "shop", "host.name": "h", "replicas": 3})
PROTOCOLS = {"compact": (Compact, TCompactProtocol), "binary": (Binary, TBinaryProtocol)}


def read_message(data, kind):
    """The batch of one datagram."""
    protocol = PROTOCOLS[kind][1](TMemoryBuffer(data))
    name, message_type, _ = protocol.read_message_begin()
    assert (name, message_type) == ("emitBatch", 4)
    arguments = idl.EmitBatchArguments()
    protocol.read_struct(arguments)
    protocol.read_message_end()
    return arguments.batch


def read_batch(data):
    batch = idl.Batch()
    TBinaryProtocol(TMemoryBuffer(data)).read_struct(batch)
    return batch


def value(tag):
    return (tag.vStr, tag.vDouble, tag.vBool, tag.vLong, tag.vBinary)[tag.vType]


def values(tags):
    return {tag.key: value(tag) for tag in tags}


def encoded(spans, kind):
    thrift = JaegerThrift(PROTOCOLS[kind][0]())
    return read_message(thrift.message(thrift.process(RESOURCE), [thrift.span(span) for span in spans]), kind)


def recorded():
    spans = []
    return spans, TracerProvider(resource=RESOURCE, report=spans.append).get_tracer("lib", "1.2")


def signed(bits):
    return bits - (1 << 64) if bits >> 63 else bits


plain = st.one_of(
    st.text(max_size=100),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.binary(min_size=1, max_size=50).filter(lambda data: not _is_text(data)),
)


def _is_text(data):
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True  # thriftpy2 reads such binaries as texts


@pytest.mark.parametrize("kind", PROTOCOLS)
@settings(max_examples=100, deadline=None)
@given(
    name=st.text(max_size=200),
    attributes=st.dictionaries(st.text(min_size=1, max_size=20), plain, max_size=20),
    trace_id=st.integers(1, 2**128 - 1),
    span_id=st.integers(1, 2**64 - 1),
)
def test_every_value_arrives_as_it_was_set(kind, name, attributes, trace_id, span_id):
    spans, tracer = recorded()
    tracer.name = tracer.version = ""
    span = tracer.start_span(name, attributes=attributes, start_time=5_000_000)
    span.trace_id, span.span_id = trace_id, span_id
    span.end(9_000_000)
    batch = encoded(spans, kind)
    (found,) = batch.spans
    assert found.operationName == name
    assert values(found.tags) == attributes
    assert (found.traceIdLow, found.traceIdHigh) == (signed(trace_id & (1 << 64) - 1), signed(trace_id >> 64))
    assert (found.spanId, found.parentSpanId, found.flags) == (signed(span_id), 0, 1)
    assert (found.startTime, found.duration) == (5000, 4000)
    assert batch.process.serviceName == "shop"
    assert values(batch.process.tags) == {"host.name": "h", "replicas": 3}


@pytest.mark.parametrize("kind", PROTOCOLS)
def test_what_jaeger_has_no_field_for_is_said_in_tags(kind):
    spans, tracer = recorded()
    other = SpanContext((5 << 64) | 7, 8, True, TraceFlags(1), TraceState())
    links = [Link(other), Link(other, {"opentracing.ref_type": "child_of"})]
    with (
        tracer.start_as_current_span("parent", kind=SpanKind.SERVER) as parent,
        tracer.start_as_current_span("child", links=links) as child,
    ):
        child.add_event("cache", {"hit": False, "event": "other"}, timestamp=7_000)
        child.set_status(StatusCode.ERROR, "broken")
        child.set_attribute("list", ["a", "b"])
    first, second = encoded(spans, kind).spans
    assert values(second.tags) == {"span.kind": "server", "otel.scope.name": "lib", "otel.scope.version": "1.2"}
    assert values(first.tags) == {
        "list": '["a", "b"]',
        "otel.status_code": "ERROR",
        "error": True,
        "otel.status_description": "broken",
        "otel.scope.name": "lib",
        "otel.scope.version": "1.2",
    }
    assert first.parentSpanId == signed(parent.span_id)
    assert [(log.timestamp, values(log.fields)) for log in first.logs] == [(7, {"event": "cache", "hit": False})]
    references = [(r.refType, r.traceIdLow, r.traceIdHigh, r.spanId) for r in first.references]
    assert references == [(1, 7, 5, 8), (0, 7, 5, 8)]


@pytest.mark.parametrize("kind", PROTOCOLS)
def test_long_lists_are_read(kind):
    spans, tracer = recorded()
    span = tracer.start_span("s", attributes={f"k{n}": n for n in range(100)})
    for _ in range(100):
        span.add_event("e")
    span.end()
    batch = encoded(spans * 200, kind)
    assert len(batch.spans) == 200
    assert (len(batch.spans[7].tags), len(batch.spans[7].logs)) == (102, 100)


# --- UDP -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def agent():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(5)
        yield listening


@pytest.mark.parametrize("kind", PROTOCOLS)
def test_no_datagram_is_over_its_bound_and_no_span_is_lost(agent, kind):
    spans, tracer = recorded()
    for number in range(300):
        with tracer.start_as_current_span(f"s{number}") as span:
            span.set_attribute("text", "x" * (number * 7))
    sender = UdpSender("127.0.0.1", agent.getsockname()[1], RESOURCE, binary=kind == "binary")
    assert sender(spans, 1.0) == (0, 0)
    sender.close()
    found, sizes = [], []
    while len(found) < 300:
        data = agent.recv(1 << 17)
        sizes.append(len(data))
        found += [span.operationName for span in read_message(data, kind).spans]
    assert found == [f"s{number}" for number in range(300)]
    assert len(sizes) > 3
    assert 60_000 < max(sizes) <= 65_000


def test_a_span_that_fits_no_datagram_is_counted(agent):
    spans, tracer = recorded()
    tracer.start_span("large", attributes={"text": "x" * 70_000}).end()
    tracer.start_span("small").end()
    stats = Stats()
    sender = UdpSender("127.0.0.1", agent.getsockname()[1], RESOURCE)
    reporter = BatchReporter(sender, stats, ReporterConfig(interval_s=0.01))
    for span in spans:
        reporter.report(span)
    assert reporter.flush(5)
    reporter.close()
    assert (stats.reported, stats.dropped_too_large, stats.dropped) == (1, 1, 1)
    assert [span.operationName for span in read_message(agent.recv(1 << 17), "compact").spans] == ["small"]


def test_that_nothing_listens_is_said():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    spans, tracer = recorded()
    tracer.start_span("s").end()
    sender = UdpSender("127.0.0.1", port, RESOURCE)
    with pytest.raises(SendError, match=f"UDP 127.0.0.1:{port}: nothing listens there"):
        sender(spans, 1.0)


def test_an_agent_that_moves_is_found_again(agent, monkeypatch):
    now, asked = [0.0], []
    resolve = socket.getaddrinfo

    def counted(host, port, **options):
        asked.append(host)
        return resolve("127.0.0.1", port, **options)

    monkeypatch.setattr(socket, "getaddrinfo", counted)
    spans, tracer = recorded()
    tracer.start_span("s").end()
    sender = UdpSender("agent.svc", agent.getsockname()[1], RESOURCE, monotonic_s=lambda: now[0])
    for now[0] in (100.0, 120.0, 131.0):
        sender(spans, 1.0)
    sender.close()
    assert asked == ["agent.svc"] * 2


# --- HTTP, Zipkin ----------------------------------------------------------------------------------------------------


def test_batches_go_to_the_collector_with_credentials(http_receiver):
    spans, tracer = recorded()
    tracer.start_span("s").end()
    for sender in (
        thrift_sender(http_receiver.endpoint, RESOURCE, user="u", password="p"),
        thrift_sender(http_receiver.endpoint.replace("//", "//u:p@") + "/api/traces?format=jaeger.thrift", RESOURCE),
    ):
        http_receiver.answers.append((202, {}, b""))
        assert sender(spans, 1.0) == (0, 0)
        sender.close()
    first, second = http_receiver.received
    assert (first.path, second.path) == ("/api/traces", "/api/traces?format=jaeger.thrift")
    assert first.headers["Content-Type"] == "application/x-thrift"
    assert first.headers["Authorization"] == second.headers["Authorization"] == "Basic dTpw"
    assert [span.operationName for span in read_batch(first.body).spans] == ["s"]


def test_zipkin_has_what_its_format_can_say(http_receiver):
    spans, tracer = recorded()
    with tracer.start_as_current_span("parent"), tracer.start_as_current_span("call", kind=SpanKind.CLIENT) as span:
        span.set_attributes({"peer.service": "db", "ok": True, "n": 5, "list": [1, 2], "raw": b"\x01"})
        span.add_event("retry", {"n": 1}, timestamp=7_000)
        span.add_event("plain", timestamp=8_000)
        span.set_status(StatusCode.ERROR)
        span.flags |= 0x100
    sender = zipkin_sender(http_receiver.endpoint, RESOURCE)
    sender(spans, 1.0)
    sender.close()
    (request,) = http_receiver.received
    assert (request.path, request.headers["Content-Type"]) == ("/api/v2/spans", "application/json")
    call, parent = json.loads(request.body)
    assert call == {
        "traceId": f"{span.trace_id:032x}",
        "id": f"{span.span_id:016x}",
        "parentId": parent["id"],
        "name": "call",
        "kind": "CLIENT",
        "timestamp": span.start_time // 1000,
        "duration": max((span.end_time - span.start_time) // 1000, 1),
        "localEndpoint": {"serviceName": "shop"},
        "remoteEndpoint": {"serviceName": "db"},
        "annotations": [{"timestamp": 7, "value": '{"retry": {"n": 1}}'}, {"timestamp": 8, "value": "plain"}],
        "debug": True,
        "tags": {
            "peer.service": "db",
            "ok": "true",
            "n": "5",
            "list": "[1, 2]",
            "raw": "01",
            "otel.scope.name": "lib",
            "otel.scope.version": "1.2",
            "otel.status_code": "ERROR",
            "error": "true",
        },
    }
    assert "kind" not in parent
    assert "parentId" not in parent


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=20), st.dictionaries(st.text(min_size=1, max_size=10), plain, max_size=5))
def test_zipkin_is_always_json(name, attributes):
    spans, tracer = recorded()
    span = tracer.start_span(name, attributes=attributes)
    span.add_event(name, attributes)
    span.end()
    assert json.loads(encode_spans(spans, RESOURCE))[0]["name"] == name
