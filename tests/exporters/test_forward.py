"""Spans reach a collector, whichever is there, and what does not is counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from lymer.component.clock import SystemClock, new_random
from lymer.component.config import ByteSize, Duration
from lymer.component.errors import ConfigError, UnavailableError
from lymer.component.events import Events
from lymer.conformance.spans import batch, span
from lymer.exporters import collectors as collectors_module
from lymer.exporters.config import ForwardConfig, RetryConfig
from lymer.exporters.forward import DIALECTS, Forwarder
from lymer.exporters.strategies import CollectorStrategies
from lymer.pipeline.spool import SpoolConfig
from lymer.sampling.jaeger_grpc import strategy_handler
from lymer.sampling.strategy import FixedStrategy, Strategy
from lymer.wire.codecs import decode

METHODS = {"jaeger_grpc": "jaeger_proto", "otlp_grpc": "otlp_proto"}
"""The codec of each protocol's request."""


class FakeCollector:
    """Takes spans, or answers with the statuses that it is given, one by one."""

    def __init__(self) -> None:
        self.answers: list[grpc.StatusCode] = []
        self.requests: list[tuple[str, bytes]] = []
        self.address = ""
        self._server: Any = None

    @property
    def span_count(self) -> int:
        return sum(len(decode(name, data).batch) for name, data in self.requests)

    async def start(self, port: int = 0, message_bytes_max: int = 4 << 20) -> None:
        options = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", message_bytes_max)]
        self._server = grpc.aio.server(options=options)
        for protocol, dialect in DIALECTS.items():
            _, service, method = dialect.method.split("/")
            handler = grpc.unary_unary_rpc_method_handler(self._taking(METHODS[protocol]))
            self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))
        self._server.add_generic_rpc_handlers(
            (strategy_handler(FixedStrategy(Strategy("probabilistic", 0.125)), Events()),)
        )
        self.address = f"127.0.0.1:{self._server.add_insecure_port(f'127.0.0.1:{port}')}"
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop(None)

    def _taking(self, codec: str) -> Callable[[bytes, Any], Any]:
        async def take(request: bytes, context: Any) -> bytes:
            if self.answers:
                await context.abort(self.answers.pop(0), "no")
            self.requests.append((codec, request))
            return b""

        return take


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
async def collector() -> AsyncIterator[FakeCollector]:
    collector = FakeCollector()
    await collector.start()
    yield collector
    await collector.stop()


@asynccontextmanager
async def forwarding(folder: Path, events: Events, *collectors: str, **settings: Any) -> AsyncIterator[Forwarder]:
    config = ForwardConfig(
        collectors=collectors,
        retry=RetryConfig(first=Duration(0.01), most=Duration(0.05), refusals_max=3),
        **{"spool": SpoolConfig(sync=False), "gather_time": Duration(0), **settings},
    )
    forwarder = Forwarder(
        config, data_dir=folder, port_offset=0, events=events, clock=SystemClock(), chance=new_random(1)
    )
    await forwarder.start()
    try:
        yield forwarder
    finally:
        await forwarder.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.005)


def count(events: Events, name: str, **labels: str) -> float:
    return events.registry.get_sample_value(f"lymer_{name}_total", labels) or 0.0


@pytest.mark.parametrize("protocol", METHODS)
async def test_spans_arrive_in_the_protocol_that_was_asked_for(
    tmp_path: Path, events: Events, collector: FakeCollector, protocol: Any
) -> None:
    async with forwarding(tmp_path, events, collector.address, protocol=protocol) as forwarder:
        await forwarder.write(batch([span(1, 1, service="a"), span(1, 2, 1, service="b")]))
        await until(lambda: collector.span_count == 2)
    assert {name for name, _ in collector.requests} == {METHODS[protocol]}
    assert count(events, "spans_sent", protocol=protocol) == 2
    assert forwarder.figures()["spool_spans"] == 0


