"""The receiver contract finds what is wrong with a receiver: each of these has one fault, and a test that sees it."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import pytest

from lymer.component.base import Endpoint
from lymer.component.errors import PermanentError, RetryableError
from lymer.component.events import Events, Origin
from lymer.conformance.receiver import ObedientSink, ReceiverContract, Verdict
from lymer.conformance.spans import batch, span
from lymer.pipeline.in_flight import InFlight

ORIGIN = Origin("test", "test")


class CallReceiver:
    """A receiver without a wire: senders call it. Keeps the contract."""

    endpoint = Endpoint("call", "nowhere")

    def __init__(self, sink: Any, in_flight: InFlight, events: Events) -> None:
        self.sink, self.in_flight, self.events = sink, in_flight, events
        self.calls: set[asyncio.Task[Verdict]] = set()

    def bind(self) -> None: ...

    async def start(self) -> None: ...

    async def close(self) -> None:
        await asyncio.gather(*self.calls)

    async def call(self, numbers: list[int]) -> Verdict:
        task = asyncio.create_task(self.take_in(numbers))
        self.calls.add(task)
        return await task

    async def take_in(self, numbers: list[int]) -> Verdict:
        try:
            with self.in_flight.request() as reservation:
                reservation.grow(100 * len(numbers))
                await self.write(numbers)
        except RetryableError as error:
            return self.refused(Verdict.LATER, "unavailable", error, numbers)
        except PermanentError as error:
            return self.refused(Verdict.NEVER, "refused", error, numbers)
        except Exception as error:
            return self.refused(Verdict.FAILED, "unexpected", error, numbers)
        return Verdict.ACCEPTED

    async def write(self, numbers: list[int]) -> None:
        if numbers:
            await self.sink.write(batch([span(1, number) for number in numbers]))

    def refused(self, verdict: Verdict, cause: str, error: Exception, numbers: list[int]) -> Verdict:
        self.events.request_refused(ORIGIN, cause=cause, reason=str(error), span_count=len(numbers))
        return verdict


class AnswersBeforeItIsDurable(CallReceiver):
    async def write(self, numbers: list[int]) -> None:
        self.calls.add(asyncio.create_task(super().take_in(numbers)))


class TakesEveryErrorForAPass(CallReceiver):
    def refused(self, verdict: Verdict, cause: str, error: Exception, numbers: list[int]) -> Verdict:
        super().refused(verdict, cause, error, numbers)
        return Verdict.ACCEPTED


class SaysNeverForNow(CallReceiver):
    def refused(self, verdict: Verdict, cause: str, error: Exception, numbers: list[int]) -> Verdict:
        return super().refused(Verdict.NEVER, cause, error, numbers)


class CountsNothing(CallReceiver):
    def refused(self, verdict: Verdict, cause: str, error: Exception, numbers: list[int]) -> Verdict:
        return verdict


class WritesTwice(CallReceiver):
    async def write(self, numbers: list[int]) -> None:
        await super().write(numbers)
        await super().write(numbers)


class CallContract(ReceiverContract):
    __test__ = False
    kind: ClassVar[type[CallReceiver]] = CallReceiver

    def make_receiver(self, sink, *, in_flight, events, clock):
        return self.kind(sink, in_flight, events)

    async def send(self, receiver, numbers):
        return await receiver.call(list(numbers))

    async def send_damaged(self, receiver):
        return Verdict.NEVER


class TestAReceiverThatKeepsIt(CallContract):
    __test__ = True


SEEN_BY = {
    AnswersBeforeItIsDurable: "test_a_slow_consumer_is_waited_for_before_anything_is_acknowledged",
    TakesEveryErrorForAPass: "test_a_consumer_that_refuses_for_good_makes_the_sender_stop",
    SaysNeverForNow: "test_a_consumer_that_refuses_for_now_lets_the_sender_come_again",
    CountsNothing: "test_a_consumer_that_refuses_for_good_makes_the_sender_stop",
    WritesTwice: "test_what_is_acknowledged_has_reached_the_consumer_once",
}


@pytest.mark.parametrize("kind", SEEN_BY, ids=lambda kind: kind.__name__)
async def test_a_fault_is_seen(kind: type[CallReceiver], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lymer.conformance.receiver.contract.PATIENCE_S", 0.1)
    contract = CallContract()
    monkeypatch.setattr(CallContract, "kind", kind)
    arguments: dict[str, Any] = {"sink": ObedientSink(), "events": Events(), "in_flight": InFlight(64 << 20)}
    if SEEN_BY[kind] == "test_a_consumer_that_refuses_for_now_lets_the_sender_come_again":
        arguments["error"] = RetryableError("later")
    with pytest.raises((AssertionError, TimeoutError)):
        await getattr(contract, SEEN_BY[kind])(**arguments)
