"""Lymer: a distributed tracing system.

`lymer.open(path)` reads the spans of a data folder as Arrow tables, also while a server writes to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lymer.storage.embedded.library import open_folder as open  # noqa: A004  `lymer.open` reads like `zipfile`'s.

__all__ = ["open"]


def __getattr__(name: str) -> Any:
    # Found when asked for: importing Lymer must stay quick.
    if name != "open":
        raise AttributeError(f"module 'lymer' has no attribute {name!r}")
    from lymer.storage.embedded.library import open_folder

    return open_folder