async def test_what_waits_is_sent_in_few_messages(tmp_path: Path, events: Events, collector: FakeCollector) -> None:
    collector.answers = [grpc.StatusCode.UNAVAILABLE] * 2
    async with forwarding(tmp_path, events, collector.address, concurrent_max=1) as forwarder:
        for number in range(1, 101):
            await forwarder.write(batch([span(number, 1)]))
        await until(lambda: collector.span_count == 100)
    assert len(collector.requests) < 30


async def test_a_large_batch_is_split(tmp_path: Path, events: Events, collector: FakeCollector) -> None:
    limit = ByteSize(20_000)
    async with forwarding(tmp_path, events, collector.address, message_bytes_max=limit) as forwarder:
        await forwarder.write(batch([span(1, number, attributes={"x": "y" * 90}) for number in range(1, 1001)]))
        await until(lambda: collector.span_count == 1000)
    assert max(len(request) for _, request in collector.requests) <= limit + 16


async def test_a_collector_that_takes_small_messages_gets_small_ones(tmp_path: Path, events: Events) -> None:
    collector = FakeCollector()
    async with forwarding(tmp_path, events, "127.0.0.1:1", concurrent_max=1) as forwarder:
        for number in range(1, 101):
            await forwarder.write(batch([span(number, 1, attributes={"x": "y" * 90})]))
        await forwarder.write(batch([span(200, number, attributes={"x": "y" * 90}) for number in range(1, 100)]))
    await collector.start(message_bytes_max=4000)
    async with forwarding(tmp_path, events, collector.address, concurrent_max=1) as forwarder:
        await until(lambda: forwarder.figures()["spool_spans"] == 0)
    await collector.stop()
    assert collector.span_count == 100
    assert count(events, "spans_dropped", cause="refused") == 99


async def test_another_collector_takes_over(tmp_path: Path, events: Events, collector: FakeCollector) -> None:
    away = FakeCollector()
    await away.start()
    await away.stop()
    async with forwarding(tmp_path, events, away.address, collector.address) as forwarder:
        for number in range(1, 21):
            await forwarder.write(batch([span(number, 1)]))
        await until(lambda: collector.span_count == 20)
        assert forwarder.figures()["collectors"] == 2
    assert count(events, "spans_sent", protocol="jaeger_grpc") == 20


async def test_collectors_are_taken_in_turn(tmp_path: Path, events: Events, collector: FakeCollector) -> None:
    second = FakeCollector()
    await second.start()
    async with forwarding(tmp_path, events, collector.address, second.address, concurrent_max=1) as forwarder:
        for number in range(1, 11):
            await forwarder.write(batch([span(number, 1)]))
            await until(lambda number=number: collector.span_count + second.span_count == number)
    await second.stop()
    assert collector.span_count == second.span_count == 5


@pytest.mark.parametrize(
    "code",
    [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNIMPLEMENTED],
)
async def test_what_may_pass_is_tried_again_for_ever(
    tmp_path: Path, events: Events, collector: FakeCollector, code: grpc.StatusCode
) -> None:
    collector.answers = [code] * 8
    async with forwarding(tmp_path, events, collector.address) as forwarder:
        await forwarder.write(batch([span(1, 1)]))
        await until(lambda: collector.span_count == 1)
    assert count(events, "sends_failed", cause=code.name.lower()) == 8


async def test_what_is_refused_for_good_is_dropped_counted_and_blocks_nobody(
    tmp_path: Path, events: Events, collector: FakeCollector
) -> None:
    collector.answers = [grpc.StatusCode.INVALID_ARGUMENT] * 3
    async with forwarding(tmp_path, events, collector.address, concurrent_max=1) as forwarder:
        await forwarder.write(batch([span(1, 1), span(1, 2)]))
        await until(lambda: count(events, "spans_dropped", cause="refused") == 2)
        await forwarder.write(batch([span(2, 1)]))
        await until(lambda: collector.span_count == 1)


