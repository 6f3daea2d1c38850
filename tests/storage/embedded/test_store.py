"""The store in motion: sealing while asked, late spans, waiting, refusing, locking, keeping for a time."""

from __future__ import annotations

import asyncio
import errno
import os
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from lymer.component.clock import Clock, ManualClock, SystemClock
from lymer.component.errors import ConfigError, OverloadedError, PermanentError, StartError, UnavailableError
from lymer.conformance.spans import batch, span, to_rows, trace_id
from lymer.model.batch import SpanBatch
from lymer.model.search import Order, TraceSearch
from lymer.storage.base import Budget
from lymer.storage.embedded import tenant as tenant_module
from lymer.storage.embedded.durable import HALF_WRITTEN
from lymer.storage.embedded.store import EmbeddedStore
from lymer.storage.embedded.wal import Disk

SETTINGS: dict[str, Any] = {
    "background": False,
    "retention": {"age": 0},
    "disk_free_bytes_min": 0,
    "reserve_bytes": 0,
}


@asynccontextmanager
async def opened(
    folder: Path, settings: dict[str, Any] | None = None, *, clock: Clock | None = None, disk: Disk | None = None
) -> AsyncIterator[EmbeddedStore]:
    configured = EmbeddedStore.from_config(SETTINGS | (settings or {}), data_dir=folder, clock=clock or SystemClock())
    store = configured
    if disk is not None:
        store = EmbeddedStore(configured.config, data_dir=folder, clock=clock or SystemClock(), disk=disk)
    await store.start()
    try:
        yield store
    finally:
        await store.close()


async def count_spans(store: EmbeddedStore, *traces: int) -> int:
    ids = [trace_id(number) for number in traces]
    return len(await store.get_traces(ids, Budget()))


async def newest(store: EmbeddedStore, **search: Any) -> list[tuple[int, int]]:
    """(number, spans) of the newest traces."""
    page = await store.find_traces(TraceSearch(**{"limit": 1000} | search), Budget())
    ids = page.summaries.column("trace_id").to_pylist()
    counts = page.summaries.column("span_count").to_pylist()
    return [(int.from_bytes(one, "big"), count) for one, count in zip(ids, counts, strict=True)]


