"""The folder of a process's data: the configured one, or a temporary one that goes when the process ends."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from lymer.app.config import AppConfig
from lymer.component.errors import StartError


@contextlib.contextmanager
def data_folder(config: AppConfig) -> Iterator[Path]:
    """Where this process keeps its data. A process that is killed leaves its temporary folder behind.

    Raises StartError when no temporary folder can be made.
    """
    if not config.ephemeral:
        yield config.data_dir
        return
    try:
        folder = Path(tempfile.mkdtemp(prefix="lymer-"))
    except OSError as error:
        raise StartError(f"ephemeral: no temporary folder can be made: {error.strerror}; set TMPDIR") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
