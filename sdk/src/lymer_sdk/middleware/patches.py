"""Patches: methods of a library's classes replaced once, and put back."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


class Patches:
    """What one module has replaced. To put a patch twice changes nothing."""

    def __init__(self) -> None:
        self._originals: dict[tuple[Any, str], Any] = {}

    def put(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Replace `owner.name` by what `make` makes of it."""
        if (owner, name) in self._originals:
            return
        original = getattr(owner, name)
        self._originals[owner, name] = original
        setattr(owner, name, functools.wraps(original)(make(original)))

    def remove(self) -> None:
        """Put everything back."""
        for (owner, name), original in self._originals.items():
            setattr(owner, name, original)
        self._originals.clear()
