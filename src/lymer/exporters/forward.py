"""The way on of an agent: into the spool, from there to the collectors, in order and until one of them has said yes.

Writing returns when the spool has the spans. Nothing is lost silently: what the full spool pushes out, what a collector
refuses for good and what the disk has damaged is counted and told.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc.aio

from lymer.component.clock import Clock
from lymer.component.events import Events
from lymer.exporters.collectors import PASSING, Collectors, is_too_large
from lymer.exporters.config import ForwardConfig
from lymer.model.batch import SpanBatch
from lymer.pipeline.spool import Portion, Spool
from lymer.storage.base import Health
from lymer.wire import jaeger_proto, otlp_proto
from lymer.wire.codecs import decode

DRAIN_S: Final = 1.5
"""How long a closing agent goes on sending what waits; the rest stays in the spool."""

_TOO_LARGE: Final = "the message is larger than collectors take"

INLINE_ROWS_MAX: Final = 4096
"""Encoding so many takes about a millisecond: not worth a thread."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a protocol looks. Payloads of one format may be joined end to end, which protobuf reads as one message."""

    format: str
    """What the spool keeps."""
    method: str
    encode: Callable[[SpanBatch], bytes]
    request: Callable[..., bytes]
    """One or more payloads as the request of the method."""
    decode: Callable[[bytes], SpanBatch]


def _joined(*payloads: bytes) -> bytes:
    return payloads[0] if len(payloads) == 1 else b"".join(payloads)


DIALECTS: Final = {
    "jaeger_grpc": Dialect(
        "jaeger_batch",
        "/jaeger.api_v2.CollectorService/PostSpans",
        jaeger_proto.encode_spans_chunk,
        jaeger_proto.post_spans_request,
        lambda payload: decode(jaeger_proto.FORMAT, jaeger_proto.post_spans_request(payload)).batch,
    ),
    "otlp_grpc": Dialect(
        otlp_proto.FORMAT,
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        otlp_proto.encode_otlp_proto,
        _joined,
        lambda payload: decode(otlp_proto.FORMAT, payload).batch,
    ),
}


class Forwarder:
    """The sink of an agent's receivers."""

    def __init__(
        self,
        config: ForwardConfig,
        *,
        data_dir: Path,
        port_offset: int,
        events: Events,
        clock: Clock,
        chance: random.Random,
    ) -> None:
        self._config = config
        self._events = events
        self._clock = clock
        self._dialect = DIALECTS[config.protocol]
        self._spool = Spool(config.spool, data_dir / "spool", events=events)
        self.collectors = Collectors(config.targets(port_offset), config, events=events, clock=clock, chance=chance)
        self._workers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """As `component.base`. A collector need not be there."""
        await self._spool.start()
        await self.collectors.start()
        self._workers = [
            asyncio.create_task(self._send_for_ever(), name=f"forward {number}")
            for number in range(self._config.concurrent_max)
        ]

    async def close(self) -> None:
        """As `component.base`: sends what waits as long as that goes well, for a while; the rest stays on disk."""
        if self._workers and self._any_up():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._spool.drained(), DRAIN_S)
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        self._workers = []
        await self.collectors.close()
        if self._spool.span_count:
            self._events.noticed("spans stay in the spool", count=self._spool.span_count)
        await self._spool.close()

    async def write(self, batch: SpanBatch, /) -> None:
        """As `component.base.SpanSink`."""
        for payload, span_count in await self._encode(batch):
            await self._spool.append(self._dialect.format, payload, span_count)

    def health(self) -> Health:
        """An agent works as long as it can keep what it takes."""
        return Health(figures=self.figures())

    def figures(self) -> dict[str, float]:
        """For `/metrics`."""
        return {**self._spool.figures(), **self.collectors.figures()}

    def _any_up(self) -> bool:
        return self.collectors.figures()["collectors_up"] > 0

    async def _encode(self, batch: SpanBatch) -> list[tuple[bytes, int]]:
        """The batch as payloads that fit into a message, each with its number of spans."""
        encoded: list[tuple[bytes, int]] = []
        waiting = [batch] if len(batch) else []
        while waiting:
            part = waiting.pop()
            payload = await self._encode_part(part)
            if len(payload) <= self._config.message_bytes_max or len(part) == 1:
                encoded.append((payload, len(part)))
                continue
            half = len(part) // 2
            rows = part.record_batch
            waiting += [SpanBatch(rows.slice(half)), SpanBatch(rows.slice(0, half))]
        return encoded

    async def _encode_part(self, part: SpanBatch) -> bytes:
        if part.payload is not None and part.payload.format == self._dialect.format:
            return part.payload.data
        if len(part) <= INLINE_ROWS_MAX:
            return self._dialect.encode(part)
        return await asyncio.to_thread(self._dialect.encode, part)

    async def _send_for_ever(self) -> None:
        while True:
            portion = await self._spool.take(self._config.message_bytes_max, gather_s=self._config.gather_time)
            await self._send(portion)
            await self._spool.done(portion)

    async def _send(self, portion: Portion) -> None:
        """All payloads together; in halves where a collector takes no messages of that size."""
        waiting = [(0, len(portion.payloads))]
        while waiting:
            first, last = waiting.pop()
            span_count = sum(portion.span_counts[first:last])
            try:
                refusal = await self._offer(self._request(portion.format, portion.payloads[first:last]))
            except Exception as error:
                self._events.unexpected("forward", error)
                refusal = str(error)
            if refusal == _TOO_LARGE and last - first > 1:
                middle = (first + last) // 2
                waiting += [(middle, last), (first, middle)]
            elif refusal:
                self._events.spans_dropped(span_count, cause="refused", reason=refusal)
            else:
                self._events.spans_sent(span_count, protocol=self._config.protocol)

    async def _offer(self, request: bytes) -> str:
        """Until a collector takes it: then the empty text; or until it has been refused too often: then why."""
        refusals = 0
        while True:
            collector = await self.collectors.pick()
            try:
                await self.collectors.call(collector, self._dialect.method, request)
            except grpc.aio.AioRpcError as error:
                if is_too_large(error):
                    return _TOO_LARGE
                if error.code() in PASSING:
                    continue
                refusals += 1
                if refusals >= self._config.retry.refusals_max:
                    return f"{error.code().name}: {error.details()}"
                await asyncio.sleep(self._config.retry.first)
            else:
                return ""

    def _request(self, format_name: str, payloads: list[bytes]) -> bytes:
        if format_name == self._dialect.format:
            return self._dialect.request(*payloads)
        other = next(one for one in DIALECTS.values() if one.format == format_name)  # An earlier process spoke it.
        return self._dialect.request(self._dialect.encode(other.decode(_joined(*payloads))))
