"""Configuration: sources, units, errors that name the key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from lymer.component.config import (
    ByteSize,
    Config,
    Duration,
    MergedSettings,
    parse_bytes,
    parse_duration,
    read_config,
    read_yaml,
    set_path,
)
from lymer.component.errors import ConfigError


class Inner(Config):
    port: int = 1
    size: ByteSize = ByteSize(5)


class Outer(Config):
    inner: Inner = Inner()
    keep: Duration | None = None
    where: Path = Path()
    on: bool = False


@dataclass(frozen=True)
class Flat:
    seconds: float = 1.0


def test_what_is_not_said_has_its_default() -> None:
    assert read_config(Outer, {}) == Outer()


def test_texts_from_the_environment_become_what_the_setting_is() -> None:
    settings = {"inner": {"port": "12", "size": "512MB"}, "keep": "7d", "where": "/tmp", "on": "true"}
    assert read_config(Outer, settings) == Outer(
        inner=Inner(port=12, size=ByteSize(512_000_000)), keep=Duration(604800), where=Path("/tmp"), on=True
    )


def test_a_configuration_is_frozen() -> None:
    with pytest.raises(AttributeError):
        read_config(Outer, {}).on = True  # type: ignore[misc]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"inner": {"prt": 1}}, "inner.prt: unknown key; did you mean port?"),
        ({"colour": 1}, "colour: unknown key; known are: inner, keep, where, on"),
        ({"inner": {"port": "x"}}, "inner.port: expected `int`, got `str`"),
        ({"inner": {"size": "-1"}}, "inner.size: not a size: '-1'; write for example 512MiB"),
        ({"keep": "soon"}, "keep: not a duration: 'soon'; write for example 30s, 72h or 7d"),
        ({"keep": -3}, "keep: must be a number with or without a unit, not negative: -3"),
        ({"inner": 3}, "inner: expected `object`, got `int`"),
    ],
)
def test_an_error_begins_with_the_path_of_the_key(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read_config(Outer, settings)
    assert str(raised.value) == message


def test_a_section_read_alone_still_names_the_whole_path() -> None:
    with pytest.raises(ConfigError, match=r"^receivers\.one\.prt: unknown key"):
        read_config(Inner, {"prt": 1}, path="receivers.one")


def test_dataclasses_refuse_unknown_keys_too() -> None:
    assert read_config(Flat, {"seconds": "2.5"}) == Flat(2.5)
    with pytest.raises(ConfigError, match=r"query\.secnds: unknown key; did you mean seconds\?"):
        read_config(Flat, {"secnds": 1}, path="query")


def test_later_sources_win_and_are_named_in_errors() -> None:
    merged = MergedSettings().over({"inner": {"port": 1, "size": 2}}, source="a.yaml")
    merged = merged.over({"inner": {"port": "many"}}, source="LYMER_PORT")
    assert merged.values == {"inner": {"port": "many", "size": 2}}
    with pytest.raises(ConfigError, match=r"\(from LYMER_PORT\)$"):
        read_config(Outer, merged.values, sources=merged.sources)


def test_merging_leaves_the_earlier_settings_alone() -> None:
    first = MergedSettings().over({"inner": {"port": 1}}, source="a")
    first.over({"inner": {"port": 2}}, source="b")
    assert first.values == {"inner": {"port": 1}}


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("12", 12), ("1KiB", 1024), ("1k", 1024), ("1.5MiB", 3 << 19), ("2GB", 2_000_000_000), ("3 B", 3)],
)
def test_sizes_have_units(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize(
    ("text", "seconds"), [("30", 30), ("250ms", 0.25), ("1.5h", 5400), ("7d", 604800), ("2w", 1209600)]
)
def test_durations_have_units(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "x", "1XB", "-1", "1e3", "nan", "MiB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        parse_bytes(text)


def test_yaml_takes_variables_and_their_defaults(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: ${env:A}\nb: {c: ['x${env:B:-y}z', 3]}\n")
    assert read_yaml(file, {"A": "1"}) == {"a": "1", "b": {"c": ["xyz", 3]}}


def test_a_missing_variable_is_named_with_its_key(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: {b: '${env:NOPE}'}\n")
    with pytest.raises(ConfigError, match=r"^a\.b: the environment has no NOPE"):
        read_yaml(file, {})


@pytest.mark.parametrize(("text", "message"), [("a: [", "is not YAML"), ("- a", "must hold keys and values")])
def test_a_file_that_is_no_configuration_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=f"{file}: {message}"):
        read_yaml(file, {})


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_yaml(tmp_path / "none.yaml", {})


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("# only a comment\n")
    assert read_yaml(file, {}) == {}


def test_paths_make_what_is_between() -> None:
    settings: dict[str, object] = {}
    set_path(settings, "a.b.c", 1)
    set_path(settings, "a.d", 2)
    assert settings == {"a": {"b": {"c": 1}, "d": 2}}
