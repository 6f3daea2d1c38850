"""Functions, coroutines and generators in a span, to whatever end they come."""

from __future__ import annotations

import asyncio

import pytest
from lymer_sdk import TracerProvider
from opentelemetry import trace


@pytest.fixture
def spans():
    return []


@pytest.fixture
def tracer(spans):
    return TracerProvider(report=spans.append).get_tracer("t")


def current():
    return trace.get_current_span()


def test_a_function_runs_in_its_span_each_time(tracer, spans):
    @tracer.start_as_current_span("work")
    def work():
        return current()

    assert [work(), work()] == spans
    assert spans[0] is not spans[1]


def test_a_generator_is_traced_from_first_step_to_last_and_its_consumer_is_not(tracer, spans):
    @tracer.start_as_current_span("numbers")
    def numbers():
        with tracer.start_as_current_span("inner"):
            got = yield current().name
        yield current().name, got
        return "end"

    generator = numbers()
    assert not spans
    assert next(generator) == "inner"
    assert current() is trace.INVALID_SPAN
    assert generator.send(5) == ("numbers", 5)
    with pytest.raises(StopIteration) as stopped:
        next(generator)
    assert stopped.value.value == "end"
    assert [span.name for span in spans] == ["inner", "numbers"]
    assert tracer.provider.stats.foreign_contexts == 0


def test_a_generator_left_early_ends_its_span_without_an_error(tracer, spans):
    cleaned = []

    @tracer.start_as_current_span("numbers")
    def numbers():
        try:
            yield 1
        finally:
            cleaned.append(current().name)

    for _ in numbers():
        break
    assert cleaned == ["numbers"]
    assert [(span.name, span.status_code) for span in spans] == [("numbers", 0)]


def test_what_is_thrown_into_a_generator_reaches_it(tracer, spans):
    @tracer.start_as_current_span("numbers")
    def numbers():
        try:
            yield 1
        except KeyError:
            yield 2

    generator = numbers()
    next(generator)
    assert generator.throw(KeyError()) == 2
    with pytest.raises(ValueError, match="no"):
        generator.throw(ValueError("no"))
    assert spans[0].status_message == "ValueError: no"


def test_an_async_generator_is_traced_across_its_awaits(tracer, spans):
    @tracer.start_as_current_span("numbers")
    async def numbers():
        for number in range(3):
            await asyncio.sleep(0)
            yield number, current().name

    async def consume():
        return [(*item, current().get_span_context().is_valid) async for item in numbers()]

    assert asyncio.run(consume()) == [(0, "numbers", False), (1, "numbers", False), (2, "numbers", False)]
    assert [span.name for span in spans] == ["numbers"]


def test_an_async_generator_left_early_ends_its_span(tracer, spans):
    @tracer.start_as_current_span("numbers")
    async def numbers():
        yield 1
        yield 2

    async def consume():
        generator = numbers()
        await anext(generator)
        await generator.aclose()

    asyncio.run(consume())
    assert [(span.name, span.status_code) for span in spans] == [("numbers", 0)]


def test_a_cancelled_task_ends_its_span(tracer, spans):
    async def main():
        async def work():
            with tracer.start_as_current_span("work"):
                await asyncio.Event().wait()

        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    assert [(span.name, span.status_code) for span in spans] == [("work", 0)]


def test_children_of_one_parent_in_many_tasks_find_it(tracer, spans):
    async def main():
        async def child(number):
            with tracer.start_as_current_span(f"c{number}"):
                await asyncio.sleep(0)

        with tracer.start_as_current_span("parent") as parent:
            await asyncio.gather(*(child(number) for number in range(20)))
        return parent

    parent = asyncio.run(main())
    assert {span.parent_span_id for span in spans if span is not parent} == {parent.span_id}
    assert len(spans) == 21


def test_the_short_form_takes_kind_and_attributes(tracer, spans):
    with tracer.span("create", kind="server", tier="S") as span:
        span.tag("a", 1).log("cache_miss", key="user_1")
    assert (spans[0].kind, spans[0].attributes) == (trace.SpanKind.SERVER, {"tier": "S", "a": 1})
    assert (spans[0].events[0].name, spans[0].events[0].attributes) == ("cache_miss", {"key": "user_1"})


def test_baggage_of_a_span_is_inherited_and_not_shared(tracer):
    with tracer.span("a") as a:
        a.baggage["tenant_id"] = "blue"
        with tracer.span("b") as b:
            b.baggage["only"] = "b"
            assert b.baggage == {"tenant_id": "blue", "only": "b"}
    assert a.baggage == {"tenant_id": "blue"}
