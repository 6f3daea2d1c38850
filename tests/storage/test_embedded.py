"""The embedded store keeps the whole contract: in the open buffer, in segments, in both, after compaction."""

from __future__ import annotations

from pathlib import Path

import pytest

from lymer.component.clock import SystemClock
from lymer.conformance.store import StoreContract
from lymer.storage.base import SpanStore
from lymer.storage.embedded.store import EmbeddedStore

SETTINGS = {"background": False, "retention": {"age": 0}, "disk_free_bytes_min": 0, "reserve_bytes": 0}


class EmbeddedContract(StoreContract):
    def make_store(self, directory: Path) -> EmbeddedStore:
        return EmbeddedStore.from_config(SETTINGS, data_dir=directory, clock=SystemClock())


class TestInTheOpenBuffer(EmbeddedContract):
    pass


class TestInSegments(EmbeddedContract):
    async def settle(self, store: SpanStore) -> None:
        assert isinstance(store, EmbeddedStore)
        await store.seal()


@pytest.mark.slow
class TestInBoth(EmbeddedContract):
    """Every other write stays in the buffer until the next one, so that traces are split over segments and buffer."""

    def make_store(self, directory: Path) -> EmbeddedStore:
        self.settled = 0
        return super().make_store(directory)

    async def settle(self, store: SpanStore) -> None:
        assert isinstance(store, EmbeddedStore)
        self.settled += 1
        if self.settled % 2:
            await store.seal()


@pytest.mark.slow
class TestCompacted(EmbeddedContract):
    async def settle(self, store: SpanStore) -> None:
        assert isinstance(store, EmbeddedStore)
        await store.seal()
        await store.compact()
