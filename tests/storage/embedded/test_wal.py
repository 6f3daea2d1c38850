"""The log: what is acknowledged comes back, in order, once; nothing else does."""

from __future__ import annotations

import errno
import os
import random
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from lymer._native import checksum
from lymer.component.errors import StartError, UnavailableError
from lymer.storage.embedded import wal, wal_records
from lymer.storage.embedded.config import LogConfig
from lymer.storage.embedded.wal import Disk, Entry, Log
from lymer.storage.embedded.wal_records import HEADER_BYTES, RECORDS_BEGIN
from lymer.storage.embedded.wal_recovery import Recovery, log_files

LOG_ID = b"12345678"
SMALL = LogConfig(file_bytes=64 << 10)


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wal, "SMALLEST_FILE_BYTES", 16 << 10)


def open_log(folder: Path, *, disk: Disk | None = None, log_id: bytes = LOG_ID) -> Log:
    return Log(folder, log_id=log_id, config=SMALL, disk=disk)


def recovered(folder: Path, *, after: int = 0, log_id: bytes = LOG_ID) -> tuple[list[tuple[int, bytes]], Recovery]:
    log = open_log(folder, log_id=log_id)
    recovery = Recovery(after)
    records = [(record.position, bytes(record.payload)) for record in log.recover(recovery)]
    log.close()
    return records, recovery


def started(folder: Path, *, disk: Disk | None = None) -> Log:
    log = open_log(folder, disk=disk)
    assert list(log.recover(Recovery(0))) == []
    return log


def append(log: Log, *payloads: bytes) -> list[int]:
    return list(log.append([Entry("otlp_proto", payload) for payload in payloads]))


def only_file(folder: Path) -> Path:
    (file,) = log_files(folder)
    return file


def flip(file: Path, offset: int) -> None:
    data = bytearray(file.read_bytes())
    data[offset] ^= 0x40
    file.write_bytes(data)


def test_what_was_appended_comes_back_in_order(tmp_path: Path) -> None:
    log = started(tmp_path)
    assert append(log, b"a", b"", b"c" * 5000) == [1, 2, 3]
    assert append(log, b"d") == [4]
    log.close()

    records, recovery = recovered(tmp_path)

    assert records == [(1, b"a"), (2, b""), (3, b"c" * 5000), (4, b"d")]
    assert (recovery.damages, recovery.torn, recovery.last_position) == ([], [], 4)


def test_positions_go_on_after_a_restart(tmp_path: Path) -> None:
    log = started(tmp_path)
    append(log, b"a", b"b")
    log.close()
    log = open_log(tmp_path)
    list(log.recover(Recovery(0)))
    assert append(log, b"c") == [3]
    log.close()
    assert recovered(tmp_path)[0] == [(1, b"a"), (2, b"b"), (3, b"c")]


