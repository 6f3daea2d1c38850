"""What we encode, read by protobuf's own decoder with the official messages."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from lymer_sdk import Resource, TracerProvider
from lymer_sdk.otlp import encode_request
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.trace import Link, SpanContext, SpanKind, StatusCode, TraceFlags, TraceState

values = st.one_of(
    st.text(max_size=100),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.binary(max_size=50),
    st.lists(st.text(max_size=10), max_size=5),
    st.lists(st.integers(-100, 100), max_size=5),
)


def plain(value):
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return tuple(plain(item) for item in value.array_value.values)
    return getattr(value, kind)


def decode(spans, resource):
    request = ExportTraceServiceRequest.FromString(encode_request(spans, resource))
    return request, [span for group in request.resource_spans for scope in group.scope_spans for span in scope.spans]


def recorded():
    spans = []
    provider = TracerProvider(resource=Resource({"service.name": "shop"}), report=spans.append)
    return spans, provider


@settings(max_examples=200, deadline=None)
@given(
    name=st.text(max_size=200),
    attributes=st.dictionaries(st.text(min_size=1, max_size=20), values, max_size=20),
    kind=st.sampled_from(list(SpanKind)),
)
def test_every_value_arrives_as_it_was_set(name, attributes, kind):
    spans, provider = recorded()
    with provider.get_tracer("t").start_as_current_span(name, kind=kind, attributes=attributes):
        pass
    _, (span,) = decode(spans, provider.resource)
    assert span.name == name
    assert span.kind == kind.value + 1
    found = {pair.key: plain(pair.value) for pair in span.attributes}
    assert found == {key: tuple(value) if isinstance(value, list) else value for key, value in attributes.items()}
    assert span.start_time_unix_nano == spans[0].start_time
    assert span.end_time_unix_nano == spans[0].end_time


def test_parents_links_events_and_status_arrive():
    spans, provider = recorded()
    tracer = provider.get_tracer("lib", "1.2", "https://schema")
    other = SpanContext(7, 8, True, TraceFlags(1), TraceState([("a", "b")]))
    with (
        tracer.start_as_current_span("parent") as parent,
        tracer.start_as_current_span("child", links=[Link(other, {"k": 1})]) as child,
    ):
        child.add_event("cache", {"hit": False}, timestamp=5)
        child.set_status(StatusCode.ERROR, "broken")
    request, (first, second) = decode(spans, provider.resource)
    assert (first.name, second.name) == ("child", "parent")
    assert first.parent_span_id == parent.get_span_context().span_id.to_bytes(8)
    assert first.trace_id == second.trace_id
    assert second.parent_span_id == b""
    assert (first.events[0].name, first.events[0].time_unix_nano, first.events[0].attributes[0].value.bool_value) == (
        "cache",
        5,
        False,
    )
    assert (first.links[0].trace_id, first.links[0].trace_state) == ((7).to_bytes(16), "a=b")
    assert (first.status.code, first.status.message) == (2, "broken")
    scope = request.resource_spans[0].scope_spans[0]
    assert (scope.scope.name, scope.scope.version, scope.schema_url) == ("lib", "1.2", "https://schema")
    assert first.flags == 0x103, "sampled, random trace id, parent known to be local"


def test_an_exception_that_leaves_the_span_is_recorded_once():
    spans, provider = recorded()
    try:
        with provider.get_tracer("t").start_as_current_span("op"):
            raise ValueError("no")
    except ValueError:
        pass
    _, (span,) = decode(spans, provider.resource)
    assert [event.name for event in span.events] == ["exception"]
    assert span.status.code == 2
    assert span.status.message == "ValueError: no"


def test_more_than_the_limits_is_dropped_and_counted():
    spans, provider = recorded()
    with provider.get_tracer("t").start_as_current_span("op") as span:
        for number in range(200):
            span.set_attribute(f"k{number}", number)
            span.add_event("e")
    _, (span,) = decode(spans, provider.resource)
    assert (len(span.attributes), span.dropped_attributes_count) == (128, 72)
    assert (len(span.events), span.dropped_events_count) == (128, 72)
