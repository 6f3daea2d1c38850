"""Finding plugins by kind and name, over entry points, loaded only when asked for.

A kind is an entry point group `lymer.<kind>`, e.g. `lymer.stores`. Core code never names a plugin's module.
In a source tree that was not installed the groups are read from its pyproject.toml.
"""

from __future__ import annotations

import functools
import tomllib
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution, entry_points
from pathlib import Path
from typing import Any

from lymer.component.errors import ConfigError


def find(kind: str, name: str) -> Any:
    """What the plugin's entry point points to. Raises ConfigError with the known names, or when it does not load."""
    known = _entry_points(f"lymer.{kind}")
    if name not in known:
        raise ConfigError(f"{kind}: there is no {name!r}; there are: {', '.join(sorted(known)) or 'none'}")
    try:
        return known[name].load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"{kind}: {name!r} is there but does not load: {error}") from error


def names(kind: str) -> list[str]:
    """The names of all plugins of a kind, sorted."""
    return sorted(_entry_points(f"lymer.{kind}"))


@functools.cache
def _entry_points(group: str) -> dict[str, EntryPoint]:
    found = {} if _installed() else _source_tree_entry_points(group)
    return found | {point.name: point for point in entry_points(group=group)}


def _installed() -> bool:
    try:
        distribution("lymer")
    except PackageNotFoundError:
        return False
    return True


def _source_tree_entry_points(group: str) -> dict[str, EntryPoint]:
    project = Path(__file__).parents[3] / "pyproject.toml"
    if not project.is_file():
        return {}
    declared = tomllib.loads(project.read_text())["project"].get("entry-points", {}).get(group, {})
    return {name: EntryPoint(name=name, value=value, group=group) for name, value in declared.items()}
