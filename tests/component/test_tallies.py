"""What tallies show is what Prometheus' own counters and histograms show, to the letter."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from lymer.component.clock import ManualClock
from lymer.component.tallies import Tally, TallyOfSeconds

LABELS = ("format", "transport")
BUCKETS_S = (0.001, 0.25, 1.0, 30.0)


@pytest.fixture(autouse=True)
def same_moment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Prometheus' metrics are made when ours are."""
    with monkeypatch.context() as patch:
        patch.setattr("prometheus_client.metrics.time.time", lambda: ManualClock().now_unix_nano() / 1e9)
        yield


def shown(*collectors: Tally | TallyOfSeconds) -> str:
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    return generate_latest(registry).decode()


def test_a_counter_reads_like_prometheus_own() -> None:
    registry = CollectorRegistry()
    theirs = Counter("lymer_spans", "Spans.", LABELS, registry=registry)
    ours = Tally("lymer_spans", "Spans.", LABELS, clock=ManualClock())
    assert shown(ours) == generate_latest(registry).decode()
    for count, labels in (
        (500, ("otlp_proto", "http")),
        (0, ("otlp_json", 'a"b\n')),
        (1 << 40, ("otlp_proto", "http")),
    ):
        theirs.labels(*labels).inc(count)
        ours.add(count, *labels)
        assert shown(ours) == generate_latest(registry).decode()


@given(st.lists(st.tuples(st.floats(0, 100) | st.sampled_from(BUCKETS_S), st.sampled_from(["http", "grpc"]))))
def test_a_histogram_reads_like_prometheus_own(observed: list[tuple[float, str]]) -> None:
    registry = CollectorRegistry()
    theirs = Histogram("lymer_seconds", "How long.", ("transport",), buckets=BUCKETS_S, registry=registry)
    ours = TallyOfSeconds("lymer_seconds", "How long.", ("transport",), buckets_s=BUCKETS_S, clock=ManualClock())
    for seconds, transport in observed:
        theirs.labels(transport).observe(seconds)
        ours.observe(seconds, transport)
    assert shown(ours) == generate_latest(registry).decode()


def test_a_name_that_is_taken_is_refused() -> None:
    tally = Tally("lymer_spans", "Spans.", LABELS, clock=ManualClock())
    with pytest.raises(ValueError, match="Duplicated"):
        shown(tally, Tally("lymer_spans", "Spans.", LABELS, clock=ManualClock()))


def test_threads_lose_nothing() -> None:
    tally = Tally("lymer_spans", "Spans.", LABELS, clock=ManualClock())
    seconds = TallyOfSeconds("lymer_seconds", "How long.", (), buckets_s=BUCKETS_S, clock=ManualClock())

    def count() -> None:
        for _ in range(2000):
            tally.add(1, "otlp_proto", "http")
            seconds.observe(0.5)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 'lymer_spans_total{format="otlp_proto",transport="http"} 8000.0' in shown(tally)
    assert "lymer_seconds_sum 4000.0" in shown(seconds)