def test_positions_go_on_when_everything_was_released(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    assert list(log.recover(Recovery(41))) == []
    assert append(log, b"x") == [42]


def test_only_what_is_wanted_is_read_back(tmp_path: Path) -> None:
    log = started(tmp_path)
    append(log, *(b"%d" % number for number in range(10)))
    log.close()
    records, recovery = recovered(tmp_path, after=7)
    assert [position for position, _ in records] == [8, 9, 10]
    assert recovery.damages == []


def test_a_group_larger_than_a_file_gets_a_file_of_its_own(tmp_path: Path) -> None:
    log = started(tmp_path)
    large = os.urandom(200 << 10)
    append(log, b"small")
    append(log, large)
    append(log, b"small again")
    log.close()
    assert [payload for _, payload in recovered(tmp_path)[0]] == [b"small", large, b"small again"]


def test_more_entries_than_one_system_call_takes_are_one_group(tmp_path: Path) -> None:
    log = started(tmp_path)
    append(log, *(b"%d" % number for number in range(3000)))
    log.close()
    assert [payload for _, payload in recovered(tmp_path)[0]] == [b"%d" % number for number in range(3000)]


def test_recycled_files_never_bring_old_records_back(tmp_path: Path) -> None:
    log = started(tmp_path)
    kept: list[tuple[int, bytes]] = []
    for number in range(400):
        payload = b"%d" % number * 300
        (position,) = append(log, payload)
        kept.append((position, payload))
        if number % 7 == 0:
            log.release(position - 3)
    log.close()

    names = {path.name.partition("-")[0] for path in tmp_path.iterdir()}
    records, recovery = recovered(tmp_path, after=kept[-3][0] - 1)

    assert "spare" in names
    assert len(log_files(tmp_path)) <= 3
    assert records == kept[-3:]
    assert recovery.damages == recovery.torn == []
    every = recovered(tmp_path)[0]
    assert every == kept[-len(every) :]


def test_a_recycled_file_that_was_not_begun_is_empty(tmp_path: Path) -> None:
    log = started(tmp_path)
    append(log, b"old" * 100)
    log.close()
    only_file(tmp_path).rename(tmp_path / f"{99:016x}.log")
    assert recovered(tmp_path)[0] == []


def test_a_purge_leaves_no_byte_of_what_was_released(tmp_path: Path) -> None:
    log = started(tmp_path)
    for _ in range(40):
        append(log, b"secret" * 500)
    log.leave_file()
    (position,) = append(log, b"kept")
    log.release(position)
    log.purge(position)
    log.close()
    assert not any(b"secret" in path.read_bytes() for path in tmp_path.iterdir())
    assert recovered(tmp_path, after=position - 1)[0] == [(position, b"kept")]


def test_a_torn_tail_is_recovered_silently(tmp_path: Path) -> None:
    log = started(tmp_path)
    append(log, b"a" * 100)
    append(log, b"b" * 100)
    log.close()
    file = only_file(tmp_path)
    os.truncate(file, RECORDS_BEGIN + HEADER_BYTES + 100 + HEADER_BYTES + 50)
    records, recovery = recovered(tmp_path)
    assert records == [(1, b"a" * 100)]
    assert recovery.damages == []


def test_a_group_torn_out_of_order_is_no_damage(tmp_path: Path) -> None:
    log = started(tmp_path)
    append(log, b"a" * 100)
    append(log, b"b" * 100, b"c" * 100)
    log.close()
    flip(only_file(tmp_path), RECORDS_BEGIN + 2 * HEADER_BYTES + 150)
    records, recovery = recovered(tmp_path)
    assert records == [(1, b"a" * 100), (3, b"c" * 100)]
    assert recovery.damages == []
    assert len(recovery.torn) == 1


@pytest.mark.parametrize("place", ["header", "payload"])
def test_damage_in_the_middle_is_named_and_the_rest_is_found(tmp_path: Path, place: str) -> None:
    log = started(tmp_path)
    for payload in (b"a" * 100, b"b" * 100, b"c" * 100):
        append(log, payload)
    log.close()
    start = RECORDS_BEGIN + HEADER_BYTES + 100
    flip(only_file(tmp_path), start + (20 if place == "header" else HEADER_BYTES + 20))
    records, recovery = recovered(tmp_path)
    assert records == [(1, b"a" * 100), (3, b"c" * 100)]
    (damage,) = recovery.damages
    assert (damage.file, damage.offset, damage.length) == (only_file(tmp_path), start, HEADER_BYTES + 100)
    assert str(damage) == f"{damage.file}: damaged at offset {start}, {HEADER_BYTES + 100} bytes"


def test_a_lost_file_is_named(tmp_path: Path) -> None:
    log = started(tmp_path)
    for number in range(100):
        append(log, b"%03d" % number * 200)
    log.close()
    files = log_files(tmp_path)
    assert len(files) >= 3
    files[1].unlink()
    records, recovery = recovered(tmp_path)
    assert len(records) < 100
    (damage,) = recovery.damages
    assert damage.file == files[0]


def test_a_lost_first_file_is_named(tmp_path: Path) -> None:
    log = started(tmp_path)
    for number in range(100):
        append(log, b"%03d" % number * 200)
    log.close()
    log_files(tmp_path)[0].unlink()
    assert len(recovered(tmp_path)[1].damages) == 1


def test_a_damaged_file_header_loses_nothing(tmp_path: Path) -> None:
    log = started(tmp_path)
    append(log, b"a", b"b")
    log.close()
    flip(only_file(tmp_path), 3)
    assert recovered(tmp_path)[0] == [(1, b"a"), (2, b"b")]


def fake_record(payload: bytes, *, position: int, log_id: bytes) -> bytes:
    numbers = (1, position, position - 1, position, len(payload), checksum(payload))
    fields = struct.pack("<4s12s6Q", wal_records.MAGIC, b"otlp_proto", *numbers)
    return fields + struct.pack("<Q", checksum(fields + log_id)) + payload


def test_a_sender_cannot_write_what_looks_like_a_record(tmp_path: Path) -> None:
    log = started(tmp_path)
    append(log, b"x" * 30 + fake_record(b"fake", position=50, log_id=b"a guess!") + b"y" * 30)
    append(log, b"next")
    log.close()
    flip(only_file(tmp_path), RECORDS_BEGIN + HEADER_BYTES + 3)
    assert recovered(tmp_path)[0] == [(2, b"next")]


def test_a_log_of_a_newer_version_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wal_records, "FILE_VERSION", 2)
    log = started(tmp_path)
    append(log, b"a")
    log.close()
    monkeypatch.setattr(wal_records, "FILE_VERSION", 1)
    with pytest.raises(StartError, match="newer Lymer"):
        recovered(tmp_path)


