"""The composition: every setting is checked before anything is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lymer.app.budgets import PROCESS_BYTES, divide
from lymer.app.composition import Composition, check
from lymer.app.config import MEMORY_LIMIT_MIN, merge_settings, read_app_config
from lymer.app.roles import ALL_IN_ONE
from lymer.component.clock import ManualClock
from lymer.component.errors import ConfigError
from lymer.component.events import Events


def composed(tmp_path: Path, **settings: Any) -> Composition:
    merged = merge_settings(
        file=None, environment={}, flags={"store": {"type": "memory"}, "data_dir": tmp_path / "data", **settings}
    )
    clock = ManualClock()
    return Composition(ALL_IN_ONE, read_app_config(merged), merged, events=Events(clock=clock), clock=clock)


def test_making_it_opens_nothing(tmp_path: Path) -> None:
    composed(tmp_path)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"receivers": {"otlp_http": {"prot": 1}}}, "receivers.otlp_http.prot: unknown key; did you mean port?"),
        ({"receivers": {"pigeon": {}}}, "receivers: there is no 'pigeon'; there are: "),
        ({"query": {"time": 1}}, "query.time: unknown key"),
        ({"api": {"port": "x"}}, "api.port: expected `int`, got `str`"),
        ({"api": {"base_paht": "/x"}}, "api.base_paht: unknown key; did you mean base_path?"),
        ({"retention": "3d"}, "store: 'memory' knows no memory limit and no retention"),
    ],
)
def test_a_bad_setting_of_a_part_is_told_with_its_path(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        composed(tmp_path, **settings)
    assert str(raised.value).startswith(message)


def test_a_receiver_can_be_off(tmp_path: Path) -> None:
    app = composed(tmp_path, receivers={"otlp_grpc": {"enabled": False}})
    assert app.address_of("otlp_grpc") is None
    assert app.address_of("otlp_http") is not None


def test_a_type_can_listen_twice_under_two_labels(tmp_path: Path) -> None:
    app = composed(tmp_path, receivers={"otlp_http/second": {"port": 5318}})
    assert [endpoint.address for endpoint in app.endpoints if endpoint.name == "otlp_http"] == [
        "http://127.0.0.1:4318/v1/traces",
        "http://127.0.0.1:5318/v1/traces",
    ]


def test_the_shipped_configuration_is_good() -> None:
    file = Path(__file__).parents[2] / "deploy" / "all-in-one.yaml"
    merged = merge_settings(file=file, environment={}, flags={})
    check(read_app_config(merged), merged)


@pytest.mark.parametrize("limit", [MEMORY_LIMIT_MIN, 512 << 20, 8 << 30])
def test_the_parts_of_a_memory_limit_fit_into_it(limit: int) -> None:
    budgets = divide(limit)
    assert budgets.store_bytes is not None
    assert budgets.query_bytes is not None
    assert PROCESS_BYTES + budgets.store_bytes + budgets.query_bytes + 3 * budgets.in_flight_bytes <= limit
    assert budgets.in_flight_bytes > 4 << 20
