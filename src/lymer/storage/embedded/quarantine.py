"""Spans that cannot be sealed: which traces they are, and where they are kept, so that they hold up nothing else.

A file of quarantine is an Arrow IPC stream of whole traces, in the store's own schema, with the error in its metadata:
`pyarrow.ipc.open_stream` reads it. Nothing reads it back by itself: what could not be sealed would fail again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pyarrow as pa

from lymer._native import View
from lymer.storage.embedded.durable import make_folder, sync_folder
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
    with path.open("wb") as file:
        for number, batch in enumerate(_batches(view, trace_ids)):
            schema = batch.schema.with_metadata({"error": repr(error)})
            if not number:
                writer = pa.ipc.new_stream(file, schema)
            writer.write_batch(pa.record_batch(batch.columns, schema=schema))
        writer.close()
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)
    return path


def _batches(view: View, trace_ids: Sequence[bytes]) -> Iterator[pa.RecordBatch]:
    numbers = [number for _, number in found_traces(view, b"".join(trace_ids))]
    for first in range(0, len(numbers), _TRACES_AT_ONCE):
        yield pa.record_batch(view.read(numbers[first : first + _TRACES_AT_ONCE]))
