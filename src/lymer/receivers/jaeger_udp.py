"""Jaeger's agent over UDP: Thrift on 6831 (compact), 6832 (binary) and 5775 (Zipkin's batches), each port taking all.

UDP has no answer, so whatever can be kept is kept: datagrams gather in the kernel's buffer for some milliseconds,
become one batch and one write, and a write that fails for now is tried again. What is lost is counted by cause;
docs/components/jaeger_udp.md says where. Not here: sockets (`datagram_socket`).
"""

from __future__ import annotations

import asyncio
from typing import ClassVar, Final

from lymer.component.base import Endpoint, ReceiverConfig, SpanSink
from lymer.component.clock import Clock
from lymer.component.config import ByteSize, Duration
from lymer.component.events import Events
from lymer.pipeline.in_flight import InFlight
from lymer.receivers.datagram_intake import DatagramIntake
from lymer.receivers.datagram_socket import DATAGRAM_BYTES_MAX, DatagramSocket, open_sockets

CLOSE_S: Final = 2.0
"""How long spans that were taken in may take to become durable when the process ends."""

AMPLE_BUFFER_BYTES: Final = 8 << 20
"""What holds 40 ms of datagrams at any rate that the process can keep up with."""

_AFTER_TROUBLE_S: Final = 0.1


class JaegerUdpConfig(ReceiverConfig, kw_only=True):
    """Settings of this receiver."""

    socket_buffer_bytes: ByteSize = ByteSize(16 << 20)
    """How much the kernel shall hold while the process is busy. It may give less; the log says so then."""
    gather_time: Duration = Duration(0.04)
    """How long datagrams gather before they are read together; shorter where the kernel's buffer is small."""
    batch_bytes_max: ByteSize = ByteSize(1 << 20)
    """So many bytes at most become one batch; the last datagram may pass it."""
    writes_max: int = 4
    """How many batches may be on their way to the store at once; then the kernel's buffer fills."""
    retry_time: Duration = Duration(10)
    """For how long a batch that the store cannot take now is tried again."""


class CompactConfig(JaegerUdpConfig):
    """Settings of `jaeger_udp_compact`."""

    port: int = 6831


class BinaryConfig(JaegerUdpConfig):
    """Settings of `jaeger_udp_binary`."""

    port: int = 6832


class ZipkinConfig(JaegerUdpConfig):
    """Settings of `jaeger_udp_zipkin`."""

    port: int = 5775


class JaegerUdpReceiver:
    """One port. All take the same; they differ in their number."""

    config_type: ClassVar[type[JaegerUdpConfig]]
    name: ClassVar[str]

    def __init__(
        self,
        config: JaegerUdpConfig,
        sink: SpanSink,
        *,
        in_flight: InFlight,
        events: Events,
        clock: Clock,
        host: str,
        port: int,
    ) -> None:
        self._config = config
        self._events = events
        self._host = host
        self._port = port
        self._intake = DatagramIntake(
            sink,
            in_flight=in_flight,
            events=events,
            clock=clock,
            name=self.name,
            writes_max=config.writes_max,
            retry_s=config.retry_time,
        )
        self._sockets: list[DatagramSocket] = []
        self._pumps: list[asyncio.Task[None]] = []
        self._started = False

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return Endpoint(self.name, f"udp://{host}:{self._sockets[0].port if self._sockets else self._port}")

    def bind(self) -> None:
        """Take the port; what comes waits in the kernel until `start`. Raises StartError."""
        if self._sockets:
            return
        wanted = self._config.socket_buffer_bytes
        self._sockets = open_sockets(self._host, self._port, buffer_bytes=wanted, what=f"Jaeger/UDP ({self.name})")
        given = min(one.buffer_bytes for one in self._sockets)
        if given < wanted:
            self._events.noticed(
                "the system gives a smaller UDP buffer than asked for",
                receiver=self.name,
                asked_bytes=int(wanted),
                given_bytes=given,
                cure=f"sysctl -w net.core.rmem_max={int(wanted)}",
            )

    async def start(self) -> None:
        """As `component.base`."""
        self.bind()
        self._started = True
        self._events.datagrams_awaited(receiver=self.name)
        self._pumps = [asyncio.create_task(self._pump(one), name=f"{self.name} udp") for one in self._sockets]

    async def close(self) -> None:
        """As `component.base`: what has reached the sockets is taken in."""
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        self._pumps = []
        for one in self._sockets:
            if self._started:
                self._take_rest(one)
            one.close()
        self._sockets = []
        await self._intake.close(timeout_s=CLOSE_S)

    async def _pump(self, one: DatagramSocket) -> None:
        """Read as long as the process lives, whatever comes."""
        room = memoryview(bytearray(self._config.batch_bytes_max + DATAGRAM_BYTES_MAX + 4))
        while True:
            try:
                await _readable(one)
                await asyncio.sleep(self._gather_s(one))
                await self._take_what_is_there(one, room)
            except Exception as error:
                self._events.unexpected(self.name, error)
                await asyncio.sleep(_AFTER_TROUBLE_S)

    def _gather_s(self, one: DatagramSocket) -> float:
        """A small buffer is emptied sooner: else it would be full before the others have had their turn."""
        return self._config.gather_time * min(1.0, max(0.025, one.buffer_bytes / AMPLE_BUFFER_BYTES))

    async def _take_what_is_there(self, one: DatagramSocket, room: memoryview) -> None:
        """Batch after batch, without a pause while they are full."""
        full = True
        while full:
            await self._intake.has_room()
            used, count = one.receive(room, bytes_max=self._config.batch_bytes_max)
            full = used >= self._config.batch_bytes_max
            self._intake.count_drops(one.new_drops(), buffer_bytes=one.buffer_bytes)
            if count:
                self._intake.take_in(bytes(room[:used]), count)
                await asyncio.sleep(0)  # Others have their turn between two full batches.

    def _take_rest(self, one: DatagramSocket) -> None:
        """What the kernel still holds, before the socket goes; no more than its buffer, so it ends."""
        room = memoryview(bytearray(self._config.batch_bytes_max + DATAGRAM_BYTES_MAX + 4))
        for _ in range(1 + one.buffer_bytes // self._config.batch_bytes_max):
            used, count = one.receive(room, bytes_max=self._config.batch_bytes_max)
            if not count:
                break
            self._intake.take_in(bytes(room[:used]), count)
        self._intake.count_drops(one.new_drops(), buffer_bytes=one.buffer_bytes)


class CompactReceiver(JaegerUdpReceiver):
    """6831: what most of Jaeger's clients send to."""

    config_type = CompactConfig
    name = "jaeger_udp_compact"


class BinaryReceiver(JaegerUdpReceiver):
    """6832: the client for Node."""

    config_type = BinaryConfig
    name = "jaeger_udp_binary"


class ZipkinUdpReceiver(JaegerUdpReceiver):
    """5775: clients of the first years, which sent Zipkin's spans."""

    config_type = ZipkinConfig
    name = "jaeger_udp_zipkin"


async def _readable(one: DatagramSocket) -> None:
    """Return when something has come."""
    loop = asyncio.get_running_loop()
    came = loop.create_future()
    loop.add_reader(one.fileno(), _set, came)
    try:
        await came
    finally:
        loop.remove_reader(one.fileno())


def _set(came: asyncio.Future[None]) -> None:
    if not came.done():
        came.set_result(None)
