"""Plugins are found by kind and name."""

from __future__ import annotations

import pytest

from lymer.component import registry
from lymer.component.errors import ConfigError


def test_a_plugin_is_found_by_its_name() -> None:
    assert registry.find("stores", "memory").__name__ == "MemoryStore"


def test_known_names_are_listed() -> None:
    assert {"embedded", "memory"} <= set(registry.names("stores"))


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"stores: there is no 'nope'; there are: embedded, .*memory"):
        registry.find("stores", "nope")


def test_an_unknown_kind_has_no_names() -> None:
    assert registry.names("nothings") == []
    with pytest.raises(ConfigError, match="there are: none"):
        registry.find("nothings", "a")


def test_a_plugin_that_does_not_load_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = registry.EntryPoint(name="broken", value="lymer.no_such_module:Thing", group="lymer.stores")
    monkeypatch.setattr(registry, "_entry_points", lambda group: {"broken": broken})
    with pytest.raises(ConfigError, match="'broken' is there but does not load: No module named"):
        registry.find("stores", "broken")
