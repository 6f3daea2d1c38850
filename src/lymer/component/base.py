"""What every component promises. Receivers, exporters and stores keep to this page.

A component is made by `app` from a frozen configuration; making it opens nothing. Then, in this order:

* `start` acquires what it needs (sockets, files, threads) and returns when it works. It raises ConfigError or
  StartError with the cause and the cure; then it holds nothing. Components start from the back door to the front door:
  whoever is written to is ready before whoever writes.
* `close` stops taking in, finishes what it has accepted within its time, and lets go of everything. It may be called
  twice and without `start`. Components close from the front door to the back door. It never raises for what others did.
* After `start` nothing that comes in may end the process.

Not here: the store's promises (`storage.base`) and how a plugin is found (`component.registry`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from lymer.component.config import Config
from lymer.model.batch import SpanBatch


class Component(Protocol):
    """Something with a beginning and an end."""

    async def start(self) -> None:
        """Begin; see the page above."""

    async def close(self) -> None:
        """End; see the page above."""


class SpanSink(Protocol):
    """Where a receiver hands its batches to."""

    async def write(self, batch: SpanBatch, /) -> None:
        """Take all spans of the batch or none. Returning means durable; waiting is the backpressure.

        Raises RetryableError when the sender should come again, PermanentError when it should not.
        """


class ReceiverConfig(Config, kw_only=True):
    """What every receiver can be told."""

    enabled: bool = True
    """Whether to listen at all."""
    host: str | None = None
    """The address to listen on; the server's own `host` where it says nothing."""
    port: int
    """The port, before `port_offset`; 0 takes any free one."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What listens where, for the line that tells of readiness."""

    name: str
    """One word for the ready line: `otlp_grpc`."""
    address: str
    """Host and port, or a URL where a browser can go."""


class Receiver(Component, Protocol):
    """A front door: listens, decodes, hands to its sink, answers its sender by the kind of the error."""

    def bind(self) -> None:
        """Take the port without answering yet: a taken one is told before anything begins. Raises StartError."""

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens; known after `bind`."""
