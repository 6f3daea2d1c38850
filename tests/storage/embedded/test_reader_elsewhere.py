"""Reading a data folder from a second process, looking after it, and a disk that is really full."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lymer
from lymer.component.clock import SystemClock
from lymer.component.errors import DecodeError, NotFoundError, StartError, UnavailableError
from lymer.conformance.spans import batch, span, to_rows, trace_id
from lymer.model.batch import SpanBatch
from lymer.model.schema import SPAN_SCHEMA
from lymer.model.trace import GRAPH_SCHEMA
from lymer.storage.base import Budget
from lymer.storage.embedded import admin
from lymer.storage.embedded.commands import main
from lymer.storage.embedded.store import EmbeddedStore

SETTINGS: dict[str, Any] = {
    "background": False,
    "retention": {"age": 0},
    "disk_free_bytes_min": 0,
    "reserve_bytes": 0,
}


def make_store(folder: Path, **settings: Any) -> EmbeddedStore:
    return EmbeddedStore.from_config(SETTINGS | settings, data_dir=folder, clock=SystemClock())


async def fill(folder: Path) -> None:
    """Trace 1 in a segment, 2 split, 3 in the log."""
    store = make_store(folder)
    await store.start()
    await store.write(batch([span(1, 1), span(1, 2, 1, service="cart"), span(2, 1)]))
    await store.seal()
    await store.write(batch([span(2, 2, 1), span(3, 1)]))
    await store.close()


def found(table: Any) -> dict[int, int]:
    ids = [int.from_bytes(one, "big") for one in table.column("trace_id").to_pylist()]
    return dict(zip(ids, table.column("span_count").to_pylist(), strict=True))


async def test_a_stopped_store_is_read_as_arrow(tmp_path: Path) -> None:
    await fill(tmp_path)
    with lymer.open(tmp_path) as spans:
        assert found(spans.traces()) == {1: 2, 2: 2, 3: 1}
        table = spans.spans([trace_id(2), trace_id(1)])
        assert table.schema.equals(SPAN_SCHEMA)
        assert len(table) == 4
        assert spans.services() == ["cart", "shop"]
        assert [operation.name for operation in spans.operations("cart")] == ["work"]
        graph = spans.service_graph()
        assert graph.schema.equals(GRAPH_SCHEMA)
        assert graph.column("call_count").to_pylist() == [1]
        assert len(spans.parquet_files()) == 1


async def test_a_running_store_is_followed(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    await store.start()
    await store.write(batch([span(1, 1)]))
    with lymer.open(tmp_path) as spans:
        assert found(spans.traces()) == {1: 1}
        await store.write(batch([span(1, 2), span(2, 1)]))
        assert found(spans.traces()) == {1: 2, 2: 1}
        await store.seal()
        await store.write(batch([span(2, 2)]))
        assert found(spans.traces()) == {1: 2, 2: 2}
        await store.seal()
        await store.compact()
        await store.write(batch([span(3, 1)]))
        assert found(spans.traces()) == {1: 2, 2: 2, 3: 1}
        await store.delete_trace(trace_id(1))
        assert found(spans.traces()) == {2: 2, 3: 1}
        page = spans.traces(limit=1)
        cursor = page.schema.metadata[b"cursor"].decode()
        assert len(found(page) | found(spans.traces(limit=1, cursor=cursor))) == 2
    await store.close()


async def test_readers_keep_up_while_the_store_seals_and_merges(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    await store.start()
    await store.write(batch([span(1, 1)]))
    done = asyncio.Event()

    async def write() -> None:
        for number in range(2, 120):
            await store.write(batch([span(number, 1), span(number - 1, 2)]))
            if number % 3 == 0:
                await store.seal()
            if number % 9 == 0:
                await store.compact()
        done.set()

    def look(spans: Any) -> dict[int, int]:
        return found(spans.traces(limit=1000))

    async def read() -> None:
        with lymer.open(tmp_path) as spans:
            seen = 0
            while not done.is_set():
                counts = await asyncio.to_thread(look, spans)
                assert len(counts) >= seen
                assert all(counts[number] == 2 for number in range(1, len(counts)))
                seen = len(counts)
            assert look(spans) == {number: 2 - (number == 119) for number in range(1, 120)}

    await asyncio.gather(write(), read())
    await store.close()


def test_a_folder_without_spans_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="holds no spans"):
        lymer.open(tmp_path)
    with pytest.raises(NotFoundError, match="holds no spans"):
        admin.inspect(tmp_path / "missing")


async def test_inspect_says_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await fill(tmp_path)
    (report,) = admin.inspect(tmp_path)
    assert (report.name, report.span_count, report.log_files) == ("default", 3, 1)
    assert main(["inspect", "--data-dir", str(tmp_path)]) == 0
    assert "default: 3 spans in 1 segments" in capsys.readouterr().out


async def test_verify_names_every_damage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await fill(tmp_path)
    assert main(["verify", "--data-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "everything is whole\n"
    victim = next((tmp_path / "default" / "segments").glob("*.parquet"))
    data = bytearray(victim.read_bytes())
    data[len(data) // 3] ^= 1
    victim.write_bytes(data)
    assert main(["verify", "--data-dir", str(tmp_path)]) == 1
    assert victim.stem in capsys.readouterr().out


async def test_compact_makes_one_segment_of_small_ones(tmp_path: Path) -> None:
    await fill(tmp_path)
    assert await admin.compact(tmp_path) == 1
    with lymer.open(tmp_path) as spans:
        assert found(spans.traces()) == {1: 2, 2: 2, 3: 1}


async def test_a_running_store_compacts_when_asked(tmp_path: Path) -> None:
    await fill(tmp_path)
    store = make_store(tmp_path, compaction={"enabled": False})
    await store.start()
    assert await admin.compact(tmp_path) == -1
    assert admin.compact_requested(tmp_path)
    await store.clean()
    assert not admin.compact_requested(tmp_path)
    assert store.health().figures["segments"] == 1
    await store.close()


def otlp(**names: str) -> dict[str, Any]:
    spans = [
        {
            "traceId": f"{number:032x}",
            "spanId": f"{number:016x}",
            "name": name,
            "startTimeUnixNano": "1700000000000000000",
            "endTimeUnixNano": "1700000000000000005",
        }
        for number, name in enumerate(names.values(), 1)
    ]
    return {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}


def test_import_takes_json_lines_protobuf_and_gzip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two, three = (tmp_path / name for name in ("one.json", "two.jsonl", "three.pb.gz"))
    one.write_text(json.dumps(otlp(a="a"), indent=1))
    two.write_text("\n".join(json.dumps(otlp(a="b", b="c")) for _ in range(2)))
    payload = next(iter(admin.read_otlp(one))).batch.payload
    assert payload is not None
    three.write_bytes(gzip.compress(payload.data))
    folder = tmp_path / "data"
    folder.mkdir()

    assert main(["import", "--data-dir", str(folder), str(one), str(two), str(three)]) == 0

    assert capsys.readouterr().out.splitlines()[-1] == "6 spans stored"
    with lymer.open(folder) as spans:
        assert found(spans.traces()) == {1: 2, 2: 1}


async def test_import_into_a_folder_in_use_names_the_cure(tmp_path: Path) -> None:
    await fill(tmp_path)
    store = make_store(tmp_path)
    await store.start()
    with pytest.raises(StartError, match="in use"):
        await admin.import_files(tmp_path, [])
    await store.close()


def test_a_file_that_is_no_otlp_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{not json")
    with pytest.raises(DecodeError, match=r"bad\.json"):
        list(admin.read_otlp(bad))
    assert main(["import", "--data-dir", str(tmp_path / "data"), str(bad)]) == 1
    assert "bad.json" in capsys.readouterr().err


def test_importing_lymer_stays_cheap() -> None:
    script = "import lymer, sys; sys.exit('pyarrow' in sys.modules or 'lymer.storage' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB."""
    place = tmp_path / "tiny"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        yield from _limited(tmp_path)
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def _limited(tmp_path: Path) -> Iterator[Path]:
    """Without the right to mount: a folder, and a limit on the size of every file of this process instead."""
    import resource
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6 << 20, before[1]))
    try:
        yield tmp_path / "limited"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


