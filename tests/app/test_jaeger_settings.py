"""Jaeger's flags and variables: each is taken, passed over with its reason, or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lymer.app import jaeger_values as read
from lymer.app.composition import check
from lymer.app.config import merge_settings, read_app_config
from lymer.app.jaeger_flags import MEANT, JaegerFlag
from lymer.app.jaeger_flags_unused import UNUSED
from lymer.app.jaeger_settings import FLAGS, from_arguments
from lymer.app.jaeger_values import seconds
from lymer.app.roles import ALL_IN_ONE, COLLECTOR, ROLES, Role
from lymer.component.config import MergedSettings
from lymer.component.errors import ConfigError


def merged(
    arguments: list[str] | None = None, *, role: Role = ALL_IN_ONE, flags: Any = None, **environment: str
) -> MergedSettings:
    given = from_arguments(arguments or [], role, options=["--data-dir"])
    return merge_settings(file=None, environment=environment, flags=flags or {}, jaeger_flags=given, role=role)


def value(settings: MergedSettings, path: str) -> Any:
    found: Any = settings.values
    for key in path.split("."):
        found = found[key]
    return found


@pytest.mark.parametrize(
    ("name", "text", "path", "expected"),
    [
        ("collector.otlp.grpc.host-port", "127.0.0.9:5317", "receivers.otlp_grpc", {"host": "127.0.0.9", "port": 5317}),
        ("collector.otlp.http.host-port", ":5318", "receivers.otlp_http", {"host": "0.0.0.0", "port": 5318}),
        ("collector.grpc-server.host-port", "[::1]:1", "receivers.jaeger_grpc", {"host": "::1", "port": 1}),
        ("collector.grpc-server.max-message-size", "4194304", "receivers.jaeger_grpc.message_bytes_max", "4194304"),
        ("collector.zipkin.host-port", ":9411", "receivers.zipkin", {"host": "0.0.0.0", "port": 9411}),
        ("collector.zipkin.http-port", "9412", "receivers.zipkin.port", 9412),
        ("collector.otlp.enabled", "false", "receivers.otlp_http.enabled", False),
        ("collector.otlp.http.cors.allowed-origins", "https://a, https://b", "receivers.otlp_http.cors.allowed_origins",
         ["https://a", "https://b"]),
        ("processor.jaeger-compact.server-host-port", ":7831", "receivers.jaeger_udp_compact.port", 7831),
        ("http-server.host-port", ":6778", "sampling.http", {"host": "0.0.0.0", "port": 6778}),
        ("sampling.strategies-file", "/s.json", "sampling.strategies", "/s.json"),
        ("sampling.strategies-reload-interval", "1m30s", "sampling.reload_interval", 90.0),
        ("query.base-path", "/jaeger", "api.base_path", "/jaeger"),
        ("query.http-server.host-port", "0.0.0.0:80", "api", {"host": "0.0.0.0", "port": 80}),
        ("query.additional-headers", "A: b:c", "api.additional_headers", {"A": "b:c"}),
        ("query.enable-tracing", "true", "self_tracing", True),
        ("admin.http.host-port", ":1", "admin.port", 1),
        ("log-level", "warn", "logs.level", "warning"),
        ("log-encoding", "console", "logs.format", "text"),
    ],
)  # fmt: skip
def test_a_flag_and_its_variable_set_the_same_key(name: str, text: str, path: str, expected: Any) -> None:
    variable = FLAGS[name].variable
    for settings, source in ((merged([f"--{name}", text]), f"--{name}"), (merged(**{variable: text}), variable)):
        assert value(settings, path) == expected
        assert source in settings.sources.values()
        assert settings.remarks == ()
        read_app_config(settings)


def test_a_flag_wins_over_the_variable_and_our_option_over_both() -> None:
    settings = merged(["--query.base-path=/flag"], QUERY_BASE_PATH="/variable")
    assert value(settings, "api.base_path") == "/flag"
    settings = merged(["--query.base-path=/flag"], flags={"api": {"base_path": "/ours"}})
    assert value(settings, "api.base_path") == "/ours"


def test_an_empty_variable_says_nothing() -> None:
    assert "api" not in merged(QUERY_BASE_PATH="").values


def test_headers_may_be_given_one_by_one() -> None:
    settings = merged(["--query.additional-headers=A: 1", "--query.additional-headers", "B: 2"])
    assert value(settings, "api.additional_headers") == {"A": "1", "B": "2"}


def test_a_switch_needs_no_value() -> None:
    settings = merged(["--query.enable-tracing", "--collector.otlp.enabled=false"])
    assert (value(settings, "self_tracing"), value(settings, "receivers.otlp_grpc.enabled")) == (True, False)


def test_a_flag_without_a_meaning_is_passed_over_with_the_reason() -> None:
    settings = merged(["--collector.queue-size", "9", "--es.use-aliases", "--query.base-path=/x"], ES_USERNAME="me")
    assert value(settings, "api.base_path") == "/x"
    assert settings.remarks == (
        "ES_USERNAME says nothing here: this store is not there yet",
        (
            "--collector.queue-size says nothing here: there is no queue to lose spans from: a sender is answered when "
            "its spans are durable"
        ),
        "--es.use-aliases says nothing here: this store is not there yet",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--collector.otlp.grpc.hostport=:1"], "no such option; did you mean --collector.otlp.grpc.host-port?"),
        (["--datadir=x"], "no such option; did you mean --data-dir?"),
        (["--zzzzzzzz"], "no such option; --help lists ours"),
        (["stray"], "stray: is not an option"),
        (["--ingester.parallelism=1"], "says nothing to all-in-one; it is for ingester"),
        (["--sampling-config-type=file"], "is a variable: SAMPLING_CONFIG_TYPE"),
        (["--query.base-path"], "--query.base-path: needs a value"),
        (["--collector.otlp.grpc.host-port=x"], "--collector.otlp.grpc.host-port: must be host:port or :port, not 'x'"),
        (["--collector.otlp.enabled=maybe"], "--collector.otlp.enabled: must be true or false, not 'maybe'"),
        (["--sampling.strategies-reload-interval=5"], "must be a duration such as 30s or 1h30m, not '5'"),
        (["--log-encoding=xml"], "--log-encoding: must be one of json, console, not 'xml'"),
        (["--query.additional-headers=x"], "must be like 'Name: value', not 'x'"),
    ],
)
def test_a_mistake_is_told_with_what_is_near(arguments: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        merged(arguments)
    assert message in str(raised.value)


def test_a_role_knows_its_own_flags_only() -> None:
    with pytest.raises(ConfigError, match="says nothing to collector; it is for all-in-one, query"):
        merged(["--query.base-path=/x"], role=COLLECTOR)
    assert "api" not in merged(role=COLLECTOR, QUERY_BASE_PATH="/x").values


@pytest.mark.parametrize("variable", ["COLLECTOR_OTLP_GRPC_TLS_ENABLED", "MULTI_TENANCY_ENABLED"])
def test_protection_that_is_not_there_stops_the_start(variable: str) -> None:
    with pytest.raises(ConfigError, match=f"{variable}: .*; start without it when that is meant"):
        merged(**{variable: "true"})
    assert merged(**{variable: "false"}).remarks == ()


@pytest.mark.parametrize("kind", ["badger", "memory"])
def test_jaegers_own_stores_are_the_embedded_one_in_a_temporary_folder(kind: str) -> None:
    for settings in (merged(SPAN_STORAGE_TYPE=kind), merged([f"--span-storage.type={kind}"])):
        config = read_app_config(settings)
        assert (config.store["type"], config.ephemeral) == ("embedded", True)


def test_badgers_settings_are_the_embedded_stores() -> None:
    settings = merged(
        ["--badger.span-store-ttl=36h0m0s"],
        SPAN_STORAGE_TYPE="badger",
        BADGER_EPHEMERAL="false",
        BADGER_DIRECTORY_VALUE="/badger/data",
        BADGER_DIRECTORY_KEY="/badger/key",
    )
    config = read_app_config(settings)
    assert (config.ephemeral, str(config.data_dir), config.retention) == (False, "/badger/data", 36 * 3600)
    assert settings.remarks == (
        "BADGER_DIRECTORY_KEY says nothing here: keys and values are in one folder: --data-dir",
    )


def test_badgers_settings_say_nothing_to_another_store() -> None:
    settings = merged(BADGER_EPHEMERAL="true", BADGER_DIRECTORY_VALUE="/badger")
    config = read_app_config(settings)
    assert (config.ephemeral, str(config.data_dir)) == (False, "lymer-data")
    assert "BADGER_EPHEMERAL says nothing here: the store is not badger (SPAN_STORAGE_TYPE)" in settings.remarks


def test_a_store_that_was_chosen_in_our_words_is_not_ephemeral() -> None:
    config = read_app_config(merged(SPAN_STORAGE_TYPE="memory", LYMER_STORAGE="embedded"))
    assert (config.store["type"], config.ephemeral) == ("embedded", False)


def test_the_remote_stores_settings_are_for_the_remote_store() -> None:
    settings = merged(SPAN_STORAGE_TYPE="grpc", GRPC_STORAGE_SERVER="there:1", GRPC_STORAGE_CONNECTION_TIMEOUT="2s")
    assert settings.values["store"] == {"type": "grpc", "server": "there:1", "timeout": 2.0}
    assert merged(role=ROLES["query"], GRPC_STORAGE_SERVER="there:1").values["store"]["server"] == "there:1"
    assert merged(GRPC_STORAGE_SERVER="there:1").values["store"] == {"type": "embedded"}


SAMPLES = {
    read.text: "7",
    read.switch: "true",
    read.host_port: "127.0.0.1:7",
    read.port: "7",
    read.items: "a,b",
    read.headers: "A: b",
    read.tags: "a=b",
    read.duration: "7s",
    read.unless_zero: "65536",
    read.log_level: "warn",
    read.log_format: "json",
    read.storage_type: "badger",
}
PARTICULAR = {
    "query.base-path": "/x",
    "sampling-config-type": "file",
    "sampling.default-sampling-probability": "0.5",
    "grpc-storage.server": "there:7",
    "collector.grpc-server.max-message-size": "65536",
    "collector.otlp.grpc.max-message-size": "65536",
}
FILES = {"query.static-files": "folder/index.html", "query.ui-config": "ui.json", "sampling.strategies-file": "s.json"}


@pytest.mark.parametrize("flag", MEANT, ids=lambda flag: flag.name)
def test_what_a_flag_sets_is_known_to_the_part_that_it_is_for(flag: JaegerFlag, tmp_path: Path) -> None:
    text = PARTICULAR.get(flag.name, SAMPLES[flag.read])
    if flag.name in FILES:
        file = tmp_path / FILES[flag.name]
        file.parent.mkdir(exist_ok=True)
        file.write_text("{}" if file.suffix == ".json" else "<html></html>")
        text = str(file.parent if file.suffix == ".html" else file)
    role = ROLES[next(name for name in ("all-in-one", "agent", "remote-storage") if name in flag.roles)]
    if flag.keys[0].startswith("forward."):
        role = ROLES["agent"]
    storage = {"SPAN_STORAGE_TYPE": flag.family} if flag.family else {}
    settings = merged(role=role, **storage | {flag.variable: text})
    check(read_app_config(settings), settings, role)
    assert settings.remarks == ()


def test_tags_are_attributes_of_resources_with_variables_of_the_environment() -> None:
    arguments = ["--collector.tags=zone=${ZONE:none}, host=${HOST}", "--collector.tags=gone=${GONE},empty=${GONE:}"]
    settings = merged(arguments, AGENT_TAGS="zone=x,a.b=c=d", HOST="web,1")
    assert read_app_config(settings).resource_attributes == {
        "zone": "none", "a.b": "c=d", "host": "web,1", "empty": ""
    }  # fmt: skip
    with pytest.raises(ConfigError, match=r"COLLECTOR_TAGS: must be like key=value.*not 'zone'"):
        merged(COLLECTOR_TAGS="a=b,zone")


def test_every_flag_is_there_once_and_says_why_it_does_nothing() -> None:
    names = [flag.name for flag in (*MEANT, *UNUSED)]
    assert len(names) == len(set(names))
    assert len({flag.variable for flag in (*MEANT, *UNUSED)}) == len(names)
    assert all(flag.reason for flag in UNUSED)
    assert not any(flag.keys for flag in UNUSED)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("0", 0), ("72h0m0s", 259_200), ("1.5h", 5400), ("300ms", 0.3), ("1m30s", 90), ("10us", 1e-5), ("2h45.5m", 9930)],
)
def test_durations_are_read_as_go_reads_them(text: str, wanted: float) -> None:
    assert seconds(text) == pytest.approx(wanted)


@pytest.mark.parametrize("text", ["", "5", "1 h", "h", "1d", "-1s", "1h 2m"])
def test_what_go_does_not_read_as_a_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a duration"):
        seconds(text)
