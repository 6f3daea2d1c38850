"""The speed-ups in C: they are used where they are installed, and do what the Python half does, byte for byte."""

from __future__ import annotations

import gc
import importlib.util
import os
import random
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import pytest
from lymer_sdk import AlwaysOff, BatchReporter, Resource, TracerProvider, speedups
from lymer_sdk.counters import Stats
from lymer_sdk.otlp import encode_request
from lymer_sdk.sampling import Probabilistic, TraceIdRatio
from lymer_sdk.span import LocalSpan, Span
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState

PROGRAM = Path(__file__).parent / "programs" / "many_spans.py"
RESOURCE = Resource({"service.name": "s"})


@pytest.fixture
def ended():
    return []


@pytest.fixture
def tracer(ended):
    return TracerProvider(resource=RESOURCE, report=ended.append).get_tracer("t")


def run(program, **variables):
    environment = {**os.environ, **variables}
    done = subprocess.run([sys.executable, *program], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_the_speed_ups_are_used_where_they_are_installed_and_not_forbidden():
    installed = importlib.util.find_spec("lymer_sdk_speedups") is not None
    forbidden = os.environ.get("LYMER_SDK_PURE", "") not in ("", "0")
    assert (speedups.native is not None) == (installed and not forbidden)


def test_both_halves_encode_the_same_bytes():
    seed = str(random.SystemRandom().getrandbits(32))
    fast, pure = (run([PROGRAM, seed], LYMER_SDK_PURE=forbidden).split() for forbidden in ("", "1"))
    different = [number for number, lines in enumerate(zip(fast, pure, strict=True)) if lines[0] != lines[1]]
    assert not different, f"seed {seed}"
    assert len(fast) > 200


def test_a_subinterpreter_goes_without_the_speed_ups():
    program = "import lymer_sdk.speedups as s; assert s.native is None; import lymer_sdk"
    made = f"""
import sys
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
import lymer_sdk
sub = interpreters.create({"'legacy'" if sys.version_info >= (3, 13) else ""})
failed = interpreters.run_string(sub, {program!r})
assert failed is None, failed
interpreters.destroy(sub)
print("done")
"""
    assert run(["-c", made]) == "done\n"


def test_spans_that_hold_each_other_are_collected(tracer, ended):
    with tracer.start_as_current_span("a") as span:
        span.me = span
        span.set_attribute("k", "v")
        seen = weakref.ref(span)
    ended.clear()
    del span
    gc.collect()
    assert seen() is None


def test_attributes_are_one_dict_however_they_are_set(tracer):
    span = tracer.start_span("a", attributes={"first": 1})
    span.set_attribute("second", 2)
    seen = span.attributes
    for number in range(40):
        span.set_attribute(f"k{number}", number)
    span.set_attribute("first", "again")
    seen["direct"] = True
    assert span.attributes is seen
    assert list(seen) == ["first", "second", *(f"k{number}" for number in range(40)), "direct"]
    assert seen["first"] == "again"


def test_a_key_of_another_object_is_the_same_key(tracer):
    span = tracer.start_span("a")
    span.set_attribute("a key", 1)
    span.set_attribute("".join(("a ", "key")), 2)
    assert span.attributes == {"a key": 2}


def test_threads_that_write_to_one_span_leave_it_whole(tracer, ended):
    span = tracer.start_span("a")

    def write(first):
        for number in range(2_000):
            span.set_attribute(f"k{(first + number) % 200}", [str(number)])
            span.add_event("e", {"n": number})
            if number % 50 == 0:
                span.attributes.get("k0")

    threads = [threading.Thread(target=write, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    span.end()
    assert len(ended[0].attributes) == 128
    assert len(ended[0].events) == 128
    assert ended[0].dropped_events == 4 * 2_000 - 128


def test_what_is_no_time_no_name_and_no_tracer_is_refused_without_harm(tracer):
    for call in (
        lambda: tracer.start_span(),
        lambda: tracer.start_span("a", nothing=1),
        lambda: tracer.start_span("a", start_time="soon"),
        lambda: tracer.start_span("a").end("later"),
        lambda: tracer.start_span("a").set_attribute("k"),
        lambda: tracer.start_as_current_span("a", None, None, None, None, None, None, None, None, None, 1),
        lambda: tracer.span(),
    ):
        with pytest.raises((TypeError, ValueError)):
            call()
    with pytest.raises(KeyError):
        tracer.span("a", kind="nothing")


def test_every_sort_of_span_is_the_apis(tracer):
    unsampled = TracerProvider(resource=RESOURCE, sampler=AlwaysOff()).get_tracer("t").start_span("b")
    for span in (tracer.start_span("a"), unsampled):
        assert isinstance(span, trace.Span)
        assert isinstance(span, LocalSpan)
        assert isinstance(span.get_span_context(), SpanContext)
        assert trace.get_current_span(trace.set_span_in_context(span)) is span
    assert isinstance(tracer, trace.Tracer)
    assert type(tracer.start_span("a")) is Span


SAMPLERS = [(Probabilistic(0.2), 0.2), (TraceIdRatio(0.2), 0.2), (TraceIdRatio(1), 1)]


@pytest.mark.parametrize(("sampler", "share"), SAMPLERS)
def test_samplers_of_the_id_keep_their_share(sampler, share, ended):
    provider = TracerProvider(resource=RESOURCE, sampler=sampler, report=ended.append)
    tracer = provider.get_tracer("t")
    for _ in range(20_000):
        tracer.start_span("a").end()
    assert provider.stats.started == 20_000
    assert abs(len(ended) / 20_000 - share) < 0.015  # five standard deviations
    assert all(sampler.keeps(span.trace_id) for span in ended if hasattr(sampler, "keeps"))
    assert all(("sampler.type" in span.attributes) == isinstance(sampler, Probabilistic) for span in ended)


def test_a_forked_child_draws_other_ids(tracer):
    tracer.start_span("seeds the generator")
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, tracer.start_span("a").trace_id.to_bytes(16))
        os._exit(0)
    os.waitpid(child, 0)
    assert int.from_bytes(os.read(read, 16)) != tracer.start_span("a").trace_id
    os.close(read)
    os.close(write)


def test_the_queue_counts_what_it_cannot_take():
    stats = Stats()
    reporter = BatchReporter(lambda spans, timeout_s: None, stats)
    reporter._config = reporter._config._replace(queue_spans_max=2)
    reporter._start_thread = lambda: None
    tracer = TracerProvider(resource=RESOURCE, report=reporter.report, stats=stats).get_tracer("t")
    for _ in range(5):
        tracer.start_span("a").end()
    assert (reporter.fill()[0], stats.dropped_queue_full) == (2, 3)
    assert reporter.fill()[1] == 2 * tracer.start_span("a").size_bytes
    reporter._closing = True
    tracer.start_span("a").end()
    assert stats.dropped_at_exit == 1
    reporter._queue.clear()


@pytest.mark.slow
def test_a_million_spans_leave_nothing_behind():
    grown_kib = int(run([PROGRAM, "leaks"]))
    assert grown_kib < 4_096


def test_what_spans_refer_to_is_let_go(tracer, ended):
    state, key = TraceState([("a", "1")]), "".join(("a long ", "key"))
    remote = trace.set_span_in_context(NonRecordingSpan(SpanContext(1, 2, True, TraceFlags(1), state)))
    watched = (tracer, tracer.provider, tracer.provider.stats, state, key, remote, ended.append, Span)

    def work():
        for _ in range(200):
            with tracer.start_as_current_span("a", context=remote, attributes={key: key}, links=[None]) as span:
                span.baggage["k"] = "v"
                span.get_span_context()
                with tracer.span("b", kind="client", some=key) as child:
                    child.set_attributes({f"{key}{number}": number for number in range(20)})
            for wrong in ({"start_time": "soon"}, {"nothing": 1}, {"attributes": 3}, {"links": 3}):
                with pytest.raises((TypeError, ValueError, AttributeError)):
                    tracer.start_span("a", **wrong)
            encode_request(ended, RESOURCE)
            ended.clear()

    work()
    gc.collect()
    before = [sys.getrefcount(one) for one in watched]
    work()
    gc.collect()
    assert [sys.getrefcount(one) for one in watched] == before
