"""The manifest of a tenant: what belongs to it. Replaced whole and at once; a file it does not name does not exist.

The file is a line that says the format's version and the checksum, then JSON. `manifest.copy` is the same again, in
case the first is ever damaged. Format versions only add keys; every version since 1 is read.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from lymer._native import checksum
from lymer.component.errors import StartError
from lymer.component.events import LOGGER
from lymer.storage.embedded.durable import write_durably

FORMAT_VERSION = 1
MANIFEST_NAME = "manifest"
COPY_NAME = "manifest.copy"
_TITLE = "lymer-manifest"


class SegmentEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A sealed segment and its figures."""

    name: str
    span_count: int
    trace_count: int
    min_start: int
    max_start: int
    bytes: int
    stored_unix_nano: int
    """When the youngest of its spans was sealed; retention counts from here."""
    compacted: bool = False


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """What one seal took out of the log: of the records up to `upto`, the traces whose last is before `before`."""

    before: int
    upto: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What belongs to a tenant. Immutable: a change makes a new one."""

    generation: int = 0
    """Grows with every change."""
    log_id: str
    """Secret of the log, hex; see `wal_records`."""
    next_segment: int = 1
    replay_from: int = 1
    """Records with smaller positions are sealed."""
    cuts: tuple[Cut, ...] = ()
    """Of the records that are still replayed, what is sealed; in order."""
    segments: tuple[SegmentEntry, ...] = ()
    deleted: tuple[str, ...] = ()
    """Trace ids, hex, that are being removed and that no read sees."""

    @property
    def segment_name(self) -> str:
        """Of the next segment."""
        return f"{self.next_segment:08d}"


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Make this the manifest of the folder, durably; then its copy."""
    body = msgspec.json.encode(manifest)
    title = f"{_TITLE} {FORMAT_VERSION} {checksum(body):016x}\n"
    for name in (MANIFEST_NAME, COPY_NAME):
        write_durably(folder / name, title.encode() + body)


def read_manifest(folder: Path) -> Manifest | None:
    """The folder's manifest; None when there has never been one.

    A damaged or missing one is replaced by its copy. Raises StartError when both are damaged, or too new.
    """
    errors = []
    for name in (MANIFEST_NAME, COPY_NAME):
        try:
            manifest = decode_manifest((folder / name).read_bytes(), folder / name)
        except FileNotFoundError:
            continue
        except _DamagedError as error:
            errors.append(error)
            continue
        if name == COPY_NAME:
            reason = errors[0] if errors else f"{folder / MANIFEST_NAME} is missing"
            LOGGER.warning("manifest restored from its copy", extra={"fields": {"reason": str(reason)}})
        return manifest
    if errors:
        raise StartError(f"{errors[0]}; restore it from a backup, or move the folder {folder} away") from errors[0]
    return None


def decode_manifest(data: bytes, path: Path) -> Manifest:
    """The manifest in these bytes; `path` is for the message. Raises StartError."""
    first, _, body = data.partition(b"\n")
    words = first.decode(errors="replace").split()
    if len(words) != 3 or words[0] != _TITLE or not words[1].isdigit():
        raise _DamagedError(f"{path} is no manifest")
    if int(words[1]) > FORMAT_VERSION:
        raise StartError(f"{path} has format {words[1]}, this Lymer knows {FORMAT_VERSION}; start a newer Lymer")
    if words[2] != f"{checksum(body):016x}":
        raise _DamagedError(f"{path} is damaged")
    try:
        return msgspec.json.decode(body, type=Manifest)
    except msgspec.MsgspecError as error:
        raise _DamagedError(f"{path} cannot be read: {error}") from error


class _DamagedError(StartError):
    pass
