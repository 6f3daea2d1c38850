"""OpenTracing's own harness for tracers and scope managers, and what Jaeger's users did with the API."""

from __future__ import annotations

import asyncio
import contextvars
import time
import unittest

import opentracing
import pytest
from lymer_sdk import AlwaysOff, TracerProvider
from lymer_sdk.opentracing_compat import ScopeManager, Tracer
from lymer_sdk.propagation import Composite, Jaeger
from lymer_sdk.span import DEBUG
from opentelemetry import baggage, trace
from opentelemetry.trace import SpanKind
from opentracing import Format, ReferenceType
from opentracing.ext import tags
from opentracing.harness.api_check import APICompatibilityCheckMixin
from opentracing.harness.scope_check import ScopeCompatibilityCheckMixin


class InOwnContext:
    """Scopes that a check leaves open stay in its own context."""

    def run(self, result=None):
        return contextvars.copy_context().run(super().run, result)


class TestHarness(InOwnContext, unittest.TestCase, APICompatibilityCheckMixin):
    def tracer(self):
        return Tracer(TracerProvider().get_tracer("t"))

    def is_parent(self, parent, span):
        return span.inner.parent_span_id == (parent.inner.span_id if parent else 0)


class TestScopes(InOwnContext, unittest.TestCase, ScopeCompatibilityCheckMixin):
    def setUp(self):
        self.manager = ScopeManager()

    def scope_manager(self):
        return self.manager


class TestScopesInTasks(TestScopes):
    def run_test(self, test_fn):
        async def run():
            test_fn()

        asyncio.run(run())


@pytest.mark.parametrize(("harness", "count"), [(APICompatibilityCheckMixin, 25), (ScopeCompatibilityCheckMixin, 8)])
def test_the_whole_harness_is_run(harness, count):
    checks = [name for name in dir(harness) if name.startswith("test_")]
    assert len(checks) == count
    ours = TestHarness if harness is APICompatibilityCheckMixin else TestScopes
    assert all(getattr(ours, name) is getattr(harness, name) for name in checks)


@pytest.fixture
def spans():
    return []


@pytest.fixture
def recorder(spans):
    return TracerProvider(report=spans.append).get_tracer("t")


@pytest.fixture
def tracer(recorder):
    return Tracer(recorder)


def test_both_apis_are_parents_of_each_other(tracer, recorder, spans):
    with (
        tracer.start_active_span("a") as a,
        recorder.start_as_current_span("b") as b,
        tracer.start_active_span("c") as c,
    ):
        assert trace.get_current_span() is c.span.inner
        assert b.parent_span_id == a.span.inner.span_id
        assert c.span.inner.parent_span_id == b.span_id
    assert tracer.active_span is None
    assert [span.name for span in spans] == ["c", "b", "a"]


def test_a_span_of_opentelemetry_is_the_active_one_and_not_ended_here(tracer, recorder):
    with recorder.start_as_current_span("b") as b:
        assert tracer.active_span.inner is b
        tracer.scope_manager.active.close()
        assert b.is_recording()
    assert tracer.scope_manager.active is None


def test_tags_with_a_meaning_have_it(tracer):
    span = tracer.start_span("s", tags={"span.kind": "client", "error": True, "http.status_code": 200, "x": None})
    assert (span.inner.kind, span.inner.status_code) == (SpanKind.CLIENT, 2)
    assert span.inner.attributes == {"http.status_code": 200, "x": "None"}
    span.set_tag("span.kind", "server").set_tag("span.kind", "odd").set_tag("list", {"a": 1})
    assert span.inner.kind is SpanKind.SERVER
    assert span.inner.attributes == {"http.status_code": 200, "x": "None", "span.kind": "odd", "list": '{"a": 1}'}


def test_logs_old_and_new(tracer):
    span = tracer.start_span("s")
    span.log(event="user_requested", payload={"id": 1, "name": "ö"})
    span.log_event("cached")
    span.log_kv({"event": "late", "n": 1, "o": object}, time.time() - 60)
    span.log_kv({"n": 2})
    first, second, third, fourth = span.inner.events
    assert (first.name, first.attributes) == ("user_requested", {"payload": '{"id": 1, "name": "ö"}'})
    assert (second.name, second.attributes) == ("cached", {})
    assert (third.name, third.attributes["n"]) == ("late", 1)
    assert 59e9 < time.time_ns() - third.time_unix_nano < 70e9
    assert (fourth.name, fourth.attributes) == ("log", {"n": 2})


def test_an_exception_is_logged_and_the_span_ended(tracer, spans):
    with pytest.raises(KeyError), tracer.start_active_span("s"):
        raise KeyError("k")
    (event,) = spans[0].events
    assert spans[0].status_code == 2
    assert event.name == "error"
    assert (event.attributes["error.kind"], event.attributes["message"]) == ("KeyError", "'k'")
    assert "raise KeyError" in event.attributes["stack"]


