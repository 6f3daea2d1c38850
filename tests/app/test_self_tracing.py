"""Lymer's own work as traces."""

from __future__ import annotations

import random

import pytest

from lymer.app.self_tracing import WAITING_MAX, SelfTracing
from lymer.component.clock import ManualClock
from lymer.component.errors import UnavailableError
from lymer.component.events import Events
from lymer.model.batch import SpanBatch


class Sink:
    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []
        self.error: Exception | None = None

    async def write(self, batch: SpanBatch, /) -> None:
        if self.error:
            raise self.error
        self.rows += batch.record_batch.to_pylist()


class Traced:
    def __init__(self) -> None:
        self.sink, self.clock, self.figures = Sink(), ManualClock(), {"seals": 2.0, "seal_seconds": 1.0}
        self.events = Events(clock=self.clock)
        self.tracing = SelfTracing(
            self.sink, figures=lambda: self.figures, events=self.events, clock=self.clock, chance=random.Random(1)
        )


@pytest.fixture
async def traced() -> Traced:
    traced = Traced()
    await traced.tracing.start()
    return traced


async def test_a_question_is_a_span_that_ends_when_it_was_answered(traced: Traced) -> None:
    traced.events.query_answered("find_traces", 0.25, result="ok")
    await traced.tracing.close()
    (row,) = traced.sink.rows
    assert (row["service_name"], row["name"], row["duration_nano"]) == ("lymer", "query find_traces", 250_000_000)
    assert row["status_code"] == 0


@pytest.mark.parametrize(("result", "status"), [("budget", 2), ("failed", 2), ("not_found", 0), ("bad", 0)])
async def test_a_question_that_lymer_could_not_answer_is_an_error(traced: Traced, result: str, status: int) -> None:
    traced.events.query_answered("services", 0.1, result=result)
    await traced.tracing.close()
    assert traced.sink.rows[0]["status_code"] == status


async def test_seals_since_the_last_look_are_one_span(traced: Traced) -> None:
    traced.figures |= {"seals": 4.0, "seal_seconds": 1.5}
    await traced.tracing.flush()
    await traced.tracing.close()
    (row,) = traced.sink.rows
    assert (row["name"], row["duration_nano"]) == ("seal", 500_000_000)


async def test_what_the_store_does_not_want_is_forgotten(traced: Traced) -> None:
    traced.sink.error = UnavailableError("full")
    traced.events.query_answered("services", 0.1)
    await traced.tracing.flush()
    traced.sink.error = None
    await traced.tracing.close()
    assert traced.sink.rows == []


async def test_what_waits_is_bounded(traced: Traced) -> None:
    for _ in range(WAITING_MAX + 5):
        traced.events.query_answered("services", 0.1)
    await traced.tracing.close()
    assert len(traced.sink.rows) == WAITING_MAX


async def test_writing_its_own_spans_makes_no_more_spans(traced: Traced) -> None:
    traced.events.query_answered("services", 0.1)
    await traced.tracing.flush()
    await traced.tracing.flush()
    await traced.tracing.close()
    assert len(traced.sink.rows) == 1
