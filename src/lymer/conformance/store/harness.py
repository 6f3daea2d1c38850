"""What a binding of the store contract supplies, and what the contract's tests do with it."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest_asyncio

from lymer.conformance.ledger import LedgerContract
from lymer.conformance.spans import Row, batch, to_rows, trace_id
from lymer.model.search import EVERYTHING, AnySpan, Predicate, TraceSearch
from lymer.storage.base import DEFAULT_TENANT, Budget, SpanStore


class StoreHarness(LedgerContract):
    """Opens a store for each test, writes, settles, asks."""

    durable: ClassVar[bool] = True
    """False for a store that is memory by its nature: then a restart forgets, instead of keeping."""

    def make_store(self, directory: Path) -> SpanStore:
        """A store that keeps what it keeps in this directory and is not started. Called again, it opens the same data.

        The tests' spans happen around `spans.NOON`, in 1970 and in 2200; the store must not let them go for their age.
        """
        raise NotImplementedError(f"{type(self).__name__}.make_store")

    async def settle(self, store: SpanStore) -> None:
        """Called after each write: where a store has several places for spans, move them there or leave them.

        Bind the contract several times to run every test on each of them, and on a mix.
        """

    @pytest_asyncio.fixture
    async def store(self) -> AsyncIterator[SpanStore]:
        """An empty, started store."""
        async with self.opened() as store:
            yield store

    @asynccontextmanager
    async def opened(self, directory: Path | None = None) -> AsyncIterator[SpanStore]:
        """A started store in the directory, or in one of its own."""
        with tempfile.TemporaryDirectory(prefix="lymer-store-") as own:
            store = self.make_store(directory or Path(own))
            await store.start()
            try:
                yield store
            finally:
                await store.close()

    async def keep(self, store: SpanStore, *spans: Row, tenant: str = DEFAULT_TENANT) -> None:
        """Write the spans as one batch, and settle."""
        await store.write(batch(spans), tenant=tenant)
        await self.settle(store)


async def read(store: SpanStore, *traces: int, tenant: str = DEFAULT_TENANT) -> list[Row]:
    """All spans of the traces with these numbers."""
    return to_rows(await store.get_traces([trace_id(trace) for trace in traces], Budget(), tenant=tenant))


async def find(store: SpanStore, where: Predicate = EVERYTHING, **search: Any) -> list[int]:
    """The numbers of the traces that match, in order."""
    page = await store.find_traces(TraceSearch(where=where, **({"limit": 1000} | search)), Budget())
    return numbers(page.summaries.column("trace_id").to_pylist())


async def find_spans(store: SpanStore, where: Predicate, **search: Any) -> set[int]:
    """The numbers of the traces that have such a span."""
    return set(await find(store, AnySpan(where), **search))


def numbers(trace_ids: Iterable[bytes]) -> list[int]:
    """The numbers of these trace ids."""
    return [int.from_bytes(one, "big") for one in trace_ids]