async def test_what_nobody_takes_waits_for_the_next_process_and_its_protocol(
    tmp_path: Path, events: Events, collector: FakeCollector
) -> None:
    await collector.stop()
    async with forwarding(tmp_path, events, collector.address, protocol="jaeger_grpc") as forwarder:
        await forwarder.write(batch([span(1, 1, attributes={"n": 1}), span(1, 2)]))
    await collector.start()
    async with forwarding(tmp_path, events, collector.address, protocol="otlp_grpc"):
        await until(lambda: collector.span_count == 2)
    assert [name for name, _ in collector.requests] == ["otlp_proto"]


async def test_a_name_that_moves_is_followed(
    tmp_path: Path, events: Events, collector: FakeCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = FakeCollector()
    await new.start()
    where = [collector.address]

    async def addresses(host: str, port: int) -> list[str]:
        if not where:
            raise OSError("no such name")
        return list(where)

    monkeypatch.setattr(collectors_module, "_addresses", addresses)
    async with forwarding(tmp_path, events, "collector.example", resolve_every=Duration(0.02)) as forwarder:
        await forwarder.write(batch([span(1, 1)]))
        await until(lambda: collector.span_count == 1)
        where.clear()
        await until(lambda: count(events, "sends_failed", cause="unknown_name") > 1)
        await forwarder.write(batch([span(2, 1)]))
        await until(lambda: collector.span_count == 2)
        where.append(new.address)
        await until(lambda: list(forwarder.collectors.addresses()) == [new.address])
        await forwarder.write(batch([span(3, 1)]))
        await until(lambda: new.span_count == 1)
    await new.stop()


async def test_strategies_come_from_a_collector_and_outlive_it(events: Events, collector: FakeCollector) -> None:
    config = ForwardConfig(collectors=(collector.address,), retry=RetryConfig(first=Duration(0.01)))
    strategies = CollectorStrategies(config, port_offset=0, events=events, clock=_MovingClock(), chance=new_random(1))
    with pytest.raises(UnavailableError):
        await strategies.strategy_for("shop")
    await strategies.start()
    while True:
        try:
            assert await strategies.strategy_for("shop") == Strategy("probabilistic", 0.125)
            break
        except UnavailableError:
            await asyncio.sleep(0.01)
    await collector.stop()
    assert await strategies.strategy_for("shop") == Strategy("probabilistic", 0.125)
    with pytest.raises(UnavailableError):
        await strategies.strategy_for("another")
    await strategies.close()
    await collector.start()


class _MovingClock(SystemClock):
    """A minute passes with every look at it."""

    def __init__(self) -> None:
        self._s = 0.0

    def monotonic_s(self) -> float:
        self._s += 60
        return self._s


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("collector", ("collector", 14250)),
        ("collector:9", ("collector", 9)),
        ("dns:///collector:9", ("collector", 9)),
        ("[::1]:9", ("::1", 9)),
        ("[::1]", ("::1", 14250)),
        ("::1", ("::1", 14250)),
        ("10.0.0.1", ("10.0.0.1", 14250)),
    ],
)
def test_addresses_are_read(text: str, target: tuple[str, int]) -> None:
    assert ForwardConfig(collectors=(text,)).targets(0) == [target]


@pytest.mark.parametrize("text", ["collector:x", "collector:", ":1", "collector:70000"])
def test_a_bad_address_is_named(text: str) -> None:
    with pytest.raises(ConfigError, match=r"forward\.collectors"):
        ForwardConfig(collectors=(text,)).targets(0)


def test_without_collectors_the_one_on_this_machine_is_meant() -> None:
    assert ForwardConfig().targets(1000) == [("127.0.0.1", 15250)]
    assert ForwardConfig(protocol="otlp_grpc").targets(0) == [("127.0.0.1", 4317)]
    assert ForwardConfig(protocol="otlp_grpc").strategy_targets(7) == [("127.0.0.1", 14257)]