class FailingDisk(Disk):
    """Fails as often as told, after part of the bytes."""

    def __init__(self) -> None:
        self.fail_writes = 0
        self.fail_syncs = 0
        self.fail_allocations = 0

    def allocate(self, descriptor: int, size: int, *, keep_free_bytes: int) -> None:
        if self.fail_allocations:
            self.fail_allocations -= 1
            raise OSError(errno.ENOSPC, "No space left on device")
        super().allocate(descriptor, size, keep_free_bytes=keep_free_bytes)

    def write(self, descriptor: int, buffers: Sequence[bytes | memoryview], offset: int) -> int:
        if self.fail_writes:
            self.fail_writes -= 1
            super().write(descriptor, buffers[:-1], offset)
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(descriptor, buffers, offset)

    def sync(self, descriptor: int) -> None:
        if self.fail_syncs:
            self.fail_syncs -= 1
            raise OSError(errno.EIO, "Input/output error")
        super().sync(descriptor)


@pytest.mark.parametrize("what", ["fail_writes", "fail_syncs", "fail_allocations"])
def test_a_group_that_fails_is_refused_whole_and_never_replayed(tmp_path: Path, what: str) -> None:
    disk = FailingDisk()
    log = started(tmp_path, disk=disk)
    if what != "fail_allocations":
        append(log, b"before")
    setattr(disk, what, 9 if what == "fail_allocations" else 1)
    with pytest.raises(UnavailableError):
        append(log, b"lost" * 20, b"lost too" * 20)
    log.close()
    assert b"lost" not in b"".join(payload for _, payload in recovered(tmp_path)[0])


def test_the_log_goes_on_when_the_disk_has_recovered(tmp_path: Path) -> None:
    disk = FailingDisk()
    log = started(tmp_path, disk=disk)
    append(log, b"before")
    disk.fail_syncs = 3  # Of the group, of erasing it, of erasing it again.
    for _ in range(2):
        with pytest.raises(UnavailableError):
            append(log, b"lost" * 50, b"lost")
    append(log, b"after")
    log.close()
    records, recovery = recovered(tmp_path)
    assert [payload for _, payload in records] == [b"before", b"after"]
    assert recovery.damages == []


def test_a_group_that_was_not_synced_takes_nothing_with_it(tmp_path: Path) -> None:
    disk = FailingDisk()
    log = started(tmp_path, disk=disk)
    append(log, b"before" * 500)
    disk.fail_syncs = 1
    with pytest.raises(UnavailableError):
        append(log, b"lost" * 2500)  # It ends in another block than it began in.
    append(log, b"after")
    log.close()
    records, recovery = recovered(tmp_path)
    assert [payload for _, payload in records] == [b"before" * 500, b"after"]
    assert recovery.damages == []


def test_a_full_disk_says_so(tmp_path: Path) -> None:
    disk = FailingDisk()
    disk.fail_allocations = 99
    log = started(tmp_path, disk=disk)
    with pytest.raises(UnavailableError, match="disk is full"):
        append(log, b"a")
    disk.fail_allocations = 1  # A smaller file does.
    assert append(log, b"a") == [1]


@pytest.mark.parametrize("seed", range(40))
def test_random_damage_loses_only_what_it_hits(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    log = started(tmp_path)
    written: dict[int, bytes] = {}
    while len(log_files(tmp_path)) < 3:
        group = [chance.randbytes(chance.randrange(2000)) for _ in range(chance.randint(1, 5))]
        written |= dict(zip(append(log, *group), group, strict=True))
    log.close()

    before, _ = recovered(tmp_path)
    spans = _record_extents(tmp_path)
    hit: set[int] = set()
    for _ in range(chance.randint(1, 4)):
        file = chance.choice(log_files(tmp_path))
        offset = chance.randrange(RECORDS_BEGIN, file.stat().st_size)
        flip(file, offset)
        hit |= {position for position, path, first, end in spans if path == file and first <= offset < end}
    records, recovery = recovered(tmp_path)

    assert before == list(written.items())
    assert set(written) - {position for position, _ in records} <= hit
    assert all(written[position] == payload for position, payload in records)
    lost = set(written) - {position for position, _ in records}
    assert not lost or lost <= {len(written)} or recovery.damages or recovery.torn


@pytest.mark.parametrize("seed", range(20))
def test_a_file_cut_anywhere_keeps_what_is_before(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    log = started(tmp_path)
    for _ in range(12):
        append(log, chance.randbytes(chance.randrange(900)))
    log.close()
    file = only_file(tmp_path)
    extents = _record_extents(tmp_path)
    cut = chance.randrange(extents[-1][3] + 10)
    os.truncate(file, cut)
    whole = [position for position, _, _, end in extents if end <= cut]
    assert [position for position, _ in recovered(tmp_path)[0]] == whole


def _record_extents(folder: Path) -> list[tuple[int, Path, int, int]]:
    log = open_log(folder)
    recovery = Recovery(0)
    found = []
    for record in log.recover(recovery):
        file = max(recovery.last_positions, key=lambda path: recovery.last_positions[path])
        found.append((record.position, file, record.offset, record.end))
    return found
