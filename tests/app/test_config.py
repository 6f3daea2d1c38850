"""What can be set, and from where."""

from __future__ import annotations

from pathlib import Path

import pytest

from lymer.app.config import AppConfig, merge_settings, read_app_config
from lymer.app.roles import COLLECTOR
from lymer.component.config import MergedSettings
from lymer.component.errors import ConfigError


def merged(
    *, file: Path | None = None, environment: dict[str, str] | None = None, flags: dict[str, object] | None = None
) -> MergedSettings:
    return merge_settings(file=file, environment=environment or {}, flags=flags or {})


def configuration(
    *, file: Path | None = None, environment: dict[str, str] | None = None, flags: dict[str, object] | None = None
) -> AppConfig:
    return read_app_config(merged(file=file, environment=environment, flags=flags))


def test_without_any_setting_it_is_local_and_embedded() -> None:
    config = configuration()
    assert (config.host, config.port_offset, config.data_dir) == ("127.0.0.1", 0, Path("lymer-data"))
    assert config.store == {"type": "embedded"}
    assert not config.ephemeral


def test_the_all_in_one_samples_everything_and_a_collector_what_jaegers_does() -> None:
    assert configuration().sampling.default_ratio == 1
    settings = merge_settings(file=None, environment={}, flags={}, role=COLLECTOR)
    assert read_app_config(settings).sampling.default_ratio == 0.001


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("host: file\nport_offset: 1\nretention: 1h\n")
    config = configuration(
        file=file, environment={"LYMER_PORT_OFFSET": "2", "LYMER_RETENTION": "2h"}, flags={"retention": "3h"}
    )
    assert (config.host, config.port_offset, config.retention) == ("file", 2, 3 * 3600)


def test_our_variables_win_over_jaegers() -> None:
    settings = merged(environment={"LYMER_STORAGE": "memory", "SPAN_STORAGE_TYPE": "grpc"})
    assert settings.values["store"]["type"] == "memory"
    assert settings.sources["store.type"] == "LYMER_STORAGE"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"LYMER_PORT_OFFSET": "-1"}, "port_offset: must be from 0 to 48000, not -1"),
        ({"LYMER_PORT_OFFSET": "x"}, r"port_offset: expected `int`, got `str` \(from LYMER_PORT_OFFSET\)"),
        ({"LYMER_MEMORY_LIMIT": "10MiB"}, "memory_limit: must be at least 256MiB"),
        ({"LYMER_LOG_FORMAT": "xml"}, r"logs.format: .* \(from LYMER_LOG_FORMAT\)"),
        ({"SAMPLING_CONFIG_TYPE": "adaptive"}, r"sampling.type: .*adaptive.* \(from SAMPLING_CONFIG_TYPE\)"),
        ({"SAMPLING_DEFAULT_SAMPLING_PROBABILITY": "2"}, "sampling.default_ratio: must be from 0 to 1, not 2"),
    ],
)
def test_a_bad_value_names_its_key_and_its_source(environment: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        configuration(environment=environment)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("LYMER_DATADIR", "did you mean LYMER_DATA_DIR?"), ("LYMER_QWXQWXQWXQWX", "there are: LYMER_HOST, ")],
)
def test_a_variable_that_looks_like_ours_and_is_not_is_told(name: str, hint: str) -> None:
    with pytest.raises(ConfigError) as raised:
        configuration(environment={name: "x"})
    assert str(raised.value).startswith(f"{name}: no such variable; {hint}")


@pytest.mark.parametrize(
    "name",
    [
        "LYMER_PORT",
        "LYMER_PORT_4317_TCP",
        "LYMER_PORT_6831_UDP_ADDR",
        "LYMER_SERVICE_HOST",
        "LYMER_SERVICE_PORT_OTLP_GRPC",
        "LYMER_COLLECTOR_SERVICE_PORT",
        "LYMER_COLLECTOR_PORT_4317_TCP_PROTO",
        "LYMER_KEEP_ERRORS",
        "LYMER_E2E_CACHE",
    ],
)
def test_what_kubernetes_and_our_clients_set_is_no_mistake(name: str) -> None:
    configuration(environment={name: "tcp://10.0.0.1:4317"})