def test_references(tracer):
    a, b = tracer.start_span("a"), tracer.start_span("b")
    span = tracer.start_span("s", references=opentracing.follows_from(a.context)).inner
    assert span.parent_span_id == a.inner.span_id
    assert [(link.context.span_id, link.attributes) for link in span.links] == [
        (a.inner.span_id, {"opentracing.ref_type": "follows_from"})
    ]
    span = tracer.start_span(
        "s", references=[opentracing.follows_from(a.context), opentracing.child_of(b.context)]
    ).inner
    assert span.parent_span_id == b.inner.span_id
    assert [link.context.span_id for link in span.links] == [a.inner.span_id]
    span = tracer.start_span("s", references=[opentracing.Reference(ReferenceType.CHILD_OF, None)]).inner
    assert (span.parent_span_id, span.links) == (0, None)


@pytest.mark.parametrize("form", [Format.TEXT_MAP, Format.HTTP_HEADERS, Format.BINARY])
def test_baggage_crosses_processes_and_is_inherited(tracer, form):
    span = tracer.start_span("s").set_baggage_item("tenant", "blue sky")
    carrier = bytearray() if form == Format.BINARY else {}
    tracer.inject(span.context, form, carrier)
    found = tracer.extract(form, carrier)
    assert found.baggage == {"tenant": "blue sky"}
    assert (found.trace_id, found.span_id, found.flags) == (span.inner.trace_id, span.inner.span_id, 1)
    child = tracer.start_span("c", child_of=found)
    assert child.get_baggage_item("tenant") == "blue sky"
    assert tracer.start_span("g", child_of=child).context.baggage == {"tenant": "blue sky"}
    assert child.inner.parent_remote
    if form != Format.BINARY:
        assert carrier["uberctx-tenant"] == ("blue sky" if form == Format.TEXT_MAP else "blue%20sky")


def test_baggage_of_opentelemetry_is_seen(tracer):
    from opentelemetry import context as api_context

    token = api_context.attach(baggage.set_baggage("a", "b"))
    try:
        assert tracer.start_span("s").get_baggage_item("a") == "b"
    finally:
        api_context.detach(token)


def test_text_maps_have_the_headers_names_of_the_configuration(recorder):
    tracer = Tracer(recorder, Composite([Jaeger(trace_id_header="my-trace", baggage_prefix="my-")]))
    span = tracer.start_span("s").set_baggage_item("tenant", "blue sky")
    carrier = {}
    tracer.inject(span.context, Format.TEXT_MAP, carrier)
    assert (set(carrier), carrier["my-tenant"]) == ({"my-trace", "my-tenant"}, "blue sky")


def test_nothing_found_is_none_and_nothing_started(tracer):
    assert tracer.extract(Format.HTTP_HEADERS, {"host": "x"}) is None
    assert tracer.extract(Format.BINARY, bytearray()) is None
    assert tracer.start_span("s", child_of=None).inner.parent_span_id == 0


@pytest.mark.parametrize(
    ("form", "carrier"), [(Format.BINARY, {}), (Format.TEXT_MAP, "text"), (Format.HTTP_HEADERS, None)]
)
def test_a_carrier_that_is_none_is_refused(tracer, form, carrier):
    with pytest.raises(opentracing.InvalidCarrierException):
        tracer.inject(tracer.start_span("s").context, form, carrier)
    with pytest.raises(opentracing.InvalidCarrierException):
        tracer.extract(form, carrier)


def test_a_debug_id_and_a_priority_keep_a_trace(spans):
    tracer = Tracer(TracerProvider(report=spans.append, sampler=AlwaysOff()).get_tracer("t"))
    found = tracer.extract(Format.HTTP_HEADERS, {"jaeger-debug-id": "me"})
    assert tracer.start_span("d", child_of=found).inner.attributes == {"jaeger-debug-id": "me"}
    with tracer.start_active_span("s") as scope:
        before = scope.span.context.span_id
        scope.span.set_tag(tags.SAMPLING_PRIORITY, 1)
        assert scope.span.context.span_id == before
        assert scope.span.context.flags == 3
        with tracer.start_active_span("child") as child:
            assert child.span.inner.flags & DEBUG
    assert [span.name for span in spans] == ["child", "s"]
    carrier = {}
    tracer.inject(scope.span.context, Format.HTTP_HEADERS, carrier)
    assert carrier["uber-trace-id"].endswith(":3")


def test_a_priority_of_zero_drops_the_span(tracer, spans):
    with tracer.start_active_span("s", tags={tags.SAMPLING_PRIORITY: 0}) as scope:
        assert scope.span.context.flags == 0
    assert not spans
    assert tracer.start_span("t", tags={tags.SAMPLING_PRIORITY: "high"}).inner.attributes == {
        "sampling.priority": "high"
    }


def test_times_are_seconds(tracer, spans):
    tracer.start_span("s", start_time=1.5).finish(2.5)
    assert (spans[0].start_time, spans[0].end_time) == (1_500_000_000, 2_500_000_000)


def test_a_scope_closed_in_another_context_is_counted(tracer, recorder, spans):
    scope = contextvars.copy_context().run(tracer.start_active_span, "s")
    outer = contextvars.copy_context()
    scope.close()
    assert not spans, "it is not the active one here"
    assert outer
