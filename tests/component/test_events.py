"""Every occurrence counts once; those that a sender can cause at will log seldom."""

from __future__ import annotations

import logging

import pytest

from lymer.component.base import Endpoint
from lymer.component.clock import ManualClock
from lymer.component.events import LOG_INTERVAL_S, Events, Origin

ORIGIN = Origin("otlp_proto", "http")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def events(clock: ManualClock) -> Events:
    return Events(clock=clock)


def value(events: Events, name: str, **labels: str) -> float | None:
    return events.registry.get_sample_value(name, labels)


def test_spans_are_counted_by_format_and_transport(events: Events) -> None:
    events.spans_received(500, ORIGIN)
    events.spans_received(1, Origin("otlp_json", "http"))
    assert value(events, "lymer_spans_received_total", format="otlp_proto", transport="http") == 500


def test_refused_spans_are_counted_by_cause(events: Events) -> None:
    events.spans_refused(3, ORIGIN, reason="trace id must be 16 bytes")
    events.request_refused(ORIGIN, cause="overloaded", reason="full", span_count=7)
    of = {"format": "otlp_proto", "transport": "http"}
    assert value(events, "lymer_spans_refused_total", cause="malformed", **of) == 3
    assert value(events, "lymer_spans_refused_total", cause="overloaded", **of) == 7
    assert value(events, "lymer_requests_refused_total", cause="overloaded", **of) == 1


def test_questions_are_observed_by_kind_and_result(events: Events) -> None:
    events.query_answered("find_traces", 0.003, result="ok")
    assert value(events, "lymer_query_seconds_count", kind="find_traces", result="ok") == 1
    assert value(events, "lymer_query_seconds_bucket", kind="find_traces", result="ok", le="0.005") == 1
    assert value(events, "lymer_query_seconds_bucket", kind="find_traces", result="ok", le="0.002") == 0


def test_a_flood_of_refusals_writes_one_line_and_later_says_how_many(
    events: Events, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "lymer"):
        for _ in range(100):
            events.request_refused(ORIGIN, cause="malformed", reason="no")
        assert len(caplog.records) == 1
        clock.advance(LOG_INTERVAL_S)
        events.request_refused(ORIGIN, cause="malformed", reason="no")
    assert caplog.records[1].fields["similar_not_shown"] == 99  # type: ignore[attr-defined]
    assert (
        value(events, "lymer_requests_refused_total", cause="malformed", format="otlp_proto", transport="http") == 101
    )


def test_different_causes_do_not_hide_each_other(events: Events, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "lymer"):
        events.request_refused(ORIGIN, cause="malformed", reason="no")
        events.request_refused(ORIGIN, cause="overloaded", reason="full")
    assert len(caplog.records) == 2


def test_readiness_is_one_line_with_what_listens_where(events: Events, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "lymer"):
        events.started([Endpoint("otlp_grpc", "127.0.0.1:4317")], seconds=0.4)
    assert [(record.getMessage(), record.fields) for record in caplog.records] == [  # type: ignore[attr-defined]
        ("ready", {"after_s": 0.4, "otlp_grpc": "127.0.0.1:4317"})
    ]
    assert value(events, "lymer_ready") == 1


def test_figures_are_read_when_somebody_asks(events: Events) -> None:
    figures = {"log_bytes": 1.0}
    events.watch("store", lambda: figures)
    figures["log_bytes"] = 2.0
    assert value(events, "lymer_store_log_bytes") == 2


def test_figures_of_tenants_have_the_tenant_as_label(events: Events) -> None:
    events.watch_tenants("store", lambda: {"a": {"memory_bytes": 1.0}, "b": {"memory_bytes": 2.0}})
    assert value(events, "lymer_store_tenant_memory_bytes", tenant="a") == 1
    assert value(events, "lymer_store_tenant_memory_bytes", tenant="b") == 2


def test_an_unforeseen_error_is_counted_and_logged_with_its_trace(
    events: Events, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "lymer"):
        events.unexpected("here", RuntimeError("boom"))
    assert value(events, "lymer_unexpected_errors_total", where="here") == 1
    assert caplog.records[0].exc_info is not None
