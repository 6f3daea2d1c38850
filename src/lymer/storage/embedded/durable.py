"""How a file becomes durable: written beside, synced, renamed, and the folder synced too."""

from __future__ import annotations

import os
from pathlib import Path

HALF_WRITTEN = ".tmp"
"""Ending of files that nobody has finished; they are removed at the start."""


def write_durably(path: Path, data: bytes) -> None:
    """Replace the file at once: afterwards it is the new one, whole, whatever happens; on an error the old one."""
    beside = path.with_name(path.name + HALF_WRITTEN)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    beside.replace(path)
    sync_folder(path.parent)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync_folder(folder: Path) -> None:
    """Make creations, renames and removals in the folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Create the folder and what is above it, durably."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def remove(path: Path) -> bool:
    """Remove a file if it is there."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True
