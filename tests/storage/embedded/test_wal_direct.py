"""Past the page cache, a log file has the same bytes as when it is written as any other file."""

from __future__ import annotations

import errno
import os
import random
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from lymer._native import LogStage, checksum
from lymer.component.config import ByteSize
from lymer.storage.embedded import wal
from lymer.storage.embedded.config import LogConfig
from lymer.storage.embedded.wal import Disk, Entry, Log
from lymer.storage.embedded.wal_direct import BLOCK_BYTES, open_direct
from lymer.storage.embedded.wal_recovery import Recovery

LOG_ID = b"12345678"
MEBIBYTE = 1 << 20
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


def record(payload: bytes, *, epoch: int, position: int, previous: int, group: int) -> bytes:
    """As `wal_records` draws it."""
    numbers = (epoch, position, previous, group, len(payload), checksum(payload))
    fields = struct.pack("<4s12s6Q", b"\x8aLyR", b"otlp_proto", *numbers)
    return fields + struct.pack("<Q", checksum(fields + LOG_ID)) + payload


class Appending:
    """A file that is appended to, and what must stand in it."""

    def __init__(self, file: Path, disk: Disk | None = None) -> None:
        self.stage, self.descriptor = LogStage(LOG_ID, disk), descriptor_of(file)
        self.stage.begin(HEAD)
        self.expected, self.position = HEAD, 0

    def append(self, *payloads: bytes) -> None:
        first, expected = self.position + 1, self.expected
        for position, payload in enumerate(payloads, first):
            expected += record(payload, epoch=7, position=position, previous=position - 1, group=first)
        self.append_again(payloads)
        self.expected, self.position = expected, self.position + len(payloads)

    def append_again(self, payloads: Sequence[bytes | bytearray | memoryview]) -> None:
        """The same place, whatever comes of it."""
        self.stage.append(
            [("otlp_proto", payload) for payload in payloads],
            written=self.descriptor,
            synced=self.descriptor,
            end=len(self.expected),
            epoch=7,
            position=self.position + 1,
            previous=self.position,
        )

    def close(self) -> None:
        os.close(self.descriptor)


@pytest.mark.parametrize("disk", [None, Disk()], ids=["system", "given"])
@pytest.mark.parametrize("seed", range(8))
def test_what_is_appended_follows_what_was_there(file: Path, seed: int, disk: Disk | None) -> None:
    chance = random.Random(seed)
    appending = Appending(file, disk)
    for _ in range(12):
        sizes = [chance.choice((0, 1, 72, BLOCK_BYTES - 136, BLOCK_BYTES, 200_000, MEBIBYTE)) for _ in range(3)]
        appending.append(*(chance.randbytes(size) for size in sizes))
        written, expected = file.read_bytes(), appending.expected
        assert written[: len(expected)] == expected
        padding = -len(expected) % BLOCK_BYTES
        assert written[len(expected) : len(expected) + padding] == bytes(padding)
    appending.close()


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


@pytest.mark.parametrize("number", [2, 3, 4])
def test_after_a_failure_the_same_place_is_written_again(file: Path, number: int) -> None:
    appending = Appending(file, FailsOnce(number, errno.EIO))
    appending.append(b"before" * 1000)
    with pytest.raises(OSError, match=r"\[Errno 5\] Input/output error"):
        appending.append(b"lost" * MEBIBYTE)
    appending.append(b"kept")
    appending.close()
    assert file.read_bytes().startswith(appending.expected)


def test_the_systems_refusal_has_its_number(file: Path) -> None:
    appending = Appending(file)
    appending.close()
    with pytest.raises(OSError, match="Bad file descriptor") as caught:
        appending.append(b"lost")
    assert caught.value.errno == errno.EBADF


@pytest.mark.parametrize("payload", [b"bytes", bytearray(b"bytes"), memoryview(b"bytes")], ids=type)
def test_memory_of_any_kind_is_written(file: Path, payload: bytes | bytearray | memoryview) -> None:
    appending = Appending(file)
    appending.append_again([payload])
    appending.append(b"bytes")
    appending.close()
    assert file.read_bytes().startswith(appending.expected)


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
