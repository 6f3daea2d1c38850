"""Which traces of a segment lie in other views too, on disk: `<segment>.split`, all ids and a checksum.

Too many ids only cost time; too few would count a trace twice. So the file is written before the manifest names the
segment that made it necessary, and a damaged one is an error that names it.
"""

from __future__ import annotations

import struct
from pathlib import Path

from lymer._native import checksum
from lymer.storage.embedded.durable import remove, write_durably

ENDING = ".split"
_SUM = struct.Struct("<Q")


def write_split(folder: Path, segment: str, ids: set[bytes]) -> None:
    """Replace the segment's split traces."""
    path = folder / f"{segment}{ENDING}"
    if not ids:
        remove(path)
        return
    body = b"".join(sorted(ids))
    write_durably(path, body + _SUM.pack(checksum(body)))


def read_split(folder: Path, segment: str) -> set[bytes]:
    """The segment's split traces. Raises ValueError when the file is damaged."""
    path = folder / f"{segment}{ENDING}"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return set()
    body = data[: -_SUM.size]
    if len(body) % 16 or data[-_SUM.size :] != _SUM.pack(checksum(body)):
        raise ValueError(f"{path} is damaged")
    return {body[start : start + 16] for start in range(0, len(body), 16)}
