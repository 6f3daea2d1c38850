"""Random OTLP requests, as messages of the official classes. What is legal is drawn; `damaged` breaks bytes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import (
    AnyValue,
    ArrayValue,
    EntityRef,
    InstrumentationScope,
    KeyValue,
    KeyValueList,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

NOW_NANO = 1_763_000_000_000_000_000

texts = st.text(max_size=12) | st.sampled_from(["", 'a "quoted" \\ text', "\x00\x01\n\t\r\b\f\x1f\x7f", "日本語 🐕"])
keys = st.sampled_from(
    ["http.route", "service.name", "k", "", "$bytes", "$double", "$$bytes", "$$double", "$", "event"]
) | st.text(max_size=6)
counts = st.just(0) | st.integers(0, 2**32 - 1)
times = st.integers(NOW_NANO, NOW_NANO + 10**12) | st.integers(0, 2**63 - 1)
enums = st.integers(0, 5) | st.integers(-(2**31), 2**31 - 1)

_scalars = st.one_of(
    st.just(AnyValue()),
    texts.map(lambda value: AnyValue(string_value=value)),
    st.booleans().map(lambda value: AnyValue(bool_value=value)),
    st.integers(-(2**63), 2**63 - 1).map(lambda value: AnyValue(int_value=value)),
    st.floats().map(lambda value: AnyValue(double_value=value)),
    st.binary(max_size=8).map(lambda value: AnyValue(bytes_value=value)),
)


def _pairs(values: st.SearchStrategy[AnyValue]) -> st.SearchStrategy[KeyValue]:
    return st.builds(KeyValue, key=keys, value=st.none() | values)


any_values: st.SearchStrategy[AnyValue] = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: AnyValue(array_value=ArrayValue(values=items)))
        | st.lists(_pairs(inner), max_size=3).map(lambda items: AnyValue(kvlist_value=KeyValueList(values=items)))
    ),
    max_leaves=6,
)
key_values = _pairs(any_values)
bags = st.lists(key_values, max_size=4)


def ids(size: int) -> st.SearchStrategy[bytes]:
    """Ids that are kept."""
    return st.binary(min_size=size, max_size=size).filter(any)


events = st.builds(Span.Event, time_unix_nano=times, name=texts, attributes=bags, dropped_attributes_count=counts)
links = st.builds(
    Span.Link,
    trace_id=ids(16) | st.just(b""),
    span_id=ids(8) | st.just(b""),
    trace_state=texts,
    attributes=bags,
    dropped_attributes_count=counts,
    flags=counts,
)
statuses = st.none() | st.builds(Status, message=texts, code=enums)


def spans(**changes: st.SearchStrategy[Any]) -> st.SearchStrategy[Span]:
    """Spans that are kept, but for the fields drawn otherwise."""
    fields: dict[str, st.SearchStrategy[Any]] = {
        "trace_id": ids(16),
        "span_id": ids(8),
        "trace_state": texts,
        "parent_span_id": ids(8) | st.just(b""),
        "flags": counts,
        "name": texts,
        "kind": enums,
        "start_time_unix_nano": times,
        "end_time_unix_nano": times,
        "attributes": bags,
        "dropped_attributes_count": counts,
        "events": st.lists(events, max_size=2),
        "dropped_events_count": counts,
        "links": st.lists(links, max_size=2),
        "dropped_links_count": counts,
        "status": statuses,
    }
    return st.builds(Span, **(fields | changes))


any_spans = spans(
    trace_id=ids(16) | st.binary(max_size=17),
    span_id=ids(8) | st.binary(max_size=9),
    parent_span_id=st.binary(max_size=9) | st.just(bytes(8)),
    start_time_unix_nano=times | st.integers(2**63, 2**64 - 1),
    end_time_unix_nano=times | st.integers(2**63, 2**64 - 1),
)
"""Spans of which many must be refused."""

resources = st.builds(
    Resource,
    attributes=bags,
    dropped_attributes_count=counts,
    entity_refs=st.lists(
        st.builds(
            EntityRef,
            schema_url=texts,
            type=texts,
            id_keys=st.lists(texts, max_size=2),
            description_keys=st.lists(texts, max_size=2),
        ),
        max_size=2,
    ),
)
scopes = st.builds(InstrumentationScope, name=texts, version=texts, attributes=bags, dropped_attributes_count=counts)


def requests(span: st.SearchStrategy[Span] | None = None) -> st.SearchStrategy[ExportTraceServiceRequest]:
    """Requests with a few spans."""
    scope_spans = st.builds(
        ScopeSpans,
        scope=st.none() | scopes,
        spans=st.lists(spans() if span is None else span, max_size=3),
        schema_url=texts,
    )
    resource_spans = st.builds(
        ResourceSpans,
        resource=st.none() | resources,
        scope_spans=st.lists(scope_spans, max_size=2),
        schema_url=texts,
    )
    return st.builds(ExportTraceServiceRequest, resource_spans=st.lists(resource_spans, max_size=2))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """The bytes of a request with a few of them changed, cut off, doubled or put in."""
    data = bytearray(draw(requests(any_spans)).SerializeToString())
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        match draw(st.integers(0, 4)):
            case 0:
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case 1:
                del data[at:]
            case 2:
                data[at:at] = draw(st.binary(max_size=4))
            case 3:
                data[at:at] = data[at : at + draw(st.integers(1, 40))]
            case _:
                del data[at : at + draw(st.integers(1, 4))]
    return bytes(data)
