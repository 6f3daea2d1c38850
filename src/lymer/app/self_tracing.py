"""Lymer's own work as traces of the service `lymer`: every question, and sealing. Only when asked for.

Nothing here can trace itself: taking spans in is not traced, and that is all that keeping these spans needs. What waits
is bounded; beyond, the oldest are forgotten.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

from lymer.component.base import SpanSink
from lymer.component.clock import Clock
from lymer.component.errors import LymerError
from lymer.component.events import Events
from lymer.component.version import VERSION
from lymer.wire.codecs import decode

SERVICE: Final = "lymer"
FLUSH_S: Final = 2.0
WAITING_MAX: Final = 1000

_INTERNAL: Final = 1
_SERVER: Final = 2
_ERROR: Final = 2
_FAILED: Final = frozenset({"failed", "budget", "overloaded"})

Figures = Callable[[], Mapping[str, float]]


class SelfTracing:
    """Collects spans of the process and hands them to the sink now and then."""

    def __init__(
        self, sink: SpanSink, *, figures: Figures, events: Events, clock: Clock, chance: random.Random
    ) -> None:
        self._sink = sink
        self._figures = figures
        self._events = events
        self._clock = clock
        self._chance = chance
        self._waiting: deque[dict[str, Any]] = deque(maxlen=WAITING_MAX)
        self._sealed: tuple[float, float] = (0.0, 0.0)
        self._flushing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """As `component.base`."""
        self._sealed = self._seals()
        self._events.when_query_answered(self._note_query)
        self._flushing = asyncio.create_task(self._flush_now_and_then(), name="self-tracing")

    async def close(self) -> None:
        """As `component.base`: what waits is handed over."""
        if self._flushing is None:
            return
        self._flushing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._flushing
        self._flushing = None
        await self.flush()

    async def flush(self) -> None:
        """Hand over what waits. What the store does not want now is forgotten."""
        self._note_seals()
        if not self._waiting:
            return
        spans = list(self._waiting)
        self._waiting.clear()
        with contextlib.suppress(LymerError):
            await self._sink.write(decode("otlp_json", _document(spans)).batch)

    async def _flush_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_S)
            await self.flush()

    def _note_query(self, kind: str, seconds: float, result: str) -> None:
        self._note(f"query {kind}", _SERVER, seconds, {"lymer.query.kind": kind, "lymer.query.result": result})
        if result in _FAILED:
            self._waiting[-1]["status"] = {"code": _ERROR, "message": result}

    def _note_seals(self) -> None:
        """Seals are seen in the store's figures: those since the last look are one span."""
        count, seconds = self._seals()
        sealed_count, sealed_s = self._sealed
        if count > sealed_count:
            self._note("seal", _INTERNAL, seconds - sealed_s, {"lymer.seal.count": str(round(count - sealed_count))})
        self._sealed = (count, seconds)

    def _seals(self) -> tuple[float, float]:
        figures = self._figures()
        return figures.get("seals", 0.0), figures.get("seal_seconds", 0.0)

    def _note(self, name: str, kind: int, seconds: float, attributes: dict[str, str]) -> None:
        end = self._clock.now_unix_nano()
        self._waiting.append(
            {
                "traceId": self._chance.randbytes(16).hex(),
                "spanId": self._chance.randbytes(8).hex(),
                "name": name,
                "kind": kind,
                "startTimeUnixNano": str(end - round(seconds * 1e9)),
                "endTimeUnixNano": str(end),
                "attributes": _attributes(attributes),
            }
        )


def _document(spans: list[dict[str, Any]]) -> bytes:
    """Spans as OTLP JSON, through the same door as everybody's."""
    resource = {"attributes": _attributes({"service.name": SERVICE, "service.version": VERSION})}
    scope_spans = {"scope": {"name": SERVICE, "version": VERSION}, "spans": spans}
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [scope_spans]}]}).encode()


def _attributes(texts: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": text}} for key, text in texts.items()]
