"""Spans that cannot be sealed are set aside after some tries; everything else goes on, and the log is not held."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
import pytest

from lymer._native import View
from lymer.component.clock import ManualClock
from lymer.component.errors import UnavailableError
from lymer.conformance.spans import batch, span, to_rows, trace_id
from lymer.model.batch import SpanBatch
from lymer.storage.base import Budget
from lymer.storage.embedded import pieces, quarantine, tenant
from lymer.storage.embedded.config import EmbeddedConfig
from lymer.storage.embedded.store import EmbeddedStore

WRITE = pieces.write_view


def failing_on(bad: set[bytes], error: str = "a column that nobody can write"):
    def write_view(view: View, without: Collection[bytes], folder: Path, name: str) -> None:
        if (set(pieces.ids_of(view)) & bad) - set(without):
            raise ValueError(error)
        WRITE(view, without, folder, name)

    return write_view


async def opened(folder: Path) -> EmbeddedStore:
    store = EmbeddedStore(EmbeddedConfig(background=False), data_dir=folder, clock=ManualClock())
    await store.start()
    return store


async def found(store: EmbeddedStore) -> set[bytes]:
    ids = [trace_id(n) for n in range(1, 101)]
    return {row["trace_id"] for row in to_rows(await store.get_traces(ids, Budget()))}


async def test_a_trace_that_cannot_be_sealed_is_kept_in_a_file_and_the_others_are_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [span(n, m, attributes={"n": n}) for n in range(1, 101) for m in (1, 2)]
    bad = {trace_id(17), trace_id(60)}
    for module in (tenant, quarantine):
        monkeypatch.setattr(module, "write_view", failing_on(bad))
    store = await opened(tmp_path)
    await store.write(batch(rows))
    for _ in range(quarantine.TRIES_MAX - 1):
        with pytest.raises(ValueError, match="nobody can write"):
            await store.seal()
        assert len(await found(store)) == 100
    await store.seal()
    assert await found(store) == {trace_id(n) for n in range(1, 101)} - bad
    figures = store.health().figures
    assert (figures["traces_set_aside"], figures["damages"], figures["buffer_spans"]) == (2, 1, 0)
    (path,) = (tmp_path / "default" / quarantine.QUARANTINE).iterdir()
    with pa.ipc.open_stream(path.read_bytes()) as reader:
        assert b"nobody can write" in reader.schema.metadata[b"error"]
        aside = [row for part in reader for row in to_rows(SpanBatch.from_record_batch(part))]
    assert aside == [row for row in rows if row["trace_id"] in bad]
    await store.close()

    monkeypatch.undo()
    again = await opened(tmp_path)
    assert await found(again) == {trace_id(n) for n in range(1, 101)} - bad
    await again.close()


async def set_aside(folder: Path, bad: set[bytes], monkeypatch: pytest.MonkeyPatch) -> EmbeddedStore:
    """A store of 100 traces, of which these are in quarantine."""
    store = await opened(folder)
    await store.write(batch([span(n, m, attributes={"n": n}) for n in range(1, 101) for m in (1, 2)]))
    with monkeypatch.context() as patch:
        for module in (tenant, quarantine):
            patch.setattr(module, "write_view", failing_on(bad))
        for _ in range(quarantine.TRIES_MAX - 1):
            with pytest.raises(ValueError, match="nobody can write"):
                await store.seal()
        await store.seal()
    return store


def bytes_under(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


async def test_a_deleted_trace_is_deleted_from_quarantine_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await set_aside(tmp_path, {trace_id(17), trace_id(60)}, monkeypatch)
    folder = tmp_path / "default" / quarantine.QUARANTINE
    (folder / "00000007.arrow.tmp").write_bytes(trace_id(60))
    assert await store.delete_trace(trace_id(60))
    assert trace_id(60) not in bytes_under(tmp_path)
    (path,) = folder.iterdir()
    with pa.ipc.open_stream(path.read_bytes()) as reader:
        assert b"nobody can write" in reader.schema.metadata[b"error"]
        assert {row["trace_id"] for part in reader for row in to_rows(SpanBatch.from_record_batch(part))} == {
            trace_id(17)
        }
    assert await store.delete_trace(trace_id(17))
    assert not list(folder.iterdir())
    assert not await store.delete_trace(trace_id(17))
    await store.close()


async def test_a_quarantine_that_cannot_be_read_is_kept_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await set_aside(tmp_path, {trace_id(17)}, monkeypatch)
    (path,) = (tmp_path / "default" / quarantine.QUARANTINE).iterdir()
    damaged = path.read_bytes()[:-200]
    path.write_bytes(damaged)
    with pytest.raises(UnavailableError, match=path.name):
        await store.delete_trace(trace_id(5))
    assert path.read_bytes() == damaged
    assert trace_id(5) not in await found(store)
    path.rename(tmp_path / path.name)
    await store.clean()
    assert trace_id(5) not in bytes_under(tmp_path / "default")
    await store.close()


async def test_what_the_disk_says_sets_nothing_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await opened(tmp_path)
    await store.write(batch([span(1, 1)]))
    full = failing_on({trace_id(1)}, "segments/1.parquet: No space left on device (os error 28)")
    monkeypatch.setattr(tenant, "write_view", full)
    for _ in range(3 * quarantine.TRIES_MAX):
        with pytest.raises(ValueError, match="No space left"):
            await store.seal()
    monkeypatch.undo()
    await store.seal()
    assert store.health().figures["segment_spans"] == 1
    await store.close()


@pytest.mark.parametrize("bad", [set(), {3}, {0, 999}, {500, 501, 502}])
def test_the_traces_at_fault_are_found(bad: set[int]) -> None:
    ids = [n.to_bytes(16) for n in range(1000)]
    wrong = {n.to_bytes(16) for n in bad}
    assert set(quarantine.search_failing(ids, lambda part: bool(wrong & set(part)))) == wrong


def test_the_search_for_the_traces_at_fault_ends() -> None:
    tries = 0

    def fails(part: object) -> bool:
        nonlocal tries
        tries += 1
        return True

    ids = [n.to_bytes(16) for n in range(100_000)]
    assert quarantine.search_failing(ids, fails) == ids
    assert tries < 100
