"""What a span takes from careless callers, and what readers find on it."""

from __future__ import annotations

import enum
import os
import tracemalloc
from fractions import Fraction

import pytest
from lymer_sdk import Resource, TracerProvider
from lymer_sdk.limits import SpanLimits
from lymer_sdk.otlp import encode_request
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.trace import INVALID_SPAN_CONTEXT, SpanKind, Status, StatusCode


class Color(enum.IntEnum):
    RED = 3


class Text(str):
    __slots__ = ()


class MuteError(Exception):
    def __str__(self):
        raise RuntimeError("broken")


@pytest.fixture
def spans():
    return []


@pytest.fixture
def tracer(spans):
    return TracerProvider(resource=Resource({"service.name": "s"}), report=spans.append).get_tracer("t", "1")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (Color.RED, 3),
        (Text("x"), "x"),
        (True, True),
        (Fraction(1, 2), 0.5),
        ([1, 2], (1, 2)),
        (["a", None], ("a", None)),
        (bytearray(b"x"), b"x"),
        ({"a": 1, "b": [None, {"c": "ö"}]}, '{"a": 1, "b": [null, {"c": "ö"}]}'),
        ([1, "a", True], '[1, "a", true]'),
        ([{"a": 1}, {"b": ()}], ('{"a": 1}', '{"b": []}')),
    ],
)
def test_values_are_kept_as_plain_ones(tracer, given, kept):
    span = tracer.start_span("s")
    span.set_attribute("k", given)
    assert span.attributes["k"] == kept
    assert type(span.attributes["k"]) is type(kept)


@pytest.mark.parametrize("value", [None, object(), {"a": object()}, [1, object()], {("a",): 1}, {1, 2}])
def test_what_cannot_be_recorded_is_refused_with_a_word(tracer, caplog, value):
    span = tracer.start_span("s")
    span.set_attribute("k", value)
    assert span.attributes == {}
    assert "refused" in caplog.text


def test_a_map_that_holds_itself_is_refused_and_a_long_one_cut(tracer):
    endless: dict[str, object] = {}
    endless["again"] = endless
    span = TracerProvider(limits=SpanLimits(attribute_length_max=8)).get_tracer("t").start_span("s")
    span.set_attributes({"endless": endless, "long": {"k": "v" * 50}})
    assert span.attributes == {"long": '{"k": "v'}


@pytest.mark.parametrize("key", ["", None, 5])
def test_keys_are_texts(tracer, caplog, key):
    span = tracer.start_span("s")
    span.set_attribute(key, 1)
    assert span.attributes == {}
    assert caplog.records


@pytest.mark.parametrize("name", [None, 5, "\ud800", ""])
def test_any_name_can_be_sent(tracer, spans, name):
    with tracer.start_as_current_span(name) as span:
        span.add_event(name)
        span.update_name(name)
        span.set_status(StatusCode.ERROR, name)
        span.end(1.5e18)
    assert ExportTraceServiceRequest.FromString(encode_request(spans, tracer.provider.resource))


def test_an_exception_that_cannot_speak_takes_nothing_down(tracer, spans):
    with pytest.raises(MuteError), tracer.start_as_current_span("s"):
        raise MuteError
    assert spans[0].events[0].attributes["exception.message"] == "<no message: RuntimeError>"


def test_after_its_end_a_span_does_not_change(tracer, spans):
    span = tracer.start_span("s")
    span.end(5)
    span.end(6)
    span.set_attribute("a", 1)
    span.add_event("e")
    span.update_name("other")
    span.set_status(StatusCode.ERROR)
    assert (span.end_time, span.attributes, span.events, span.name, span.status_code) == (5, {}, None, "s", 0)
    assert spans == [span]


def test_ok_is_final_and_unset_is_ignored(tracer):
    span = tracer.start_span("s")
    span.set_status(Status(StatusCode.ERROR, "bad"))
    span.set_status(StatusCode.UNSET)
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "bad")
    span.set_status(StatusCode.OK)
    span.set_status(StatusCode.ERROR, "later")
    assert (span.status_code, span.status_message) == (1, "")


def test_readers_find_what_a_readable_span_has(tracer):
    with tracer.start_as_current_span("a") as a, tracer.start_as_current_span("b", kind=SpanKind.CLIENT) as b:
        assert b.parent == a.get_span_context()
        assert a.parent is None
        assert b.context is b.get_span_context()
        assert b.resource.attributes["service.name"] == "s"
        assert (b.instrumentation_scope.name, b.instrumentation_scope.version) == ("t", "1")
        assert b.context.trace_flags.sampled
        assert b.context.trace_flags.random_trace_id


def test_links_are_to_other_spans(tracer):
    other, span = tracer.start_span("a"), tracer.start_span("b")
    span.add_link(span.get_span_context())
    span.add_link(None)
    span.add_link(INVALID_SPAN_CONTEXT)
    assert not span.links
    span.add_link(other.get_span_context(), {"k": 1})
    assert span.links[0].attributes == {"k": 1}


def test_a_queued_span_holds_no_more_than_700_bytes(tracer, spans):
    def record(count):
        for _ in range(count):
            with tracer.start_as_current_span("op") as span:
                span.set_attribute("http.request.method", "GET")
                span.set_attribute("http.route", "/users/{id}")
                span.set_attribute("user.id", "u-123")
                span.set_attribute("cloud.region", "eu")
                span.set_attribute("http.response.status_code", 200)

    record(10)
    spans.clear()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    record(2000)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert (after - before) / 2000 <= 700


def test_counters_begin_again_in_a_forked_child(tracer):
    tracer.start_span("s").end()
    read, write = os.pipe()
    if (pid := os.fork()) == 0:
        os.write(write, bytes([tracer.provider.stats.started]))
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(read, 1) == b"\0"
    assert tracer.provider.stats.started == 1
