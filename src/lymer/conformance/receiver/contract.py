"""ReceiverContract: what every listener promises its senders, as tests. Bind it to a receiver, and run pytest.

    class TestOurReceiver(ReceiverContract):
        def make_receiver(self, sink, *, in_flight, events, clock):
            return OurReceiver(OurConfig(), sink, in_flight=in_flight, ..., host="127.0.0.1", port=0)

        async def send(self, receiver, numbers):
            ...  # one request with a span for each number as its span id, and what the sender may conclude

Each test lets the consumer behave in one way: it accepts, refuses for now, refuses for good, is slow, fails. A protocol
without answers sets `silent`; it promises that what is neither stored nor refused is counted.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar, Final

import pytest

from lymer.component.base import Receiver, SpanSink
from lymer.component.clock import Clock, SystemClock, new_random
from lymer.component.errors import OverloadedError, PermanentError, UnavailableError
from lymer.component.events import Events
from lymer.conformance.ledger import LedgerContract
from lymer.conformance.receiver.sink import ObedientSink
from lymer.pipeline.in_flight import InFlight

PATIENCE_S: Final = 10.0
_BUDGET_BYTES: Final = 64 << 20
_REQUEST_BYTES: Final = 4_000
"""More than five small spans take in any format."""


class Verdict(enum.Enum):
    """What a sender may conclude from its answer."""

    ACCEPTED = "they are durable"
    LATER = "send them again"
    NEVER = "do not send them again"
    FAILED = "the server failed; nobody knows why"
    SILENT = "this protocol has no answers"


class ReceiverContract(LedgerContract):
    """All of it."""

    pytestmark = pytest.mark.asyncio

    silent: ClassVar[bool] = False
    """Whether the protocol has no answers."""

    def make_receiver(self, sink: SpanSink, *, in_flight: InFlight, events: Events, clock: Clock) -> Receiver:
        """A receiver that is not started, on a free port of 127.0.0.1."""
        raise NotImplementedError

    async def send(self, receiver: Receiver, numbers: Sequence[int]) -> Verdict:
        """Send one request with a span for each number; the number is its span id."""
        raise NotImplementedError

    async def send_damaged(self, receiver: Receiver) -> Verdict:
        """Send one request that is not of its format."""
        raise NotImplementedError

    def lost_span_count(self, events: Events) -> int:
        """How many spans the counters of a silent receiver say are lost."""
        total = 0.0
        for metric in events.registry.collect():
            if metric.name == "lymer_spans_refused":
                total += sum(sample.value for sample in metric.samples if sample.name.endswith("_total"))
        return int(total)

    @pytest.fixture
    def sink(self) -> ObedientSink:
        """Who takes the spans."""
        return ObedientSink()

    @pytest.fixture
    def events(self) -> Events:
        """The counters of one test."""
        return Events(clock=SystemClock())

    @pytest.fixture
    def in_flight(self) -> InFlight:
        """The budget of one test."""
        return InFlight(_BUDGET_BYTES)

    async def test_what_is_acknowledged_has_reached_the_consumer_once(
        self, sink: ObedientSink, events: Events, in_flight: InFlight
    ) -> None:
        async with self._open(sink, events, in_flight) as receiver:
            await self._expect(receiver, range(1, 21), Verdict.ACCEPTED)
            await _until(lambda: sum(sink.taken.values()) == 20)
            assert sink.taken == dict.fromkeys(range(1, 21), 1)

    async def test_a_request_without_spans_is_accepted(
        self, sink: ObedientSink, events: Events, in_flight: InFlight
    ) -> None:
        async with self._open(sink, events, in_flight) as receiver:
            await self._expect(receiver, [], Verdict.ACCEPTED)

    @pytest.mark.parametrize("error", [OverloadedError("full"), UnavailableError("no disk", retry_after_s=0.01)])
    async def test_a_consumer_that_refuses_for_now_lets_the_sender_come_again(
        self, sink: ObedientSink, events: Events, in_flight: InFlight, error: Exception
    ) -> None:
        async with self._open(sink, events, in_flight) as receiver:
            failures = iter([error])
            sink.trouble = lambda: next(failures, None)
            await self._expect(receiver, [1, 2], Verdict.LATER)
            if not self.silent:
                assert not sink.taken
                await self._expect(receiver, [1, 2], Verdict.ACCEPTED)
            await _until(lambda: sink.taken == {1: 1, 2: 1})

    async def test_a_consumer_that_refuses_for_good_makes_the_sender_stop(
        self, sink: ObedientSink, events: Events, in_flight: InFlight
    ) -> None:
        async with self._open(sink, events, in_flight) as receiver:
            sink.fail_with(PermanentError("not such spans"))
            await self._expect(receiver, [1, 2], Verdict.NEVER)
            await _until(lambda: self.lost_span_count(events) == 2)
            sink.fail_with(None)
            await self._expect(receiver, [3], Verdict.ACCEPTED)
            await _until(lambda: sink.taken == {3: 1})

    async def test_a_slow_consumer_is_waited_for_before_anything_is_acknowledged(
        self, sink: ObedientSink, events: Events, in_flight: InFlight
    ) -> None:
        async with self._open(sink, events, in_flight) as receiver:
            sink.gate.clear()
            sending = asyncio.create_task(self.send(receiver, [1]))
            await _until(lambda: sink.waiting == 1)
            assert self.silent or not sending.done()
            sink.gate.set()
            assert await sending is (Verdict.SILENT if self.silent else Verdict.ACCEPTED)
            await _until(lambda: sink.taken == {1: 1})

    async def test_a_slow_consumer_bounds_what_is_held_and_nothing_acknowledged_is_lost(
        self, sink: ObedientSink, events: Events
    ) -> None:
        in_flight = InFlight(2_000)
        async with self._open(sink, events, in_flight) as receiver:
            sink.gate.clear()
            sending = [asyncio.create_task(self.send(receiver, _numbers(at))) for at in range(50)]
            await _until(lambda: sink.waiting > 0)
            for _ in range(100):
                await asyncio.sleep(0.001)
                assert in_flight.bytes_used <= in_flight.bytes_max + _REQUEST_BYTES  # One alone may pass the limit.
            sink.gate.set()
            verdicts = await asyncio.gather(*sending)
            assert set(verdicts) <= {Verdict.ACCEPTED, Verdict.LATER, Verdict.SILENT}
            acknowledged = _acknowledged(verdicts)
            await _until(lambda: acknowledged <= sink.taken.keys())
            await _until(lambda: in_flight.bytes_used == 0)

    async def test_a_consumer_that_fails_is_not_taken_for_one_that_accepts_and_the_port_goes_on(
        self, sink: ObedientSink, events: Events, in_flight: InFlight
    ) -> None:
        async with self._open(sink, events, in_flight) as receiver:
            sink.fail_with(RuntimeError("a bug"))
            await self._expect(receiver, [1], Verdict.FAILED)
            await _until(lambda: self.lost_span_count(events) == 1)
            sink.fail_with(None)
            await self._expect(receiver, [2], Verdict.ACCEPTED)
            await _until(lambda: sink.taken == {2: 1})

    async def test_whatever_the_consumer_does_every_span_is_taken_or_told(
        self, sink: ObedientSink, events: Events, in_flight: InFlight
    ) -> None:
        chance = new_random(4)
        errors = (None, None, UnavailableError("now", retry_after_s=0.001), PermanentError("never"), RuntimeError("?"))
        sink.trouble = lambda: chance.choice(errors)
        async with self._open(sink, events, in_flight) as receiver:
            verdicts = await asyncio.gather(*(self.send(receiver, _numbers(at)) for at in range(40)))
            if self.silent:
                await _until(lambda: sum(sink.taken.values()) + self.lost_span_count(events) == 200)
            else:
                assert set(sink.taken) == _acknowledged(verdicts)
            assert set(sink.taken.values()) <= {1}

    async def test_damage_is_refused_to_its_sender_and_to_nobody_else(
        self, sink: ObedientSink, events: Events, in_flight: InFlight
    ) -> None:
        async with self._open(sink, events, in_flight) as receiver:
            verdict = await self.send_damaged(receiver)
            assert verdict in (Verdict.SILENT, Verdict.NEVER, Verdict.FAILED)
            await self._expect(receiver, [1], Verdict.ACCEPTED)
            await _until(lambda: sink.taken == {1: 1})

    async def test_a_request_that_has_begun_is_finished_before_the_end(
        self, sink: ObedientSink, events: Events, in_flight: InFlight
    ) -> None:
        async with self._open(sink, events, in_flight) as receiver:
            sink.gate.clear()
            sending = asyncio.create_task(self.send(receiver, [1]))
            await _until(lambda: sink.waiting == 1)
            closing = asyncio.create_task(receiver.close())
            await asyncio.sleep(0.01)
            sink.gate.set()
            await closing
            assert await sending in (Verdict.ACCEPTED, Verdict.SILENT)
            assert sink.taken == {1: 1}

    async def test_it_may_be_closed_twice_and_without_a_start(
        self, sink: ObedientSink, events: Events, in_flight: InFlight
    ) -> None:
        receiver = self.make_receiver(sink, in_flight=in_flight, events=events, clock=SystemClock())
        await receiver.close()
        await receiver.close()

    async def _expect(self, receiver: Receiver, numbers: Sequence[int], verdict: Verdict) -> None:
        assert await self.send(receiver, numbers) is (Verdict.SILENT if self.silent else verdict)

    @asynccontextmanager
    async def _open(self, sink: ObedientSink, events: Events, in_flight: InFlight) -> AsyncIterator[Receiver]:
        receiver = self.make_receiver(sink, in_flight=in_flight, events=events, clock=SystemClock())
        receiver.bind()
        await receiver.start()
        try:
            yield receiver
        finally:
            sink.gate.set()
            await receiver.close()


def _numbers(at: int) -> list[int]:
    """The spans of the request with this number."""
    return list(range(5 * at + 1, 5 * at + 6))


def _acknowledged(verdicts: Sequence[Verdict]) -> set[int]:
    """The spans of the requests that were accepted."""
    return set(_all_numbers(at for at, verdict in enumerate(verdicts) if verdict is Verdict.ACCEPTED))


def _all_numbers(requests: Iterator[int]) -> Iterator[int]:
    for at in requests:
        yield from _numbers(at)


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110  What is waited for has no event.
            await asyncio.sleep(0.001)
