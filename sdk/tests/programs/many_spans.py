"""Spans of every sort from a seed, encoded: a line of hexadecimal each, and one for all.

With `leaks` instead of a seed: KiB by which the process grows with a million spans.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from lymer_sdk import Resource, TracerProvider
from lymer_sdk.limits import SpanLimits
from lymer_sdk.otlp import encode_request
from opentelemetry import trace
from opentelemetry.trace import Link, SpanContext, SpanKind, StatusCode, TraceState

TEXTS = ("", "a", "GET /users/{id}", "é", "日本語", "\ud800", "x" * 127, "x" * 128, "y" * 300, "ü" * 9_000, "\x00")
NUMBERS = (0, 1, -1, 127, 128, 2**31, -(2**63), 2**63 - 1, 2**63, -(2**63) - 1, 2**100, True, False, 0.0, -1.5, 1e300)
NUMBERS = (*NUMBERS, float("inf"), float("-inf"))


def value(chance, depth=0):
    """Anything that somebody may set, also what is refused."""
    sort = chance.randrange(12)
    if sort < 4:
        return chance.choice(TEXTS)
    if sort < 8:
        return chance.choice(NUMBERS)
    if sort == 8:
        return chance.randbytes(chance.randrange(300))
    if sort == 9 and depth < 3:
        return [value(chance, depth + 1) for _ in range(chance.randrange(4))]
    if sort == 10:
        return [chance.choice(TEXTS) for _ in range(chance.randrange(40))]
    return chance.choice((None, object, {"a": 1}, Text("of a class"), bytearray(b"ab")))


class Text(str):
    """A text of another class."""

    __slots__ = ()


def attributes(chance, count_max):
    return {chance.choice((*TEXTS, Text("key"), f"k{n}")): value(chance) for n in range(chance.randrange(count_max))}


def fill(span, chance):
    for key, one in attributes(chance, 24).items():
        span.set_attribute(key, one)
    if chance.random() < 0.3:
        span.set_attributes(attributes(chance, 8))
    for _ in range(chance.choice((0, 0, 1, 5))):
        span.add_event(chance.choice(TEXTS), attributes(chance, 5), chance.randrange(2**63))
    for _ in range(chance.choice((0, 0, 1, 5))):
        state = TraceState([("a", "1")]) if chance.random() < 0.5 else None
        span.add_link(
            SpanContext(chance.randrange(1, 2**128), chance.randrange(1, 2**64), True, 1, state), attributes(chance, 3)
        )
    if chance.random() < 0.3:
        span.set_status(chance.choice(tuple(StatusCode)), chance.choice(TEXTS))
    if chance.random() < 0.2:
        span.update_name(chance.choice(TEXTS))


def encoded(seed):
    chance, ended = random.Random(seed), []
    limits = SpanLimits(20, 100, 3, 3, 2, 2) if seed % 2 else SpanLimits()
    provider = TracerProvider(resource=Resource({"service.name": "s", "é": [1, 2]}), report=ended.append, limits=limits)
    tracers = [provider.get_tracer(name, "1", "https://schema", {"a": 1}) for name in ("a", "b")]
    context = None
    for number in range(200):
        kind = chance.choice(tuple(SpanKind))
        links = [Link(SpanContext(7, 8, False))] if chance.random() < 0.2 else None
        tracer, name = chance.choice(tracers), chance.choice(TEXTS)
        span = tracer.start_span(name, context, kind, attributes(chance, 6), links, number)
        fill(span, chance)
        context = trace.set_span_in_context(span) if chance.random() < 0.6 else None
        span.end(chance.randrange(2**63))
    for span in ended:  # ids are chance of another kind
        span.trace_id, span.span_id = chance.randrange(2**128), chance.randrange(2**64)
        span.parent_span_id = chance.randrange(2**64) if span.parent_span_id else 0
        if chance.random() < 0.2:
            span.trace_state = TraceState([("b", "2")])
        if chance.random() < 0.5:
            span.attributes  # noqa: B018 (who looks at them makes them a dict, which is encoded elsewhere)
    whole = encode_request(ended, provider.resource)
    return "\n".join(line.hex() for line in (*(encode_request([span], provider.resource) for span in ended), whole))


def work(tracer, off, ended, count):
    for number in range(count):
        with tracer.start_as_current_span("parent", attributes={"a": 1}) as span:
            span.set_attribute("number", number)
            span.set_attribute("list", ["a", "b"])
            span.add_event("event", {"k": "v"})
            with tracer.span("child", kind="client", q="1"), off.start_as_current_span("off"):
                pass
        if len(ended) >= 512:
            encode_request(ended, tracer.provider.resource)
            ended.clear()


def grown_kib():
    from lymer_sdk import AlwaysOff

    def resident_kib():
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4

    ended = []
    tracer = TracerProvider(resource=Resource({"service.name": "s"}), report=ended.append).get_tracer("t")
    off = TracerProvider(resource=Resource({"service.name": "s"}), sampler=AlwaysOff()).get_tracer("t")
    work(tracer, off, ended, 20_000)
    before = resident_kib()
    work(tracer, off, ended, 333_333)
    return resident_kib() - before


if __name__ == "__main__":
    print(grown_kib() if sys.argv[1] == "leaks" else encoded(int(sys.argv[1])))
