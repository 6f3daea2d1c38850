"""One resolver: code, dict, file, LYMER_*, JAEGER_*, OTEL_*, defaults, in this order. Each value has its source.

A wrong value in code, dict or file stops the start with its key. A wrong one in the environment is said and not used: a
variable that somebody set for another program must not take the application down.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from lymer_sdk.configuration import parse
from lymer_sdk.configuration.declarative import read_file
from lymer_sdk.configuration.jaeger_dict import from_jaeger, looks_like_jaegers
from lymer_sdk.configuration.keys import KEYS, Key

_log = logging.getLogger(__name__)


class Setting(NamedTuple):
    """A value and its source: `code`, `dict`, a file's path, a variable's name, or `default`."""

    value: Any
    source: str


class Settings:
    """The resolved values by key: `settings["interval_s"]`."""

    def __init__(self, settings: Mapping[str, Setting]) -> None:
        self._settings = dict(settings)

    def __getitem__(self, key: str) -> Any:
        return self._settings[key].value

    def source(self, key: str) -> str:
        """Where the value is from."""
        return self._settings[key].source

    def given(self, key: str) -> bool:
        """Whether anybody set it."""
        return self._settings[key].source != "default"

    def described(self) -> Iterator[str]:
        """A line for each key; what is secret is not shown."""
        for key, setting in sorted(self._settings.items()):
            secret = setting.value and key in ("password", "headers")
            yield f"{key} = {'***' if secret else setting.value!r} ({setting.source})"


def resolve(
    code: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """The settings. `config` is a dict of our keys or of jaeger-client's. Raises ValueError that names the key."""
    from_dict = from_jaeger(config) if config and looks_like_jaegers(config) else dict(config or {})
    path = _resolve_one("config_file", KEYS["config_file"], (("code", code or {}), ("dict", from_dict)), environment)
    from_file = read_file(path.value, environment) if path.value else {}
    given_by = (("code", code or {}), ("dict", from_dict), (path.value, from_file))
    for _, given in given_by:
        if unknown := sorted(set(given) - set(KEYS)):
            raise ValueError(f"no setting {unknown[0]!r}: there are {', '.join(KEYS)}")
    settings = {name: _resolve_one(name, key, given_by, environment) for name, key in KEYS.items()}
    _expand_tags(settings, environment)
    _follow(settings)
    return Settings(settings)


def _resolve_one(
    name: str, key: Key, given_by: Iterable[tuple[str, Mapping[str, Any]]], environment: Mapping[str, str]
) -> Setting:
    for source, given in given_by:
        if given.get(name) is not None:
            try:
                return Setting(key.read(given[name]), source)
            except (ValueError, TypeError) as error:
                raise ValueError(f"{name} ({source}): {error}") from error
    for variable, read in ((f"LYMER_{name.upper()}", key.read), *key.variables):
        found = environment.get(variable, "").strip()
        if not found:
            continue
        try:
            return Setting(read(found), variable)
        except (ValueError, TypeError) as error:
            _log.warning("%s is not used: %s", variable, error)
    return Setting(key.default, "default")


def _expand_tags(settings: dict[str, Setting], environment: Mapping[str, str]) -> None:
    """JAEGER_TAGS may refer to other variables."""
    tags, source = settings["tags"]
    if source == "JAEGER_TAGS":
        settings["tags"] = Setting({key: parse.referred(value, environment) for key, value in tags.items()}, source)


def _follow(settings: dict[str, Setting]) -> None:
    """A variable that says where spans go says how, too: JAEGER_ENDPOINT is Thrift, JAEGER_AGENT_HOST is UDP."""
    if settings["reporter"].source != "default":
        return
    for key, reporter in (("thrift_endpoint", "thrift"), ("agent_host", "udp"), ("agent_port", "udp")):
        if settings[key].source != "default" and settings["endpoint"].source == "default":
            settings["reporter"] = Setting((reporter,), settings[key].source)
            return
    if settings["zipkin_endpoint"].source != "default" and settings["endpoint"].source == "default":
        settings["reporter"] = Setting(("zipkin",), settings["zipkin_endpoint"].source)
