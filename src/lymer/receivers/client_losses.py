"""What Jaeger's clients say that they have lost, as Jaeger's agent counts it: sums that grow, told with each batch.

A client is known by its tag `client-uuid`. Bounded: the client that was silent for the longest is forgotten first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from lymer.component.events import Events
from lymer.wire.jaeger_datagrams import ClientReport

CLIENTS_MAX: Final = 10_000
"""How many clients are remembered."""


class ClientLosses:
    """The last report of each client of one receiver."""

    def __init__(self, *, events: Events, receiver: str, clients_max: int = CLIENTS_MAX) -> None:
        self._events = events
        self._receiver = receiver
        self._clients_max = clients_max
        self._last: OrderedDict[str, ClientReport] = OrderedDict()

    def take_in(self, reports: Iterable[ClientReport]) -> None:
        """Count what is new in them. Never raises."""
        for report in reports:
            self._take_in(report)

    def _take_in(self, report: ClientReport) -> None:
        """A client that is new may have run for long: what it has lost before is not counted. Late reports say less
        than was known already."""
        last = self._last.get(report.client)
        sent = 0
        if last is not None and report.sequence > last.sequence:
            sent = report.sequence - last.sequence
            self._count_losses(last, report)
        if last is None or report.sequence > last.sequence:
            self._last[report.client] = report
            self._last.move_to_end(report.client)
        if len(self._last) > self._clients_max:
            self._last.popitem(last=False)
        self._events.client_batch_received(receiver=self._receiver, sent=sent, client_count=len(self._last))

    def _count_losses(self, last: ClientReport, report: ClientReport) -> None:
        for cause, before, now in (
            ("full_queue", last.full_queue, report.full_queue),
            ("too_large", last.too_large, report.too_large),
            ("send_failure", last.failed, report.failed),
        ):
            if now > before:
                self._events.client_spans_dropped(now - before, receiver=self._receiver, cause=cause)
