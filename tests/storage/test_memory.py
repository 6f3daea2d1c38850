"""The memory store keeps the whole contract, but that it forgets when it is closed."""

from pathlib import Path

import pytest

from lymer.component.errors import ConfigError, TooLargeError
from lymer.conformance.spans import batch, span
from lymer.conformance.store import StoreContract
from lymer.conformance.store.harness import find, read
from lymer.storage.base import Budget
from lymer.storage.memory import MemoryStore


class TestMemoryStore(StoreContract):
    durable = False

    def make_store(self, directory: Path) -> MemoryStore:
        return MemoryStore()


async def bounded_store(**config: int) -> MemoryStore:
    store = MemoryStore.from_config(config)
    await store.start()
    return store


async def test_too_many_traces_forget_those_that_came_first():
    store = await bounded_store(max_traces=2)
    for number in (1, 2, 3):
        await store.write(batch([span(number, 1, start=-number)]))
        await store.write(batch([span(1, 1)])) if number == 2 else None
    assert await find(store) == [2, 3]
    assert store.health().figures == {"traces": 2.0, "spans": 2.0, "evicted_traces": 1.0}
    assert await store.services(Budget()) == ["shop"]
    await store.close()


async def test_too_many_spans_forget_the_traces_that_came_first():
    store = await bounded_store(max_spans=4)
    await store.write(batch([span(1, 1), span(1, 2), span(2, 1)]))
    await store.write(batch([span(3, 1), span(3, 2)]))
    assert await read(store, 1) == []
    assert len(await read(store, 2, 3)) == 3
    await store.close()


async def test_the_bounds_are_of_each_tenant():
    store = await bounded_store(max_traces=1)
    await store.write(batch([span(1, 1)]), tenant="one")
    await store.write(batch([span(2, 1)]), tenant="two")
    assert len(await read(store, 1, tenant="one")) == 1
    await store.close()


async def test_a_batch_beyond_the_bound_is_refused_for_good():
    store = await bounded_store(max_spans=1)
    with pytest.raises(TooLargeError):
        await store.write(batch([span(1, 1), span(1, 2)]))
    assert await read(store, 1) == []
    await store.close()


@pytest.mark.parametrize("config", [{"max_trace": 1}, {"max_traces": 0}, {"max_spans": "many"}])
def test_a_bad_setting_is_named(config: dict[str, object]):
    with pytest.raises(ConfigError, match=next(iter(config))):
        MemoryStore.from_config(config)
