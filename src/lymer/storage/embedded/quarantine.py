"""Spans that cannot be sealed: which traces they are, and where they are kept, so that they hold up nothing else.

A file of quarantine is an Arrow IPC stream of whole traces, in the store's own schema, with the error in its metadata:
`pyarrow.ipc.open_stream` reads it. Nothing reads it back by itself: what could not be sealed would fail again. Who
deletes a trace deletes it here too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from lymer._native import View
from lymer.component.errors import UnavailableError
from lymer.storage.embedded.durable import HALF_WRITTEN, make_folder, remove, sync_folder
from lymer.storage.embedded.pieces import found_traces, ids_of, write_view

QUARANTINE = "quarantine"
TRIES_MAX = 3
"""Failures of one seal before its spans are looked at."""
_ATTEMPTS_MAX = 64
"""How often it is tried with a part of the traces."""
_TRACES_AT_ONCE = 256


def is_of_the_disk(error: BaseException) -> bool:
    """Whether it may pass: the file system said no. All others come from the spans, and would come again."""
    return isinstance(error, OSError) or "(os error " in str(error)


def find_unsealable(view: View, folder: Path, new_segment: Callable[[], AbstractContextManager[str]]) -> list[bytes]:
    """The traces at fault when the view cannot be sealed, found by trying. Raises ValueError for what the disk says."""
    ids = ids_of(view)

    def fails(part: Sequence[bytes]) -> bool:
        with new_segment() as name:
            try:
                write_view(view, frozenset(ids) - frozenset(part), folder, name)
            except ValueError as error:
                if is_of_the_disk(error):
                    raise
                return True
        return False

    return search_failing(ids, fails)


def search_failing(trace_ids: Sequence[bytes], fails: Callable[[Sequence[bytes]], bool]) -> list[bytes]:
    """Those that fail by themselves; when there are many, some sound ones among them."""
    attempts = 0

    def search(ids: Sequence[bytes]) -> list[bytes]:
        nonlocal attempts
        attempts += 1
        if attempts > _ATTEMPTS_MAX:
            return list(ids)
        if not fails(ids):
            return []
        if len(ids) == 1:
            return list(ids)
        middle = len(ids) // 2
        return search(ids[:middle]) + search(ids[middle:])

    return search(trace_ids)


def set_aside(folder: Path, name: str, view: View, trace_ids: Sequence[bytes], *, error: BaseException) -> Path:
    """Keep these traces in a file, durably. Raises OSError, or ValueError when they cannot even be read."""
    make_folder(folder / QUARANTINE)
    path = folder / QUARANTINE / f"{name}.arrow"
    metadata = {"error": repr(error)}
    _write(path, (batch.replace_schema_metadata(metadata) for batch in _batches(view, trace_ids)))
    return path


def holds(folder: Path, trace_id: bytes) -> bool:
    """Whether a trace was set aside here. Raises UnavailableError when a file cannot be read."""
    return any(pc.any(_are_of(batch, [trace_id])).as_py() for path in _files(folder) for batch in _read(path))


def forget(folder: Path, trace_ids: Collection[bytes]) -> None:
    """Take these traces out of every file, durably; a file without others goes. Not while one is being set aside.

    Raises UnavailableError when a file cannot be read: then it may still hold them, and all that it holds is kept.
    """
    for path in (folder / QUARANTINE).glob(f"*{HALF_WRITTEN}"):
        remove(path)  # Nobody has finished it: the log has what it holds.
    for path in _files(folder):
        if any(pc.any(_are_of(batch, trace_ids)).as_py() for batch in _read(path)):
            kept = (batch.filter(pc.invert(_are_of(batch, trace_ids))) for batch in _read(path))
            _write(path, (batch for batch in kept if len(batch)))


def _files(folder: Path) -> list[Path]:
    return sorted((folder / QUARANTINE).glob("*.arrow"))


def _are_of(batch: pa.RecordBatch, trace_ids: Collection[bytes]) -> pa.BooleanArray:
    column = batch.column("trace_id")
    return pc.is_in(column, value_set=pa.array(list(trace_ids), type=column.type))


def _read(path: Path) -> Iterator[pa.RecordBatch]:
    try:
        with path.open("rb") as file, pa.ipc.open_stream(file) as reader:
            yield from reader
    except (OSError, pa.ArrowInvalid) as error:
        raise UnavailableError(f"{path} cannot be read: {error}; move it out of the data folder") from error


def _write(path: Path, batches: Iterable[pa.RecordBatch]) -> None:
    """Replace the file, durably; without batches it goes."""
    beside = path.with_name(path.name + HALF_WRITTEN)
    writer = None
    with beside.open("wb") as file:
        for batch in batches:
            writer = writer or pa.ipc.new_stream(file, batch.schema)
            writer.write_batch(batch)
        if writer is not None:
            writer.close()
        file.flush()
        os.fsync(file.fileno())
    if writer is not None:
        beside.replace(path)
    else:
        remove(beside)
        remove(path)
    sync_folder(path.parent)


def _batches(view: View, trace_ids: Sequence[bytes]) -> Iterator[pa.RecordBatch]:
    numbers = [number for _, number in found_traces(view, b"".join(trace_ids))]
    for first in range(0, len(numbers), _TRACES_AT_ONCE):
        yield pa.record_batch(view.read(numbers[first : first + _TRACES_AT_ONCE]))
