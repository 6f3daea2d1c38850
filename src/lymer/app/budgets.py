"""How a memory limit is divided. Only what grows with input is divided; the process itself takes PROCESS_BYTES."""

from __future__ import annotations

from dataclasses import dataclass

PROCESS_BYTES = 160 << 20
"""Python, Arrow, the servers and the native core, before the first span (measured: docs/benchmarks.md)."""

_IN_FLIGHT_COPIES = 3
"""A request in flight is there as received, as decompressed and as columns."""


@dataclass(frozen=True, slots=True)
class Budgets:
    """Bytes for each part."""

    store_bytes: int | None
    """For buffers and caches of the store; None leaves it to the store's settings."""
    in_flight_bytes: int
    """For requests between socket and store, counted once."""
    query_bytes: int | None
    """For one question; None leaves it to the settings of queries."""


UNLIMITED = Budgets(store_bytes=None, in_flight_bytes=64 << 20, query_bytes=None)


def divide(memory_limit: int | None) -> Budgets:
    """The parts of a limit: three fifths for the store, a fifth for requests, a fifth for one large question."""
    if memory_limit is None:
        return UNLIMITED
    rest = memory_limit - PROCESS_BYTES
    return Budgets(
        store_bytes=rest * 3 // 5,
        in_flight_bytes=rest // 5 // _IN_FLIGHT_COPIES,
        query_bytes=rest // 5,
    )
