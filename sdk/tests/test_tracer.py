"""Spans below spans, sampling, contexts that are left out of order, ids."""

from __future__ import annotations

import asyncio
import os
import random

import pytest
from lymer_sdk import AlwaysOff, TraceIdRatio, TracerProvider
from lymer_sdk.ids import new_trace_id
from lymer_sdk.sampling import Question
from lymer_sdk.span import UnsampledSpan
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags


@pytest.fixture
def spans():
    return []


@pytest.fixture
def tracer(spans):
    return TracerProvider(report=spans.append).get_tracer("t")


def test_the_current_span_is_the_parent(tracer, spans):
    with tracer.start_as_current_span("a") as a:
        assert trace.get_current_span() is a
        with tracer.start_as_current_span("b"):
            pass
    assert trace.get_current_span() is trace.INVALID_SPAN
    assert spans[0].parent_span_id == a.span_id
    assert spans[1].parent_span_id == 0


def test_what_is_no_span_is_no_parent_and_what_is_no_link_no_link(tracer, spans):
    context = trace.set_span_in_context(trace.INVALID_SPAN_CONTEXT)
    with tracer.start_as_current_span("a", context=context, links=[None]):
        pass
    assert (spans[0].parent_span_id, spans[0].links) == (0, None)


@pytest.mark.parametrize("sampled", [True, False])
def test_the_callers_decision_holds(tracer, spans, sampled):
    remote = SpanContext(5, 6, True, TraceFlags(int(sampled)))
    with tracer.start_as_current_span("a", context=trace.set_span_in_context(NonRecordingSpan(remote))) as span:
        assert span.get_span_context().trace_id == 5
    assert len(spans) == int(sampled)


def test_unsampled_spans_hand_the_decision_on(spans):
    tracer = TracerProvider(report=spans.append, sampler=AlwaysOff()).get_tracer("t")
    with tracer.start_as_current_span("a") as a, tracer.start_as_current_span("b") as b:
        assert isinstance(b, UnsampledSpan)
        assert b.trace_id == a.trace_id
    assert not spans


def test_a_coroutine_is_traced_to_its_end(tracer, spans):
    @tracer.start_as_current_span("work")
    async def work():
        await asyncio.sleep(0)
        return trace.get_current_span()

    assert asyncio.run(work()) is spans[0]


def test_a_generator_left_in_another_context_is_counted_and_silent(tracer, spans, caplog):
    def numbers():
        with tracer.start_as_current_span("generator"):
            yield 1

    generator = numbers()
    import contextvars

    contextvars.copy_context().run(next, generator)
    generator.close()
    assert tracer.provider.stats.foreign_contexts == 1
    assert not caplog.records
    assert spans[0].name == "generator"


def test_ids_do_not_follow_random_seed():
    random.seed(1)
    first = new_trace_id()
    random.seed(1)
    assert new_trace_id() != first


def test_a_forked_child_draws_other_ids():
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, new_trace_id().to_bytes(16))
        os._exit(0)
    mine = new_trace_id().to_bytes(16)
    os.waitpid(pid, 0)
    assert os.read(read, 16) != mine


@pytest.mark.parametrize("ratio", [0.0, 0.01, 0.5, 1.0])
def test_a_ratio_keeps_its_share(ratio):
    sampler = TraceIdRatio(ratio)
    draws = random.Random(7)
    kept = sum(
        sampler.decide(
            Question(draws.getrandbits(128), "", trace.SpanKind.INTERNAL, None, None, trace.TraceState())
        ).sampled
        for _ in range(100_000)
    )
    sigma = (100_000 * ratio * (1 - ratio)) ** 0.5
    assert abs(kept - 100_000 * ratio) <= 5 * sigma
