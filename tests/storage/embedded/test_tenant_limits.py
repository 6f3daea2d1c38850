"""What one tenant may take: rates, memory, its share; whoever takes too much waits or is refused, and nobody else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from lymer.component.clock import ManualClock, SystemClock
from lymer.component.errors import ConfigError, OverloadedError
from lymer.conformance.spans import batch, span, trace_id
from lymer.model.batch import SpanBatch
from lymer.storage.base import Budget
from lymer.storage.embedded.commit import payload_bytes
from lymer.storage.embedded.config import LimitsConfig, RetentionConfig, read_embedded_config
from lymer.storage.embedded.gate import Holding
from lymer.storage.embedded.store import EmbeddedStore
from tests.storage.embedded.test_store import count_spans, opened

DAY = 86_400.0


def spans(count: int, *, trace: int = 1) -> SpanBatch:
    return batch([span(trace, number) for number in range(1, count + 1)])


def large(number: int) -> SpanBatch:
    return batch([span(number, 1, attributes={"text": f"{number} " * 3000})])


def figure(store: EmbeddedStore, tenant: str, name: str) -> float:
    return store.health().tenants.get(tenant, {}).get(name, 0.0)


async def flood(store: EmbeddedStore, tenant: str, *, first: int = 1) -> int:
    """Write until it is refused; how many writes went well."""
    with pytest.raises(OverloadedError):
        for number in range(first, first + 10_000):
            await store.write(large(number), tenant=tenant)
    return number - first


# --- rates ---------------------------------------------------------------------------------------------------------


async def test_spans_beyond_the_rate_are_refused_until_they_are_due(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path, {"tenants": {"noisy": {"spans_per_s_max": 10}}}, clock=clock) as store:
        for number in range(1, 7):  # Five seconds' worth at once; what is larger than what is left passes, once.
            await store.write(spans(10, trace=number), tenant="noisy")
        with pytest.raises(OverloadedError, match=r"noisy has passed spans_per_s_max \(10\)") as refused:
            await store.write(spans(1, trace=7), tenant="noisy")
        assert refused.value.retry_after_s == pytest.approx(1.0)
        await store.write(spans(1000), tenant="quiet")
        clock.advance(refused.value.retry_after_s + 0.001)
        await store.write(spans(1, trace=7), tenant="noisy")
        with pytest.raises(OverloadedError):
            await store.write(spans(1, trace=8), tenant="noisy")
        assert figure(store, "noisy", "writes_refused_rate") == 2
        assert figure(store, "quiet", "writes_refused_rate") == 0
        assert store.health().figures["writes_refused"] == 2
        found = await store.get_traces([trace_id(number) for number in range(1, 9)], Budget(), tenant="noisy")
        assert len(found) == 61


async def test_a_rate_holds_in_the_long_run_however_large_the_writes_are(tmp_path: Path) -> None:
    clock = ManualClock()
    passed = 0
    async with opened(tmp_path, {"limits": {"spans_per_s_max": 100}}, clock=clock) as store:
        for number in range(100):
            try:
                await store.write(spans(700, trace=number + 1))
                passed += 700
            except OverloadedError:
                pass
            clock.advance(1.0)
    assert 100 * 100 <= passed <= 105 * 100 + 700


async def test_bytes_beyond_the_rate_are_refused_too(tmp_path: Path) -> None:
    clock = ManualClock()
    size = payload_bytes(large(1))
    async with opened(tmp_path, {"limits": {"bytes_per_s_max": size}}, clock=clock) as store:
        for number in range(6):
            await store.write(large(number + 1))
        with pytest.raises(OverloadedError, match="bytes_per_s_max") as refused:
            await store.write(large(7))
        clock.advance(refused.value.retry_after_s + 0.001)
        await store.write(large(7))


async def test_an_archive_has_no_rate(tmp_path: Path) -> None:
    async with opened(tmp_path, {"limits": {"spans_per_s_max": 1}}, clock=ManualClock()) as store:
        archive = store.archive()
        assert archive is not None
        for number in range(1, 4):
            await archive.write(spans(100, trace=number))
        assert await count_spans(archive, 1, 2, 3) == 300


# --- memory --------------------------------------------------------------------------------------------------------


async def test_a_tenant_that_has_filled_its_own_memory_is_refused_and_others_are_not(tmp_path: Path) -> None:
    settings = {"wait": 0.05, "tenants": {"noisy": {"memory_bytes_max": "1MiB"}}}
    async with opened(tmp_path, settings) as store:
        await store.write(large(1), tenant="noisy")
        with pytest.raises(OverloadedError, match="the memory of tenant noisy was full"):
            for number in range(2, 10_000):
                await store.write(large(number), tenant="noisy")
        assert number > 20
        for quiet in range(1, 3 * number):
            await store.write(large(quiet), tenant="quiet")
        assert figure(store, "noisy", "writes_refused_own_memory") == 1
        assert figure(store, "quiet", "writes_waited") == 0
        await store.seal(tenant="noisy")
        await store.write(large(number), tenant="noisy")


async def test_its_own_memory_is_relieved_by_sealing_before_it_is_refused(tmp_path: Path) -> None:
    settings = {"wait": 30, "background": True, "limits": {"memory_bytes_max": "1MiB"}}
    async with opened(tmp_path, settings) as store:
        for number in range(1, 200):
            await store.write(large(number))
        assert store.health().figures["segments"] >= 1
        assert store.health().figures["writes_refused"] == 0


async def test_a_limit_of_memory_holds_after_a_restart(tmp_path: Path) -> None:
    settings = {"wait": 0.05, "limits": {"memory_bytes_max": "1MiB"}}
    async with opened(tmp_path, settings) as store:
        await flood(store, "noisy")
    async with opened(tmp_path, settings) as store:
        with pytest.raises(OverloadedError, match="the memory of tenant noisy"):
            await store.write(large(10_000), tenant="noisy")
        await store.write(large(1), tenant="quiet")


# --- shares --------------------------------------------------------------------------------------------------------


async def test_a_tenant_alone_may_fill_the_memory(tmp_path: Path) -> None:
    async with opened(tmp_path, {"memory_bytes_max": "2MiB", "wait": 0.05}) as store:
        await flood(store, "alone")
        assert figure(store, "alone", "memory_bytes") > 2 << 20
        assert figure(store, "alone", "writes_refused_memory") == 1


async def test_a_flooding_tenant_leaves_room_for_a_quiet_one(tmp_path: Path) -> None:
    async with opened(tmp_path, {"memory_bytes_max": "4MiB", "wait": 0.05}) as store:
        await store.write(spans(1), tenant="quiet")
        await flood(store, "noisy")
        assert figure(store, "noisy", "memory_bytes") > 3 << 20
        for number in range(1, 11):
            await store.write(large(number), tenant="quiet")
            await store.write(large(number), tenant="new")
        assert figure(store, "noisy", "writes_refused_share_of_memory") == 1
        assert figure(store, "quiet", "writes_waited") == figure(store, "new", "writes_waited") == 0


async def test_while_memory_is_short_a_quiet_tenant_does_not_stand_in_the_line_of_a_flooding_one(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, {"memory_bytes_max": "4MiB", "wait": 30}) as store:
        await store.write(spans(1), tenant="quiet")
        writing = [asyncio.create_task(store.write(large(number), tenant="noisy")) for number in range(1, 500)]
        async with asyncio.timeout(30):
            while not figure(store, "noisy", "writes_waited"):
                await asyncio.sleep(0.001)
            await store.write(large(1), tenant="quiet")
        assert not all(write.done() for write in writing)
        for write in writing:
            write.cancel()
        await asyncio.gather(*writing, return_exceptions=True)


async def test_of_a_tenant_that_takes_too_much_only_few_writes_wait(tmp_path: Path) -> None:
    """Whoever waits is held in memory, by the doors too, which all tenants share."""
    async with opened(tmp_path, {"wait": 60, "log": {"queue_bytes_max": "256KiB"}}) as store:
        for tenant in ("quiet", "noisy"):
            await store.write(spans(1), tenant=tenant)
        flood = [store.write(large(number), tenant="noisy") for number in range(1, 500)]
        outcomes = await asyncio.gather(*flood, return_exceptions=True)
        refused = [outcome for outcome in outcomes if isinstance(outcome, OverloadedError)]
        assert len(refused) == figure(store, "noisy", "writes_refused_share_of_memory") > 400
        assert 0 < figure(store, "noisy", "writes_waited") * payload_bytes(large(1)) <= (256 << 10) // 8


@pytest.mark.parametrize(
    ("own", "others", "unfair"),
    [
        (99, [], False),  # Alone: nobody to leave room for.
        (99, [0], True),
        (87, [0], False),  # There is room.
        (49, [40], False),
        (51, [40], True),
        (40, [51], False),
        (34, [60, 1], True),
        (30, [60, 5], False),
        (0, [99], False),
    ],
)
def test_who_holds_more_than_its_share_waits_while_little_is_left(own: int, others: list[int], unfair: bool) -> None:
    assert Holding(own, others, 100).is_unfair == unfair


# --- settings ------------------------------------------------------------------------------------------------------


def test_what_is_not_said_of_a_tenant_is_as_for_all() -> None:
    settings: dict[str, Any] = {
        "retention": {"age": "3d", "bytes_max": "1GiB"},
        "limits": {"spans_per_s_max": 1000, "memory_bytes_max": "64MiB"},
        "tenants": {"a": {"age": "1d", "spans_per_s_max": 0}, "b": {"bytes_max": 0, "bytes_per_s_max": "1MiB"}},
    }
    config = read_embedded_config(settings, path="store")
    assert config.retention_of("a") == RetentionConfig(age=DAY, bytes_max=1 << 30)
    assert config.retention_of("b") == RetentionConfig(age=3 * DAY, bytes_max=0)
    assert config.retention_of("other") == RetentionConfig(age=3 * DAY, bytes_max=1 << 30)
    assert config.limits_of("a") == LimitsConfig(memory_bytes_max=64 << 20)
    assert config.limits_of("b") == LimitsConfig(
        spans_per_s_max=1000, memory_bytes_max=64 << 20, bytes_per_s_max=1 << 20
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"tenants": {"team-a": {"spans_per_s": 1}}},
            r"store.tenants.team-a.spans_per_s: .*did you mean spans_per_s_max",
        ),
        ({"tenants": {"team-a": {"spans_per_s_max": -1}}}, r"store.tenants.team-a.spans_per_s_max: .*>= 0"),
        ({"tenants": {"team-a": {"memory_bytes_max": "much"}}}, r"store.tenants.team-a.memory_bytes_max: not a size"),
        ({"tenants": {"team/a": {}}}, r"store.tenants.team/a: not a tenant's name"),
        ({"tenants": {"team-a": 5}}, r"store.tenants.team-a: expected `object`"),
        ({"tenants": 5}, r"store.tenants: expected `object`"),
        ({"limits": {"spans_per_s_max": "many"}}, r"store.limits.spans_per_s_max: "),
    ],
)
def test_a_bad_limit_is_named_with_its_tenant(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        EmbeddedStore.from_config(settings, data_dir=tmp_path, clock=SystemClock())