async def test_a_disk_that_is_full_loses_nothing_and_recovers(tiny_disk: Path) -> None:
    settings = {"log": {"file_bytes": "8MiB"}, "compaction": {"enabled": False}, "disk_free_bytes_min": "3MiB"}
    store = make_store(tiny_disk / "data", **settings)
    await store.start()
    kept = 0
    with pytest.raises(UnavailableError):
        for number in range(1, 10_000):
            await store.write(large_batch(number))
            kept = number
    assert kept > 3
    for _ in range(3):
        with pytest.raises(UnavailableError):
            await store.write(large_batch(kept + 1))
    read = await store.get_traces([trace_id(number) for number in range(1, kept + 2)], Budget())
    assert len(read) == kept * SPANS
    assert await store.seal()
    await store.write(large_batch(kept + 1))
    await store.close()

    store = make_store(tiny_disk / "data", **settings)
    await store.start()
    rows = to_rows(await store.get_traces([trace_id(number) for number in range(1, kept + 3)], Budget()))
    assert Counter(int.from_bytes(row["trace_id"], "big") for row in rows) == dict.fromkeys(range(1, kept + 2), SPANS)
    assert store.damages == []
    await store.close()


SPANS = 400


def large_batch(number: int) -> SpanBatch:
    text = f"{number:08d}" * 60
    return batch([span(number, one, attributes={"text": f"{text}{one}"}) for one in range(1, SPANS + 1)])
