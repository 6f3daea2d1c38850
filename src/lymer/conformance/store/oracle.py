"""Random data, random questions: every answer equals that of the memory store, whatever the store does in between."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lymer.conformance.spans import Row, batch, to_rows, trace_id
from lymer.conformance.store.harness import StoreHarness
from lymer.conformance.strategies import batches, searches, span_predicates, time_ranges
from lymer.model.search import Predicate, Scope, TimeRange, TraceSearch
from lymer.model.trace import TracePage
from lymer.storage.base import Budget, SpanStore
from lymer.storage.memory import MemoryStore

_SETTINGS = settings(
    deadline=None,
    max_examples=max(1, settings().max_examples // 2),  # 50, unless a profile of hypothesis says otherwise.
    # A store binds the contract several times, once for each state that spans can be in.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.differing_executors],
)


class OracleContract(StoreHarness):
    """Side by side with the memory store."""

    @pytest.mark.slow
    @_SETTINGS
    @given(written=batches(), settled=st.integers(0, 2**8 - 1), asked=st.lists(searches(), min_size=1, max_size=6))
    async def test_searches_answer_as_the_oracle(
        self, written: list[list[Row]], settled: int, asked: list[TraceSearch]
    ) -> None:
        async with self.opened() as store, _oracle() as oracle:
            await self._write(store, oracle, written, settled)
            for search in asked:
                assert await _all_pages(store, search) == await _all_pages(oracle, search), search

    @pytest.mark.slow
    @_SETTINGS
    @given(written=batches(), settled=st.integers(0, 2**8 - 1), deleted=st.none() | st.integers(1, 6))
    async def test_traces_come_back_as_the_oracle_has_them(
        self, written: list[list[Row]], settled: int, deleted: int | None
    ) -> None:
        async with self.opened() as store, _oracle() as oracle:
            await self._write(store, oracle, written, settled)
            if deleted is not None:
                forgotten = [await one.delete_trace(trace_id(deleted)) for one in (store, oracle)]
                assert forgotten[0] == forgotten[1]
            ids = [trace_id(number) for number in (3, 1, 7, 6, 2, 5, 4)]
            found = to_rows(await store.get_traces(ids, Budget()))
            expected = to_rows(await oracle.get_traces(ids, Budget()))
            assert _in_order(found) == _in_order(expected)
            assert sorted(map(repr, found)) == sorted(map(repr, expected))

    @pytest.mark.slow
    @_SETTINGS
    @given(
        written=batches(),
        settled=st.integers(0, 2**8 - 1),
        time=time_ranges(),
        where=span_predicates(),
        scope=st.sampled_from(Scope),
    )
    async def test_counts_are_as_the_oracle_has_them(
        self, written: list[list[Row]], settled: int, time: TimeRange, where: Predicate, scope: Scope
    ) -> None:
        async with self.opened() as store, _oracle() as oracle:
            await self._write(store, oracle, written, settled)
            assert await _counts(store, time, where, scope) == await _counts(oracle, time, where, scope)

    async def _write(self, store: SpanStore, oracle: MemoryStore, written: list[list[Row]], settled: int) -> None:
        for number, rows in enumerate(written):
            await store.write(batch(rows))
            await oracle.write(batch(rows))
            if settled >> number & 1:
                await self.settle(store)


def _in_order(rows: list[Row]) -> list[tuple[Any, ...]]:
    """What orders spans. Where all is equal the order of arrival decides, which a store of pieces may not know."""
    names = ("trace_id", "start_time_unix_nano", "duration_nano", "span_id", "kind", "service_name", "name")
    return [tuple(row[name] for name in names) for row in rows]


class _oracle:  # noqa: N801  used as a word
    async def __aenter__(self) -> MemoryStore:
        self._store = MemoryStore()
        await self._store.start()
        return self._store

    async def __aexit__(self, *_: object) -> None:
        await self._store.close()


async def _all_pages(store: SpanStore, search: TraceSearch) -> list[tuple[list[dict[str, Any]], int | None]]:
    pages: list[tuple[list[dict[str, Any]], int | None]] = []
    while True:
        page: TracePage = await store.find_traces(search, Budget())
        pages.append((page.summaries.to_pylist(), page.total))
        if page.cursor is None or len(pages) > 20:
            return pages
        search = replace(search, cursor=page.cursor)


async def _counts(store: SpanStore, time: TimeRange, where: Predicate, scope: Scope) -> dict[str, Any]:
    """Everything that is promised exactly: names and keys over all of time, values and the graph in any range."""
    tables: dict[str, pa.Table] = {
        "keys": await store.attribute_keys(Budget(), scope=scope),
        "values": await store.attribute_values("a", Budget(), scope=scope, time=time, limit=5),
        "graph": await store.service_graph(Budget(), time=time, where=where),
    }
    return {
        "services": await store.services(Budget()),
        "operations": {name: await store.operations(name, Budget()) for name in ("cart", "shop", "db")},
        **{name: table.to_pylist() for name, table in tables.items()},
    }
