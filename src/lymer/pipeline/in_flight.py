"""How many bytes of requests may be between the sockets and the store at once. Beyond, senders are told to come again.

Counts bytes as received and as decompressed. Columns made from them take about as much again, so `app` chooses the
limit as a third of the memory meant for this. Single event loop; not for threads.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from lymer.component.errors import OverloadedError

RETRY_AFTER_S = 1.0


class InFlight:
    """A budget of bytes, shared by all receivers."""

    def __init__(self, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        self.bytes_used = 0
        self.request_count = 0
        self.refusing = False
        """Set while the process has no memory left: then no request gets a byte more."""

    def request(self) -> Reservation:
        """A reservation for one request, empty so far; use it as a context manager."""
        return Reservation(self)

    def figures(self) -> dict[str, float]:
        """For `/metrics`."""
        return {
            "bytes": self.bytes_used,
            "bytes_max": self.bytes_max,
            "requests": self.request_count,
        }


class Reservation:
    """The bytes of one request. Given back when the context ends."""

    __slots__ = ("_bytes", "_in_flight")

    def __init__(self, in_flight: InFlight) -> None:
        self._in_flight = in_flight
        self._bytes = 0

    def grow(self, count: int) -> None:
        """Take so many bytes more. Raises OverloadedError when others hold too many.

        A request that is alone may pass the limit, else one that is larger than the budget would be sent away for ever;
        the limits of a single request bound it.
        """
        used = self._in_flight.bytes_used
        if self._in_flight.refusing:
            raise OverloadedError("the process has reached its memory limit", retry_after_s=RETRY_AFTER_S)
        if used + count > self._in_flight.bytes_max and used > self._bytes:
            raise OverloadedError("too many bytes of requests are on their way already", retry_after_s=RETRY_AFTER_S)
        self._in_flight.bytes_used += count
        self._bytes += count

    def __enter__(self) -> Self:
        self._in_flight.request_count += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._in_flight.request_count -= 1
        self._in_flight.bytes_used -= self._bytes
        self._bytes = 0
