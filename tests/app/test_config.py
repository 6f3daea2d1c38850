"""What can be set, and from where."""

from __future__ import annotations

from pathlib import Path

import pytest

from lymer.app.config import AppConfig, merge_settings, read_app_config
from lymer.component.errors import ConfigError


def configuration(
    *, file: Path | None = None, environment: dict[str, str] | None = None, flags: dict[str, object] | None = None
) -> AppConfig:
    return read_app_config(merge_settings(file=file, environment=environment or {}, flags=flags or {}))


def test_without_any_setting_it_is_local_and_embedded() -> None:
    config = configuration()
    assert (config.host, config.port_offset, config.data_dir) == ("127.0.0.1", 0, Path("lymer-data"))
    assert config.store == {"type": "embedded"}
    assert set(config.receivers) == {"otlp_grpc", "otlp_http"}


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("host: file\nport_offset: 1\nretention: 1h\n")
    config = configuration(
        file=file, environment={"LYMER_PORT_OFFSET": "2", "LYMER_RETENTION": "2h"}, flags={"retention": "3h"}
    )
    assert (config.host, config.port_offset, config.retention) == ("file", 2, 3 * 3600)


def test_our_variables_win_over_jaegers() -> None:
    config = configuration(environment={"LYMER_STORAGE": "embedded", "SPAN_STORAGE_TYPE": "memory"})
    assert config.store["type"] == "embedded"


def test_jaegers_switch_of_otlp_is_understood() -> None:
    config = configuration(environment={"COLLECTOR_OTLP_ENABLED": "false"})
    assert config.receivers == {"otlp_grpc": {"enabled": "false"}, "otlp_http": {"enabled": "false"}}


def test_lists_in_the_environment_have_commas() -> None:
    config = configuration(environment={"COLLECTOR_OTLP_HTTP_CORS_ALLOWED_ORIGINS": "https://a, https://b"})
    http = config.receivers["otlp_http"]
    assert http is not None
    assert http["cors"] == {"allowed_origins": ["https://a", "https://b"]}


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"LYMER_PORT_OFFSET": "-1"}, "port_offset: must be from 0 to 48000, not -1"),
        ({"LYMER_PORT_OFFSET": "x"}, r"port_offset: expected `int`, got `str` \(from LYMER_PORT_OFFSET\)"),
        ({"LYMER_MEMORY_LIMIT": "10MiB"}, "memory_limit: must be at least 256MiB"),
        ({"LYMER_LOG_FORMAT": "xml"}, r"logs.format: .* \(from LYMER_LOG_FORMAT\)"),
    ],
)
def test_a_bad_value_names_its_key_and_its_source(environment: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        configuration(environment=environment)
