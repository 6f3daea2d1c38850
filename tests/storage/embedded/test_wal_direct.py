"""Past the page cache, a log file has the same bytes as when it is written as any other file."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from lymer.component.config import ByteSize
from lymer.storage.embedded import wal
from lymer.storage.embedded.config import LogConfig
from lymer.storage.embedded.wal import Disk, Entry, Log
from lymer.storage.embedded.wal_direct import BLOCK_BYTES, STAGE_BYTES, Stage, open_direct
from lymer.storage.embedded.wal_recovery import Recovery

HEAD = bytes(range(64))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a head; then what an earlier life has left in it."""
    path = tmp_path / "file"
    path.write_bytes(HEAD + b"old" * (8 << 20))
    return path


def descriptor_of(path: Path) -> int:
    """To write with; of the usual kind where the filesystem has no other."""
    descriptor = open_direct(path)
    return descriptor if descriptor >= 0 else os.open(path, os.O_WRONLY)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_appended_follows_what_was_there(file: Path, seed: int) -> None:
    chance = random.Random(seed)
    stage, descriptor, expected = Stage(Disk().write), descriptor_of(file), HEAD
    stage.begin(HEAD)
    for _ in range(12):
        sizes = [chance.choice((0, 1, 72, BLOCK_BYTES - 136, BLOCK_BYTES, 200_000, STAGE_BYTES)) for _ in range(3)]
        buffers = [chance.randbytes(size) for size in sizes]
        stage.append(descriptor, buffers, len(expected))
        expected += b"".join(buffers)
        written = file.read_bytes()
        assert written[: len(expected)] == expected
        padding = -len(expected) % BLOCK_BYTES
        assert written[len(expected) : len(expected) + padding] == bytes(padding)
    os.close(descriptor)


class FailsOnce(Disk):
    """Fails at the write of this number."""

    def __init__(self, number: int, code: int) -> None:
        self.until = number
        self.code = code

    def write(self, descriptor: int, buffers: Sequence[bytes | memoryview], offset: int) -> int:
        self.until -= 1
        if self.until == 0:
            raise OSError(self.code, os.strerror(self.code))
        return super().write(descriptor, buffers, offset)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_after_a_failure_the_same_place_is_written_again(file: Path, number: int) -> None:
    stage, descriptor = Stage(FailsOnce(number, errno.EIO).write), descriptor_of(file)
    stage.begin(HEAD)
    with pytest.raises(OSError, match="Input/output error"):
        stage.append(descriptor, [b"lost" * STAGE_BYTES], len(HEAD))
    stage.append(descriptor, [b"kept"], len(HEAD))
    os.close(descriptor)
    assert file.read_bytes().startswith(HEAD + b"kept")


def test_memory_of_any_kind_is_written(file: Path) -> None:
    stage, descriptor = Stage(Disk().write), descriptor_of(file)
    stage.begin(HEAD)
    stage.append(descriptor, [b"bytes", memoryview(b"signed").cast("b"), memoryview(b"")], len(HEAD))
    os.close(descriptor)
    assert file.read_bytes().startswith(HEAD + b"bytessigned")


def payloads_after(folder: Path, disk: Disk | None = None) -> list[bytes]:
    """Write some groups, and read them again as after a crash."""
    config = LogConfig(file_bytes=ByteSize(1_000_000))
    log = Log(folder, log_id=b"12345678", config=config, disk=disk)
    assert list(log.recover(Recovery(0))) == []
    for number in range(8):
        log.append([Entry("otlp_proto", bytes([number]) * 300_000), Entry("otlp_proto", b"small")])
    log.close()
    again = Log(folder, log_id=b"12345678", config=config)
    return [bytes(record.payload) for record in again.recover(Recovery(0))]


GROUPS = [payload for number in range(8) for payload in (bytes([number]) * 300_000, b"small")]


def test_without_direct_writes_the_log_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("direct", "other"):
        (tmp_path / name).mkdir()
    assert payloads_after(tmp_path / "direct") == GROUPS
    monkeypatch.setattr(wal, "open_direct", lambda _: -1)
    assert payloads_after(tmp_path / "other") == GROUPS


def test_a_disk_with_larger_blocks_is_written_as_any_other(tmp_path: Path) -> None:
    assert payloads_after(tmp_path, FailsOnce(4, errno.EINVAL)) == GROUPS


def test_where_the_filesystem_refuses_nothing_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert open_direct(tmp_path / "absent") == -1
    monkeypatch.delattr(os, "O_DIRECT", raising=False)
    assert open_direct(tmp_path) == -1
