"""Celery: sent by one thread, run by a worker in another, over a broker in memory."""

from __future__ import annotations

import celery
import celery.contrib.testing.tasks
import lymer_sdk as lymer
import pytest
from celery.contrib.testing.worker import start_worker
from kombu.exceptions import EncodeError
from lymer_sdk.middleware import celery as module
from opentelemetry.trace import SpanKind, StatusCode


@pytest.fixture(scope="module")
def app():
    app = celery.Celery("shop", broker="memory://", backend="cache+memory://")

    @app.task(name="notify")
    def notify(order):
        with lymer.get_tracer().span("inside"):
            return f"{order} {lymer.baggage('tenant_id')}"

    @app.task(name="broken", bind=True, max_retries=1)
    def broken(self, order):
        if self.request.retries == 0:
            raise self.retry(countdown=0, exc=RuntimeError("no mail"))
        raise RuntimeError("still no mail")

    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=20):
        yield app


@pytest.fixture(autouse=True)
def installed(spans):
    module.install()
    yield
    module.uninstall()


def named(spans, name):
    return [span for span in spans if span.name == name]


@pytest.mark.filterwarnings("ignore")
def test_a_task_runs_below_the_span_that_sent_it(app, spans):
    with lymer.get_tracer().span("page") as page:
        page.baggage["tenant_id"] = "blue"
        result = app.tasks["notify"].delay(7)
    assert result.get(timeout=20) == "7 blue"
    (sent,), (run,), (inside,) = named(spans, "send notify"), wait(spans, "process notify"), named(spans, "inside")
    assert (sent.kind, run.kind) == (SpanKind.PRODUCER, SpanKind.CONSUMER)
    assert (sent.parent_span_id, run.parent_span_id, inside.parent_span_id) == (
        page.span_id,
        sent.span_id,
        run.span_id,
    )
    assert sent.attributes["messaging.message.id"] == run.attributes["messaging.message.id"] == result.id
    assert run.attributes["celery.task.state"] == "SUCCESS"


@pytest.mark.filterwarnings("ignore")
def test_retries_and_failures_are_told(app, spans):
    with pytest.raises(RuntimeError):
        app.tasks["broken"].delay(7).get(timeout=20)
    first, second = wait(spans, "process broken", 2)
    assert [event.name for event in first.events] == ["retry"]
    assert (second.status_code, second.attributes["celery.task.retries"]) == (StatusCode.ERROR.value, 1)
    assert first.trace_id == second.trace_id


def test_a_message_that_cannot_be_sent_is_told(app, spans):
    with lymer.get_tracer().span("page") as page, pytest.raises(EncodeError):
        app.tasks["notify"].delay(object())
    (sent,) = named(spans, "send notify")
    assert (sent.status_code, sent.parent_span_id) == (StatusCode.ERROR.value, page.span_id)
    assert sent.attributes["error.type"] == "kombu.exceptions.EncodeError"
    assert not lymer.current_span().get_span_context().is_valid, "the context is as it was"


def wait(spans, name, count=1):
    """A result is there before its span has ended."""
    import time

    deadline = time.monotonic() + 10
    while len(named(spans, name)) < count and time.monotonic() < deadline:
        pass
    return named(spans, name)
