"""The manifest: replaced at once, checked, read by every later version."""

from __future__ import annotations

from pathlib import Path

import pytest

from lymer._native import checksum
from lymer.component.errors import StartError
from lymer.storage.embedded.manifest import (
    COPY_NAME,
    MANIFEST_NAME,
    Cut,
    Manifest,
    SegmentEntry,
    read_manifest,
    write_manifest,
)

ENTRY = SegmentEntry(
    name="00000001",
    span_count=10,
    trace_count=2,
    min_start=-5,
    max_start=2**62,
    bytes=1234,
    stored_unix_nano=99,
)
MANIFEST = Manifest(
    generation=7, log_id="00ff", next_segment=2, replay_from=40, cuts=(Cut(before=45, upto=50),), segments=(ENTRY,)
)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    write_manifest(tmp_path, MANIFEST)
    assert read_manifest(tmp_path) == MANIFEST


def test_a_new_folder_has_none(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) is None


@pytest.mark.parametrize("offset", range(0, 300, 7))
def test_a_damaged_manifest_is_replaced_by_its_copy(tmp_path: Path, offset: int) -> None:
    write_manifest(tmp_path, MANIFEST)
    data = bytearray((tmp_path / MANIFEST_NAME).read_bytes())
    data[offset % len(data)] ^= 1
    (tmp_path / MANIFEST_NAME).write_bytes(data)
    if b" " not in data[:20] or bytes(data[15:16]) != b"1":
        return  # The version's digit became another version; that is the next test.
    assert read_manifest(tmp_path) == MANIFEST


def test_a_missing_manifest_is_replaced_by_its_copy(tmp_path: Path) -> None:
    write_manifest(tmp_path, MANIFEST)
    (tmp_path / MANIFEST_NAME).unlink()
    assert read_manifest(tmp_path) == MANIFEST


def test_both_damaged_stops_the_start_and_says_the_cure(tmp_path: Path) -> None:
    write_manifest(tmp_path, MANIFEST)
    for name in (MANIFEST_NAME, COPY_NAME):
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-3])
    with pytest.raises(StartError, match=r"manifest is damaged; restore it from a backup, or move the folder"):
        read_manifest(tmp_path)


def test_a_newer_version_stops_the_start(tmp_path: Path) -> None:
    write_manifest(tmp_path, MANIFEST)
    body = (tmp_path / MANIFEST_NAME).read_bytes().partition(b"\n")[2]
    (tmp_path / MANIFEST_NAME).write_bytes(f"lymer-manifest 2 {checksum(body):016x}\n".encode() + body)
    with pytest.raises(StartError, match="start a newer Lymer"):
        read_manifest(tmp_path)


def test_the_first_version_is_read_for_ever(tmp_path: Path) -> None:
    body = (
        b'{"generation":3,"log_id":"0102030405060708","next_segment":5,"replay_from":17,'
        b'"cuts":[{"before":18,"upto":20}],"segments":[{"name":"00000004","span_count":3,"trace_count":1,"min_start":1,'
        b'"max_start":2,"bytes":3,"stored_unix_nano":4,"compacted":true}],"deleted":["00000000000000000000000000000001"]}'
    )
    (tmp_path / MANIFEST_NAME).write_bytes(f"lymer-manifest 1 {checksum(body):016x}\n".encode() + body)
    manifest = read_manifest(tmp_path)
    assert manifest is not None
    assert (manifest.next_segment, manifest.replay_from, manifest.segments[0].name) == (5, 17, "00000004")


def test_an_unknown_key_of_a_later_version_is_passed_over(tmp_path: Path) -> None:
    body = b'{"log_id":"00","something_new":[1]}'
    (tmp_path / MANIFEST_NAME).write_bytes(f"lymer-manifest 1 {checksum(body):016x}\n".encode() + body)
    assert read_manifest(tmp_path) == Manifest(log_id="00")
