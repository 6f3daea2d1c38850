"""Losses that Jaeger's clients report of themselves, counted as Jaeger's agent counts them."""

from __future__ import annotations

from lymer.component.events import Events
from lymer.receivers.client_losses import ClientLosses
from lymer.wire.jaeger_datagrams import ClientReport, join_datagrams, read_datagrams
from tests.wire.thrift_oracles import WRITERS, jaeger, write


def counted(events: Events, name: str, **labels: str) -> float | None:
    return events.registry.get_sample_value(f"lymer_{name}", {"receiver": "udp", **labels})


def drops(events: Events) -> list[float | None]:
    causes = ("full_queue", "too_large", "send_failure")
    return [counted(events, "client_spans_dropped_total", cause=cause) for cause in causes]


def test_sums_are_counted_by_what_they_grow_from_the_second_report_on(events: Events) -> None:
    losses = ClientLosses(events=events, receiver="udp")
    losses.take_in([ClientReport("a", 7, 100, 100, 100)])
    assert drops(events) == [None, None, None]
    losses.take_in([ClientReport("a", 10, 101, 102, 103), ClientReport("b", 1, 9, 9, 9)])
    assert drops(events) == [1, 2, 3]
    assert counted(events, "client_batches_received_total") == 3
    assert counted(events, "client_batches_sent_total") == 3
    assert counted(events, "clients_known") == 2


def test_a_late_report_and_sums_that_shrink_count_nothing(events: Events) -> None:
    losses = ClientLosses(events=events, receiver="udp")
    losses.take_in([ClientReport("a", 5, 5, 5, 5), ClientReport("a", 4, 9, 9, 9), ClientReport("a", 6, 5, 4, 6)])
    assert drops(events) == [None, None, 1]


def test_so_many_clients_are_remembered(events: Events) -> None:
    losses = ClientLosses(events=events, receiver="udp", clients_max=10)
    losses.take_in(ClientReport(f"{number}", 1, 0, 0, 0) for number in range(50))
    assert counted(events, "clients_known") == 10


def test_a_report_is_read_from_either_protocol() -> None:
    process = jaeger.Process(
        serviceName="s", tags=[jaeger.Tag(key="client-uuid", vType=jaeger.TagType.STRING, vStr="me")]
    )
    stats = jaeger.ClientStats(fullQueueDroppedSpans=1, tooLargeDroppedSpans=2, failedToEmitSpans=3)
    batches = [
        jaeger.Batch(process=process, spans=[], seqNo=9, stats=stats),
        jaeger.Batch(process=process, spans=[], seqNo=10),
        jaeger.Batch(process=process, spans=[], stats=stats),
        jaeger.Batch(process=jaeger.Process(serviceName="s"), spans=[], seqNo=9, stats=stats),
    ]
    for writer in WRITERS:
        found = read_datagrams(join_datagrams(write(writer, batch) for batch in batches))
        assert found.reports == [("me", 9, 1, 2, 3), ("me", 10, 0, 0, 0)]