async def test_no_span_is_doubled_or_missing_at_any_moment_of_sealing(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        written = 0
        stop = False

        async def write() -> None:
            nonlocal written, stop
            for number in range(1, 300):
                await store.write(batch([span(number, 1), span(max(number - 3, 1), number + 1000)]))
                written = number
            stop = True

        async def seal() -> None:
            while not stop:
                await store.seal()
                await store.compact()
                await asyncio.sleep(0)

        async def ask(order: Order) -> None:
            while not stop:
                before = written
                found = await newest(store, order=order)
                after = written
                numbers = [number for number, _ in found]
                assert len(numbers) == len(set(numbers))
                assert set(range(1, before + 1)) <= set(numbers) <= set(range(1, after + 10))

        await asyncio.gather(write(), seal(), ask(Order.NEWEST), ask(Order.MOST_SPANS))
        found = dict(await newest(store))
        assert found == Counter(range(1, 300)) + Counter(max(number - 3, 1) for number in range(1, 300))


async def test_a_span_that_comes_while_the_pieces_of_its_trace_are_merged_does_not_double_the_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as store:
        for number in (1, 2):
            await store.write(batch([span(1, number)]))
            await store.seal()
        loop = asyncio.get_running_loop()
        still_split = tenant_module.still_split

        async def late_span() -> None:
            await store.write(batch([span(1, 3)]))
            assert await newest(store) == [(1, 3)]

        def with_a_late_span(*arguments: Any) -> set[bytes]:
            found = still_split(*arguments)
            asyncio.run_coroutine_threadsafe(late_span(), loop).result(10)
            return found

        monkeypatch.setattr(tenant_module, "still_split", with_a_late_span)
        await store.compact()
        assert await newest(store) == [(1, 3)]


async def test_late_spans_join_their_trace_wherever_it_is(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        for number in range(1, 5):
            await store.write(batch([span(1, number, start=number), span(10 + number, 1)]))
            await store.seal()
        await store.write(batch([span(1, 9, start=-5)]))
        assert await count_spans(store, 1) == 5
        assert (1, 5) in await newest(store)
        assert store.health().figures["segments"] == 4
        await store.compact()
        assert (1, 5) in await newest(store)
        await store.seal()
        await store.compact()
        assert store.health().figures["split_traces"] == 0
        assert (1, 5) in await newest(store)


async def test_split_traces_are_known_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        for number in (1, 2, 3):
            await store.write(batch([span(1, number)]))
            await store.seal()
        await store.write(batch([span(1, 4)]))
    async with opened(tmp_path) as store:
        assert await newest(store) == [(1, 4)]
    for path in (tmp_path / "default" / "segments").glob("*.split"):
        path.write_bytes(path.read_bytes()[:-1])
    async with opened(tmp_path) as store:
        assert await newest(store) == [(1, 4)]


async def test_a_repeated_request_is_one_wherever_its_first_copy_is(tmp_path: Path) -> None:
    spans = batch([span(1, number) for number in range(1, 20)])
    async with opened(tmp_path) as store:
        for _ in range(3):
            await store.write(spans)
            await store.write(spans)
            await store.seal()
        await store.write(spans)
        assert await newest(store) == [(1, 19)]
        assert await count_spans(store, 1) == 19
        keys = await store.attribute_keys(Budget())
        assert all(count <= 19 for count in keys.column("span_count").to_pylist())


async def test_young_traces_are_carried_over_and_come_back_once(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path, clock=clock) as store:
        await store.write(batch([span(1, 1), span(2, 1)]))
        tenant = store._tenant("default")
        assert tenant is not None
        clock.advance(1)
        await store.write(batch([span(2, 2), span(3, 1)]))
        assert tenant.seal(before=2)
        assert (tenant.buffer.span_count, len(tenant.version.segments)) == (3, 1)
    async with opened(tmp_path) as store:
        tenant = store._tenant("default")
        assert tenant is not None
        assert tenant.buffer.span_count == 3
        assert sorted(await newest(store)) == [(1, 1), (2, 2), (3, 1)]
        assert store.health().figures["split_traces"] == 0


async def test_the_background_seals_by_count_and_age(tmp_path: Path) -> None:
    settings = {"background": True, "seal": {"spans": 50, "age": 0.2, "idle": 0.01}}
    async with opened(tmp_path, settings) as store:
        for number in range(1, 120):
            await store.write(batch([span(number, 1)]))
        await until(lambda: store.health().figures["buffer_spans"] == 0)
        assert store.health().figures["seals"] >= 2
        assert len(await newest(store)) == 119


async def test_the_background_merges_small_segments(tmp_path: Path) -> None:
    settings = {"compaction": {"segments": 3, "spans_max": 100}}
    async with opened(tmp_path, settings) as store:
        for number in range(1, 4):
            await store.write(batch([span(number, 1)]))
            await store.seal()
        await store.clean()
        assert store.health().figures["segments"] == 1
        assert len(await newest(store)) == 3
    files = {path.suffix for path in (tmp_path / "default" / "segments").iterdir()}
    assert files <= {".parquet", ".idx"}
    assert len(list((tmp_path / "default" / "segments").iterdir())) == 2


async def test_retention_drops_what_was_stored_too_long_ago(tmp_path: Path) -> None:
    clock = ManualClock()
    settings = {"retention": {"age": "1h"}, "tenants": {"forever": {"age": 0}}}
    async with opened(tmp_path, settings, clock=clock) as store:
        for tenant in ("default", "forever"):
            await store.write(batch([span(1, 1)]), tenant=tenant)
            await store.seal(tenant=tenant)
        clock.advance(1800)
        await store.write(batch([span(2, 1)]))
        await store.seal()
        archive = store.archive()
        assert archive is not None
        await archive.write(batch([span(1, 1)]))
        await archive.seal()
        clock.advance(1900)
        await store.clean()
        assert await newest(store) == [(2, 1)]
        assert len(await store.get_traces([trace_id(1)], Budget(), tenant="forever")) == 1
        assert await count_spans(archive, 1) == 1


async def test_retention_by_bytes_keeps_the_youngest(tmp_path: Path) -> None:
    async with opened(tmp_path, {"compaction": {"enabled": False}}) as store:
        for number in range(1, 6):
            await store.write(batch([span(number, 1)]))
            await store.seal()
        size = store.health().figures["segment_bytes"] / 5
    settings = {"retention": {"age": 0, "bytes_max": round(size * 2.5)}, "compaction": {"enabled": False}}
    async with opened(tmp_path, settings) as store:
        await store.clean()
        assert sorted(await newest(store)) == [(4, 1), (5, 1)]


async def test_a_deleted_trace_is_in_no_file(tmp_path: Path) -> None:
    secret, gone = "very-secret-value", 0x1234567890ABCDEF1234567890ABCDEF
    hidden = [span(gone, number, attributes={"password": secret}, name=secret) for number in (1, 2, 3)]
    async with opened(tmp_path) as store:
        for one in hidden:
            await store.write(batch([one, span(2, 5)]))
            await store.seal()
        await store.write(batch([span(gone, 9, name=secret), span(3, 1)]))
        assert await store.delete_trace(trace_id(gone))
        assert not await store.delete_trace(trace_id(gone))
        assert sorted(await newest(store)) == [(2, 1), (3, 1)]
        for path in tmp_path.rglob("*"):
            data = b"" if path.is_dir() else path.read_bytes()
            assert secret.encode() not in data
            assert trace_id(gone) not in data
        await store.write(batch([span(gone, 7)]))
        assert await count_spans(store, gone) == 1
    async with opened(tmp_path) as store:
        assert await count_spans(store, gone) == 1


async def test_deleting_and_merging_at_once_bring_nothing_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        for number in range(1, 31):
            await store.write(batch([span(number, 1), span(1, number + 1)]))
            await store.seal()
        deletions = [store.delete_trace(trace_id(number)) for number in range(1, 11)]
        await asyncio.gather(store.compact(), *deletions, store.compact(), store.clean())
        assert sorted(await newest(store)) == [(number, 1) for number in range(11, 31)]
    async with opened(tmp_path) as store:
        assert sorted(await newest(store)) == [(number, 1) for number in range(11, 31)]


async def test_two_writers_never_open_one_folder(tmp_path: Path) -> None:
    async with opened(tmp_path):
        with pytest.raises(StartError, match=rf"in use by process {os.getpid()}; stop it, or choose another folder"):
            async with opened(tmp_path):
                pass
    async with opened(tmp_path):
        pass


async def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match=r"cannot be used: .* choose another with --data-dir"):
        async with opened(tmp_path / "file" / "data"):
            pass


async def test_a_damaged_segment_is_named_and_the_rest_is_served(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        for number in (1, 2):
            await store.write(batch([span(number, 1)]))
            await store.seal()
    victim = min((tmp_path / "default" / "segments").glob("*.idx"))
    victim.write_bytes(b"nonsense")
    async with opened(tmp_path) as store:
        assert await newest(store) == [(2, 1)]
        (damage,) = store.damages
        assert victim.stem in damage
        await store.write(batch([span(3, 1)]))
        await store.seal()
        assert store.health().figures["damages"] == 1
    assert victim.exists()
    with pytest.raises(StartError, match=victim.stem):
        async with opened(tmp_path, {"strict": True}):
            pass


async def test_half_written_files_go_at_the_start(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.write(batch([span(1, 1)]))
        await store.seal()
    segments = tmp_path / "default" / "segments"
    strays = [segments / "00000077.parquet", segments / "00000078.idx", segments / f"x{HALF_WRITTEN}"]
    for stray in strays:
        stray.write_bytes(b"half")
    async with opened(tmp_path) as store:
        assert not any(stray.exists() for stray in strays)
        assert await newest(store) == [(1, 1)]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "lock/../x", "é", "x" * 65, "end."])
async def test_a_tenant_must_have_a_plain_name(tmp_path: Path, name: str) -> None:
    async with opened(tmp_path) as store:
        with pytest.raises(PermanentError, match="tenant"):
            await store.write(batch([span(1, 1)]), tenant=name)
        assert await store.services(Budget(), tenant=name) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock"]


async def test_tenants_are_bounded(tmp_path: Path) -> None:
    async with opened(tmp_path, {"tenants_max": 1}) as store:
        await store.write(batch([span(1, 1)]))
        with pytest.raises(PermanentError, match="tenants_max"):
            await store.write(batch([span(1, 1)]), tenant="another")


async def test_after_close_nothing_is_taken_or_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.write(batch([span(1, 1)]))
    await store.close()
    with pytest.raises(UnavailableError):
        await store.write(batch([span(1, 1)]))
    with pytest.raises(UnavailableError):
        await store.services(Budget())
    assert not store.health().can_write


async def test_a_full_memory_makes_writers_wait_and_then_refuses(tmp_path: Path) -> None:
    settings = {"memory_bytes_max": "1MiB", "wait": 0.05}
    async with opened(tmp_path, settings) as store:
        number = 0
        with pytest.raises(OverloadedError, match="memory"):
            for number in range(1, 10_000):
                await store.write(batch([span(number, 1, attributes={"text": f"{number}" * 2000})]))
        assert store.health().figures["writes_refused"] == 1
        assert number > 10
        assert await count_spans(store, 1) == 1
        await store.seal()
        await store.write(batch([span(number, 1)]))


async def test_a_full_memory_is_relieved_by_sealing_before_anybody_is_refused(tmp_path: Path) -> None:
    settings = {"memory_bytes_max": "2MiB", "wait": 30, "background": True, "log": {"queue_bytes_max": "1MiB"}}
    async with opened(tmp_path, settings) as store:
        for number in range(1, 600):
            await store.write(batch([span(number, 1, attributes={"text": f"{number} " * 3000})]))
        figures = store.health().figures
        assert figures["segments"] >= 1
        assert figures["writes_refused"] == 0
        assert len(await newest(store)) == 599


class FullDisk(Disk):
    """Has no room while told so."""

    def __init__(self) -> None:
        self.full = False

    def allocate(self, descriptor: int, size: int, *, keep_free_bytes: int) -> None:
        self._check()
        super().allocate(descriptor, size, keep_free_bytes=keep_free_bytes)

    def write(self, descriptor: int, buffers: Sequence[bytes | memoryview], offset: int) -> int:
        self._check()
        return super().write(descriptor, buffers, offset)

    def _check(self) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")


async def test_a_full_disk_refuses_writes_answers_reads_and_recovers(tmp_path: Path) -> None:
    disk = FullDisk()
    async with opened(tmp_path, disk=disk) as store:
        await store.write(batch([span(1, 1)]))
        disk.full = True
        for _ in range(3):
            with pytest.raises(UnavailableError, match="disk is full"):
                await store.write(batch([span(2, 1)]))
        assert await newest(store) == [(1, 1)]
        disk.full = False
        await store.write(batch([span(3, 1)]))
        assert len(await newest(store)) == 2
    async with opened(tmp_path) as store:
        assert sorted(await newest(store)) == [(1, 1), (3, 1)]


async def test_too_little_free_space_refuses_writes_before_the_disk_is_full(tmp_path: Path) -> None:
    async with opened(tmp_path, {"disk_free_bytes_min": 2**60}) as store:
        with pytest.raises(UnavailableError, match="make room or shorten the retention"):
            await store.write(batch([span(1, 1)]))
        assert not store.health().can_write
        assert store.health().can_read


async def test_batches_without_a_payload_survive_a_restart(tmp_path: Path) -> None:
    rows = [span(1, 1, attributes={"a": [1, "x"]}, events=[]), span(1, 2, 1, name="ü")]
    made = SpanBatch(batch(rows).record_batch)
    assert made.payload is None
    async with opened(tmp_path) as store:
        await store.write(made)
        before = to_rows(await store.get_traces([trace_id(1)], Budget()))
    async with opened(tmp_path) as store:
        assert to_rows(await store.get_traces([trace_id(1)], Budget())) == before


@pytest.mark.parametrize(
    ("settings", "path"), [({"sael": {}}, "store.sael"), ({"log": {"file_bytes": -1}}, "store.log.file_bytes")]
)
def test_a_bad_setting_is_named(tmp_path: Path, settings: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigError, match=path):
        EmbeddedStore.from_config(settings, data_dir=tmp_path, clock=SystemClock())


def test_general_limits_become_settings(tmp_path: Path) -> None:
    settings = EmbeddedStore.settings_for(memory_bytes=100 << 20, retention_s=3600.0)
    config = EmbeddedStore.from_config(settings, data_dir=tmp_path, clock=SystemClock()).config
    merge_bytes = 5 * config.compaction.bytes_max  # docs/components/embedded.md
    assert config.memory_bytes_max + config.page_cache_bytes + merge_bytes == 100 << 20
    assert config.retention.age == 3600


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)
