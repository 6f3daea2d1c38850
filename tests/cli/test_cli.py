"""What a person types."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from lymer.app.roles import ROLES
from lymer.cli import main
from lymer.component.version import VERSION

SCREEN_LINES = 40
SCREEN_COLUMNS = 100


@pytest.mark.parametrize("role", ["", *ROLES])
def test_help_fits_a_screen_and_has_examples(capsys: pytest.CaptureFixture[str], role: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*role.split(), "--help"])
    text = capsys.readouterr().out
    assert ended.value.code == 0
    assert len(text.splitlines()) <= SCREEN_LINES
    assert max(map(len, text.splitlines())) <= SCREEN_COLUMNS
    assert "examples:" in text


def test_version_is_that_of_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert main(["version"]) == 0
    assert capsys.readouterr().out == f"lymer {project['version']}\n"
    assert project["version"] == VERSION


def test_an_unknown_command_is_answered_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dmeo"]) == 2
    assert capsys.readouterr().err == (
        "lymer: dmeo: no such command; there are: agent, all-in-one, check-config, collector, config, demo, query, "
        "remote-storage, store, version\n"
    )


def test_an_unknown_option_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--datadir", "x"]) == 2
    assert capsys.readouterr().err == "lymer: --datadir: no such option; did you mean --data-dir?\n"


def test_check_config_says_when_all_is_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("store: {type: memory}\n")
    assert main(["check-config", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}: good\n"


def test_check_config_names_the_bad_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("store: {type: memory}\nreceivers: {otlp_http: {body_bytes_max: many}}\n")
    assert main(["check-config", str(file)]) == 2
    error = capsys.readouterr().err
    assert error == (
        f"lymer: receivers.otlp_http.body_bytes_max: not a size: 'many'; write for example 512MiB (from {file})\n"
    )


def test_explain_says_every_value_and_where_it_comes_from(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLLECTOR_ZIPKIN_HOST_PORT", ":9412")
    arguments = ["collector", "--retention", "72h", "--collector.queue-size", "9", "--span-storage.type=badger"]
    assert main(["config", "explain", *arguments]) == 0
    out, err = capsys.readouterr()
    lines = {line.split()[0]: line.split(maxsplit=2)[1:] for line in out.splitlines()}
    assert lines["retention"] == ["3d", "the command line"]
    assert lines["store.retention.age"] == ["3d", "retention"]
    assert lines["receivers.zipkin.port"] == ["9412", "COLLECTOR_ZIPKIN_HOST_PORT"]
    assert lines["receivers.zipkin.body_bytes_max"] == ["20MiB", "default"]
    assert lines["admin.port"] == ["14269", "lymer collector"]
    assert lines["ephemeral"] == ["true", "--span-storage.type"]
    assert lines["store.log.group_bytes_max"] == ["1MiB", "default"]
    assert "api.port" not in lines
    assert err.startswith("lymer: --collector.queue-size says nothing here: ")


def test_explain_refuses_what_a_start_would_refuse(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "explain", "--collector.queue-siz=9"]) == 2
    assert "did you mean --collector.queue-size?" in capsys.readouterr().err


def test_the_page_of_jaegers_flags_is_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "jaeger"]) == 0
    page = Path(__file__).parents[2] / "docs" / "operating" / "configuration.md"
    assert capsys.readouterr().out in page.read_text(encoding="utf-8")
