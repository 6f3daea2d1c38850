"""Looking after a data folder: inspect, verify, compact, import. `commands` is its command line.

Inspecting and verifying only read, also while a server writes. Compacting and importing write: into a folder that
nobody uses by themselves, else through the server that holds its lock (`compact` leaves it a request; `import` sends to
its OTLP port).
"""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from lymer._native import Segment
from lymer.component.clock import SystemClock
from lymer.component.errors import DecodeError, NotFoundError
from lymer.storage.base import DEFAULT_TENANT
from lymer.storage.embedded.durable import write_durably
from lymer.storage.embedded.engine import COMPACT_REQUEST, TenantKey, stored_tenants
from lymer.storage.embedded.lock import is_locked
from lymer.storage.embedded.manifest import Manifest, SegmentEntry, read_manifest
from lymer.storage.embedded.opening import LOG, SEGMENTS, Damages, decode_record
from lymer.storage.embedded.store import EmbeddedStore
from lymer.storage.embedded.wal_recovery import Recovery, log_files, read_log
from lymer.wire import codecs
from lymer.wire.decoded import Decoded

_GZIP_MAGIC = b"\x1f\x8b"


class TenantReport(msgspec.Struct, frozen=True):
    """What a tenant's folder holds."""

    name: str
    segments: tuple[SegmentEntry, ...]
    log_files: int
    log_bytes: int
    replay_from: int
    deletions_pending: int

    @property
    def span_count(self) -> int:
        """Of all segments."""
        return sum(entry.span_count for entry in self.segments)

    @property
    def bytes(self) -> int:
        """Of all segments."""
        return sum(entry.bytes for entry in self.segments)


def inspect(folder: Path) -> list[TenantReport]:
    """What is in a data folder. Raises NotFoundError, StartError."""
    return [_report(key, place, manifest) for key, place, manifest in _tenants(folder)]


def verify(folder: Path) -> list[str]:
    """Read every byte of segments and log and check it; one line for each damage. Raises NotFoundError, StartError."""
    return [line for _, place, manifest in _tenants(folder) for line in _verify(place, manifest)]


async def compact(folder: Path) -> int:
    """Seal the log and make one segment of all small ones. Returns how many segments are left.

    A running server is asked to do so: then the answer is -1, and it is done when `compact_requested` turns false.
    """
    _tenants(folder)
    if is_locked(folder):
        write_durably(folder / COMPACT_REQUEST, b"")
        return -1
    async with _opened(folder) as store:
        await store.compact_all()
        return int(store.health().figures["segments"])


def compact_requested(folder: Path) -> bool:
    """Whether a running server has still to compact."""
    return (folder / COMPACT_REQUEST).exists() and is_locked(folder)


async def import_files(
    folder: Path,
    files: list[Path],
    *,
    tenant: str = DEFAULT_TENANT,
    told: Callable[[Path, Decoded], None] | None = None,
) -> int:
    """Store the spans of files of OTLP, protobuf or JSON (also a document a line), gzip or not. Returns their number.

    Raises DecodeError that names the file, StartError when the folder is in use.
    """
    count = 0
    async with _opened(folder) as store:
        for file in files:
            for decoded in read_otlp(file):
                await store.write(decoded.batch, tenant=tenant)
                count += len(decoded.batch)
                if told is not None:
                    told(file, decoded)
    return count


def read_otlp(file: Path) -> Iterator[Decoded]:
    """The spans of a file of OTLP. Raises DecodeError that names the file."""
    try:
        data = file.read_bytes()
        if data.startswith(_GZIP_MAGIC):
            data = gzip.decompress(data)
        if not data.lstrip().startswith(b"{"):
            yield codecs.decode("otlp_proto", data)
            return
        for document in _json_documents(data):
            yield codecs.decode("otlp_json", document)
    except DecodeError as error:
        raise DecodeError(f"{file}: {error}") from error
    except (OSError, EOFError) as error:
        raise DecodeError(f"{file}: cannot be read: {error}") from error


def _json_documents(data: bytes) -> list[bytes]:
    lines = [line for line in data.splitlines() if line.strip()]
    by_line = len(lines) > 1 and all(line.startswith(b"{") and line.rstrip().endswith(b"}") for line in lines)
    return lines if by_line else [data]


def _tenants(folder: Path) -> list[tuple[TenantKey, Path, Manifest]]:
    found: list[tuple[TenantKey, Path, Manifest]] = []
    for key, place in stored_tenants(folder) if folder.is_dir() else []:
        manifest = read_manifest(place)
        if manifest is not None:
            found.append((key, place, manifest))
    if not found:
        raise NotFoundError(f"{folder} holds no spans of Lymer")
    return found


def _report(key: TenantKey, place: Path, manifest: Manifest) -> TenantReport:
    files = log_files(place / LOG)
    return TenantReport(
        name=str(key),
        segments=manifest.segments,
        log_files=len(files),
        log_bytes=sum(file.stat().st_size for file in files),
        replay_from=manifest.replay_from,
        deletions_pending=len(manifest.deleted),
    )


def _verify(place: Path, manifest: Manifest) -> Iterator[str]:
    for entry in manifest.segments:
        try:
            segment = Segment.open(str(place / SEGMENTS), entry.name)
            yield from (f"{place / SEGMENTS / entry.name}: {line}" for line in segment.verify())
        except (ValueError, OSError) as error:
            yield f"{place / SEGMENTS / entry.name}: {error}"
    recovery = Recovery(manifest.replay_from - 1)
    undecoded = Damages(strict=False)
    for record in read_log(log_files(place / LOG), log_id=bytes.fromhex(manifest.log_id), recovery=recovery):
        try:
            decode_record(record)
        except (ValueError, DecodeError) as error:
            undecoded.lines.append(f"{place / LOG}: record {record.position}: {error}")
    yield from undecoded.lines
    yield from (str(damage) for damage in recovery.damages)


@asynccontextmanager
async def _opened(folder: Path) -> AsyncIterator[EmbeddedStore]:
    settings: dict[str, Any] = {"background": True, "compaction": {"enabled": False}}
    store = EmbeddedStore.from_config(settings, data_dir=folder, clock=SystemClock())
    await store.start()
    try:
        yield store
    finally:
        await store.close()
