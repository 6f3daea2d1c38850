"""What was said in Jaeger's words, on the command line or in the environment, as settings and remarks.

A flag of another role in the environment says nothing and is not remarked on: one environment often serves all roles.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lymer.app.jaeger_flags import MEANT, Family, JaegerFlag
from lymer.app.jaeger_flags_unused import UNUSED
from lymer.app.jaeger_values import boolean, is_boolean, storage_type
from lymer.app.roles import Role
from lymer.component.config import set_path
from lymer.component.errors import ConfigError

FLAGS: Final[Mapping[str, JaegerFlag]] = {flag.name: flag for flag in (*MEANT, *UNUSED)}
"""All of them, by name."""

_BY_VARIABLE: Final = {flag.variable: flag for flag in FLAGS.values()}
_FAMILIES: Final[Mapping[str, Family]] = {"badger": "badger", "memory": "memory", "grpc": "grpc"}


@dataclass(frozen=True, slots=True)
class Given:
    """A flag, what was said, and where."""

    flag: JaegerFlag
    text: str
    source: str


def from_environment(environment: Mapping[str, str], role: Role) -> list[Given]:
    """Flags of this role that the environment has a value for, in the order of the table."""
    return [
        Given(flag, environment[variable], variable)
        for variable, flag in _BY_VARIABLE.items()
        if role.name in flag.roles and environment.get(variable)
    ]


def from_arguments(arguments: Sequence[str], role: Role, *, options: Iterable[str]) -> list[Given]:
    """Flags from a command line: `--name=value`, `--name value`, and a switch alone.

    Raises ConfigError for what this role does not know; `options` are our own, for the nearest name.
    """
    found: dict[str, Given] = {}
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        name, equals, text = argument.removeprefix("--").partition("=")
        flag = FLAGS.get(name)
        if not argument.startswith("--") or flag is None or flag.variable_only or role.name not in flag.roles:
            raise ConfigError(_unknown(argument, flag, role, options))
        if not equals:
            text = _value(flag, rest)
        if flag.name in found:
            text = f"{found[flag.name].text}\n{text}"  # Headers may be given one by one.
        found[flag.name] = Given(flag, text, f"--{name}")
    return [given for given in found.values() if given.text]


def settings_of(given: Given) -> dict[str, Any]:
    """The settings that it makes. Raises ConfigError."""
    settings: dict[str, Any] = {}
    try:
        for key in given.flag.keys:
            for path, value in given.flag.read(key, given.text).items():
                set_path(settings, path, value)
    except ValueError as error:
        raise ConfigError(f"{given.source}: {error}") from error
    return settings


def family_of(given: Iterable[Given], store_type: object, source: str | None) -> Family:
    """Which storage flags say something: those of the type that was chosen, in Jaeger's words or in ours."""
    for item in given:
        if item.flag.read is storage_type and item.source == source:
            return _FAMILIES.get(item.text, "")
    return "grpc" if store_type in ("grpc", "jaeger_grpc") else ""


def remark_on(given: Given, family: Family) -> str | None:
    """What to tell of a flag that does nothing here. Raises ConfigError for one that must not be ignored."""
    flag = given.flag
    if flag.refused and _is_on(given):
        raise ConfigError(f"{given.source}: {flag.reason}; start without it when that is meant")
    if flag.refused:
        return None
    if not flag.keys:
        return f"{given.source} says nothing here: {flag.reason}"
    if flag.family and flag.family != family:
        return f"{given.source} says nothing here: the store is not {flag.family} (SPAN_STORAGE_TYPE)"
    return None


def _value(flag: JaegerFlag, rest: list[str]) -> str:
    """The value of a flag that came without `=`: the next argument; a switch may stand alone."""
    if rest and not rest[0].startswith("--") and (not flag.is_switch or is_boolean(rest[0])):
        return rest.pop(0)
    if flag.is_switch or not flag.keys:
        return "true"
    raise ConfigError(f"--{flag.name}: needs a value")


def _is_on(given: Given) -> bool:
    try:
        return boolean(given.text)
    except ValueError as error:
        raise ConfigError(f"{given.source}: {error}") from error


def _unknown(argument: str, flag: JaegerFlag | None, role: Role, options: Iterable[str]) -> str:
    name = argument.partition("=")[0]
    if flag is not None and flag.variable_only:
        return f"{name}: is a variable: {flag.variable}"
    if flag is not None:
        return f"{name}: says nothing to {role.name}; it is for {', '.join(sorted(flag.roles))}"
    if not argument.startswith("--"):
        return f"{argument}: is not an option"
    known = [f"--{item.name}" for item in FLAGS.values() if role.name in item.roles and not item.variable_only]
    close = difflib.get_close_matches(name, [*options, *known], n=1)
    return f"{name}: no such option; " + (f"did you mean {close[0]}?" if close else "--help lists ours")
