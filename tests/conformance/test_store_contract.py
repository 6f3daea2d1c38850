"""The store contract finds what is wrong with a store: each of these has one fault, and a test that sees it."""

from dataclasses import replace

import pytest

from lymer.conformance.spans import batch, to_rows, trace_id
from lymer.conformance.store import StoreContract
from lymer.model.batch import SpanBatch
from lymer.model.search import Order
from lymer.storage.base import DEFAULT_TENANT
from lymer.storage.memory import MemoryStore


class KeepsRepeats(MemoryStore):
    async def get_traces(self, trace_ids, budget, /, *, tenant=DEFAULT_TENANT):
        found = await super().get_traces(trace_ids, budget, tenant=tenant)
        return SpanBatch.concat([found, found])


class ForgetsTheOrderOfSpans(MemoryStore):
    async def get_traces(self, trace_ids, budget, /, *, tenant=DEFAULT_TENANT):
        return batch(reversed(to_rows(await super().get_traces(trace_ids, budget, tenant=tenant))))


class MixesTenants(MemoryStore):
    async def write(self, batch, /, *, tenant=DEFAULT_TENANT):
        await super().write(batch)

    async def get_traces(self, trace_ids, budget, /, *, tenant=DEFAULT_TENANT):
        return await super().get_traces(trace_ids, budget)


class KnowsOneOrder(MemoryStore):
    async def find_traces(self, search, budget, /, *, tenant=DEFAULT_TENANT):
        return await super().find_traces(replace(search, order=Order.NEWEST), budget, tenant=tenant)


class CountsThePage(MemoryStore):
    async def find_traces(self, search, budget, /, *, tenant=DEFAULT_TENANT):
        page = await super().find_traces(search, budget, tenant=tenant)
        return replace(page, total=page.summaries.num_rows if search.with_total else None)


class IgnoresTime(MemoryStore):
    async def find_traces(self, search, budget, /, *, tenant=DEFAULT_TENANT):
        return await super().find_traces(replace(search, time=type(search.time)()), budget, tenant=tenant)


class DeletesNothing(MemoryStore):
    async def delete_trace(self, trace_id, /, *, tenant=DEFAULT_TENANT):
        return len(await self.get_traces([trace_id], _Unbounded(), tenant=tenant)) > 0


class IgnoresItsBudget(MemoryStore):
    async def services(self, budget, /, **question):
        return await super().services(_Unbounded(), **question)


class _Unbounded:
    def check(self, memory_bytes=0):
        pass


FAULTS = {
    KeepsRepeats: "test_equal_spans_are_one",
    ForgetsTheOrderOfSpans: "test_spans_of_a_trace_are_in_pre_order",
    MixesTenants: "test_tenants_never_see_each_other",
    CountsThePage: "test_a_total_counts_what_matches",
    IgnoresTime: "test_the_time_range_is_inclusive_and_of_the_span_that_matches",
    DeletesNothing: "test_a_deleted_trace_is_nowhere",
}


@pytest.mark.parametrize("faulty", FAULTS)
async def test_a_fault_is_found(faulty):
    with pytest.raises(AssertionError):
        await run(faulty, FAULTS[faulty])


async def test_an_order_that_is_not_kept_is_found():
    with pytest.raises(AssertionError):
        await run(KnowsOneOrder, "test_order", Order.LONGEST)


async def test_a_budget_that_is_ignored_is_found():
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        await run(IgnoresItsBudget, "test_a_read_without_budget_is_refused", "services", "cancelled")


async def test_a_store_without_a_fault_passes_them_all():
    for name in FAULTS.values():
        await run(MemoryStore, name)


async def test_what_came_before_a_settling_is_settled(tmp_path):
    settled = []

    class Binding(StoreContract):
        __test__ = False

        def make_store(self, directory):
            return MemoryStore()

        async def settle(self, store):
            settled.append(len(await store.get_traces([trace_id(1)], _Unbounded())))

    async with Binding().opened() as store:
        await Binding().test_a_trace_in_many_batches_is_whole(store)
    assert settled == list(range(1, 41))


async def run(store_type, name, *arguments):
    """One test of the contract on an empty store of this type."""

    class Binding(StoreContract):
        __test__ = False

        def make_store(self, directory):
            return store_type()

    binding = Binding()
    async with binding.opened() as store:
        await getattr(binding, name)(store, *arguments)
