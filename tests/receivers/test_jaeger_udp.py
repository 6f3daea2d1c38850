"""Jaeger's agent by UDP: every message on every port, few writes, bounded memory, every loss counted by its cause."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from lymer.component.clock import ManualClock
from lymer.component.config import ByteSize, Duration
from lymer.component.errors import OverloadedError, PermanentError, StartError, UnavailableError
from lymer.component.events import Events
from lymer.pipeline.in_flight import InFlight
from lymer.receivers.jaeger_udp import BinaryReceiver, CompactReceiver, JaegerUdpReceiver, ZipkinUdpReceiver
from tests.receivers.conftest import FakeSink, Run
from tests.wire.thrift_oracles import jaeger, write

CORPUS = Path(__file__).parents[2] / "corpus"
ROWS = {
    f"{folder}/{name}": case["rows"]
    for folder in ("jaeger", "zipkin")
    for name, case in json.loads((CORPUS / folder / "expected.json").read_text()).items()
    if "rows" in case
}
COMPACT = (CORPUS / "jaeger/emit-batch-compact.bin").read_bytes()
COMPACT_ROWS = ROWS["jaeger/emit-batch-compact.bin"]
PORTS = [CompactReceiver, BinaryReceiver, ZipkinUdpReceiver]

Open = Callable[..., Awaitable["Door"]]


class Door:
    """A receiver that listens, and a socket that sends to it."""

    def __init__(self, receiver: JaegerUdpReceiver, events: Events) -> None:
        self.receiver = receiver
        self._events = events
        self.client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.client.connect(("127.0.0.1", int(receiver.endpoint.address.rpartition(":")[2])))

    def send(self, *datagrams: bytes) -> None:
        for datagram in datagrams:
            self.client.send(datagram)

    def dropped(self, cause: str) -> int:
        labels = {"receiver": self.receiver.name, "cause": cause}
        return int(self._events.registry.get_sample_value("lymer_datagrams_dropped_total", labels) or 0)

    def received(self) -> int:
        labels = {"receiver": self.receiver.name}
        return int(self._events.registry.get_sample_value("lymer_datagrams_received_total", labels) or 0)


@pytest.fixture
def opened(run: Run, events: Events, stack: AsyncExitStack) -> Open:
    async def start(
        kind: type[JaegerUdpReceiver] = CompactReceiver, *, in_flight: InFlight | None = None, **settings: Any
    ) -> Door:
        door = Door(await run(kind, kind.config_type(**settings), in_flight=in_flight), events)
        stack.callback(door.client.close)
        return door

    return start


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("kind", PORTS)
@pytest.mark.parametrize(
    "name",
    [
        "jaeger/emit-batch-compact.bin",
        "jaeger/emit-batch-strict.bin",
        "jaeger/emit-batch-old.bin",
        "zipkin/emit-zipkin-batch-compact.bin",
    ],
)
async def test_every_message_is_understood_on_every_port(
    opened: Open, sink: FakeSink, kind: type[JaegerUdpReceiver], name: str
) -> None:
    door = await opened(kind)
    door.send((CORPUS / name).read_bytes())
    await until(lambda: sink.span_count() == ROWS[name])


async def test_a_datagram_of_65000_bytes_is_whole(opened: Open, sink: FakeSink) -> None:
    spans = [jaeger.Span(traceIdLow=1, traceIdHigh=0, spanId=1, parentSpanId=0, flags=1, startTime=1, duration=1)]
    spans[0].operationName = "x" * 64_900
    batch = jaeger.Batch(process=jaeger.Process(serviceName="s"), spans=spans)
    message = write("apache compact", jaeger.EmitBatchArguments(batch=batch), "emitBatch")
    assert 64_900 < len(message) <= 65_000
    door = await opened()
    door.send(message)
    await until(lambda: sink.span_count() == 1)
    assert sink.batches[0].record_batch["name"][0].as_py() == "x" * 64_900


async def test_many_datagrams_are_few_writes(opened: Open, sink: FakeSink) -> None:
    door = await opened(gather_time=Duration(0.05))
    door.send(*[COMPACT] * 200)
    await until(lambda: sink.span_count() == 200 * COMPACT_ROWS)
    assert len(sink.batches) <= 5
    assert door.received() == 200


async def test_a_batch_is_no_larger_than_the_setting(opened: Open, sink: FakeSink) -> None:
    door = await opened(gather_time=Duration(0.05), batch_bytes_max=ByteSize(10 * len(COMPACT)))
    door.send(*[COMPACT] * 100)
    await until(lambda: sink.span_count() == 100 * COMPACT_ROWS)
    assert max(map(len, sink.batches)) <= 10 * COMPACT_ROWS


async def test_a_broken_datagram_is_counted_and_its_neighbours_are_kept(opened: Open, sink: FakeSink) -> None:
    door = await opened()
    broken = [b"", b"\x82", b"no thrift", COMPACT[:-5], (CORPUS / "jaeger/emit-reply.bin").read_bytes()]
    for datagram in broken:
        door.send(COMPACT, datagram)
    await until(lambda: sink.span_count() == len(broken) * COMPACT_ROWS)
    assert door.dropped("malformed") == len(broken)


async def test_every_cut_of_a_datagram_breaks_nothing(opened: Open, sink: FakeSink) -> None:
    door = await opened()
    door.send(*[COMPACT[:end] for end in range(len(COMPACT))], COMPACT)
    await until(lambda: door.received() == len(COMPACT) + 1)
    await until(lambda: door.dropped("malformed") > 0 and sink.span_count() >= COMPACT_ROWS)


async def test_a_store_that_cannot_write_now_is_tried_again(opened: Open, sink: FakeSink) -> None:
    sink.error = OverloadedError("full", retry_after_s=0.01)
    door = await opened()
    door.send(COMPACT)
    await sink.entered.wait()
    sink.error = None
    await until(lambda: sink.span_count() == COMPACT_ROWS)
    assert door.dropped("overloaded") == 0


async def test_after_the_retry_time_spans_are_lost_and_counted(
    opened: Open, sink: FakeSink, clock: ManualClock, events: Events
) -> None:
    sink.error = UnavailableError("disk full", retry_after_s=0.01)
    door = await opened(retry_time=Duration(5))
    door.send(COMPACT)
    await sink.entered.wait()
    clock.advance(5)
    await until(lambda: door.dropped("unavailable") == 1)
    labels = {"format": "jaeger_udp", "transport": "udp", "cause": "unavailable"}
    assert events.registry.get_sample_value("lymer_spans_refused_total", labels) == COMPACT_ROWS


async def test_what_the_store_will_never_take_is_lost_at_once_and_counted(opened: Open, sink: FakeSink) -> None:
    sink.error = PermanentError("never")
    door = await opened()
    door.send(COMPACT)
    await until(lambda: door.dropped("refused") == 1)


async def test_an_error_that_nobody_foresaw_is_counted_and_the_port_goes_on(opened: Open, sink: FakeSink) -> None:
    sink.error = RuntimeError("a bug")
    door = await opened()
    door.send(COMPACT)
    await until(lambda: door.dropped("unexpected") == 1)
    sink.error = None
    door.send(COMPACT)
    await until(lambda: sink.span_count() == COMPACT_ROWS)


async def test_what_the_kernel_drops_is_counted_so_that_the_sum_is_exact(opened: Open, sink: FakeSink) -> None:
    door = await opened(socket_buffer_bytes=ByteSize(8 << 10), writes_max=1, batch_bytes_max=ByteSize(1000))
    sink.gate.clear()
    sent = 2000
    door.send(*[COMPACT] * sent)
    await sink.entered.wait()
    sink.gate.set()
    await until(lambda: door.received() + door.dropped("kernel") == sent)
    await until(lambda: sink.span_count() == door.received() * COMPACT_ROWS)
    assert door.dropped("kernel") > 0


async def test_a_slow_store_holds_no_more_than_the_writes_allowed(opened: Open, sink: FakeSink) -> None:
    in_flight = InFlight(64 << 20)
    door = await opened(in_flight=in_flight, writes_max=2, batch_bytes_max=ByteSize(1000))
    sink.gate.clear()
    for _ in range(20):
        door.send(*[COMPACT] * 10)
        await asyncio.sleep(0.001)
    await until(lambda: in_flight.request_count == 2)
    assert in_flight.bytes_used <= 2 * (1000 + len(COMPACT) + 4)
    sink.gate.set()
    await until(lambda: sink.span_count() == 200 * COMPACT_ROWS)


async def test_a_budget_that_others_hold_is_waited_for(opened: Open, sink: FakeSink) -> None:
    in_flight = InFlight(1000)
    door = await opened(in_flight=in_flight)
    with in_flight.request() as others:
        others.grow(1000)
        door.send(COMPACT)
        await until(lambda: door.received() == 1)
        assert sink.span_count() == 0
    await until(lambda: sink.span_count() == COMPACT_ROWS)


async def test_what_has_reached_the_socket_is_kept_when_the_process_ends(opened: Open, sink: FakeSink) -> None:
    door = await opened(gather_time=Duration(60))
    door.send(*[COMPACT] * 50)
    await door.receiver.close()
    assert sink.span_count() == 50 * COMPACT_ROWS


async def test_a_store_that_never_answers_does_not_hold_up_the_end(
    opened: Open, sink: FakeSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lymer.receivers.jaeger_udp.CLOSE_S", 0.01)
    door = await opened()
    sink.gate.clear()
    door.send(COMPACT)
    await sink.entered.wait()
    await door.receiver.close()
    assert door.dropped("stopped") == 1


async def test_drops_are_logged_once_in_the_interval(
    opened: Open, sink: FakeSink, caplog: pytest.LogCaptureFixture
) -> None:
    door = await opened()
    with caplog.at_level(logging.WARNING, "lymer"):
        door.send(*[b"broken"] * 20)
        await until(lambda: door.dropped("malformed") == 20)
    assert [record.message for record in caplog.records] == ["datagrams dropped"]


async def test_a_name_with_two_addresses_listens_on_both(sink: FakeSink, events: Events, clock: ManualClock) -> None:
    receiver = CompactReceiver(
        CompactReceiver.config_type(), sink, in_flight=InFlight(64 << 20), events=events, clock=clock,
        host="localhost", port=0,
    )  # fmt: skip
    await receiver.start()
    port = int(receiver.endpoint.address.rpartition(":")[2])
    addresses = {entry[0]: entry[4] for entry in socket.getaddrinfo("localhost", port, type=socket.SOCK_DGRAM)}
    sent = 0
    for family, address in addresses.items():
        with socket.socket(family, socket.SOCK_DGRAM) as client, contextlib.suppress(OSError):
            client.sendto(COMPACT, address)
            sent += 1
    await until(lambda: sink.span_count() == sent * COMPACT_ROWS)
    await receiver.close()


async def test_a_taken_port_is_told_with_the_cure(opened: Open, sink: FakeSink, events: Events) -> None:
    door = await opened()
    port = int(door.receiver.endpoint.address.rpartition(":")[2])
    second = CompactReceiver(
        CompactReceiver.config_type(), sink, in_flight=InFlight(1), events=events, clock=ManualClock(),
        host="127.0.0.1", port=port,
    )  # fmt: skip
    with pytest.raises(StartError, match=f"port {port} is taken"):
        second.bind()


async def test_a_smaller_buffer_than_asked_for_is_said(
    opened: Open, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lymer.receivers.datagram_socket._enlarge", lambda opened, wanted: 1000)
    with caplog.at_level(logging.INFO, "lymer"):
        await opened()
    fields = next(record.fields for record in caplog.records if "smaller UDP buffer" in record.message)
    assert fields["given_bytes"] == 1000
    assert fields["cure"] == f"sysctl -w net.core.rmem_max={16 << 20}"
