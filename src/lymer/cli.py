"""What a person types: `lymer` starts everything, `lymer ROLE` a part of it, and a few commands around them."""

from __future__ import annotations

import argparse
import functools
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lymer.app.roles import ALL_IN_ONE, ROLES, Role
from lymer.component.config import set_path
from lymer.component.errors import ConfigError, LymerError
from lymer.component.version import VERSION

if TYPE_CHECKING:
    from lymer.app.composition import Composition
    from lymer.app.config import AppConfig
    from lymer.component.config import MergedSettings

USAGE = "lymer [OPTIONS]   |   lymer COMMAND …"

_DESCRIPTION = "Lymer, a distributed tracing system: one command, exact answers."

COMMANDS_HELP = """\
roles, each with a --help of its own:
  agent, collector, query, remote-storage     one part of a Lymer; all-in-one is `lymer` itself

commands:
  demo                  send the traffic of a small shop to a Lymer that runs already
  store COMMAND …       inspect, verify, compact or import into a data folder
  check-config FILE     say what is wrong with a configuration, or nothing
  config explain        every setting, and where it comes from; config jaeger: Jaeger's flags
  version               say which Lymer this is

examples:
  lymer                                       everything on this machine, data under ./lymer-data
  lymer --host 0.0.0.0 --retention 72h        for the whole network, keep three days
  lymer --port-offset 1000 --storage memory   a second one beside the first, nothing kept
  lymer --config lymer.yaml                   the settings of a file; flags win over it

UI http://localhost:16686   OTLP gRPC 4317, HTTP 4318   health and metrics 14269, 14271
Every option has a twin in the environment: --data-dir is LYMER_DATA_DIR. Jaeger's flags work too.
"""


@dataclass(frozen=True, slots=True)
class _Option:
    """An option and the key of the configuration that it sets."""

    flag: str
    key: str
    metavar: str | None
    help: str
    sections: frozenset[str] = frozenset()
    """Roles that have one of these sections know the option; empty: all do."""

    @property
    def name(self) -> str:
        """What argparse calls it."""
        return self.flag.removeprefix("--").replace("-", "_")

    def is_known_to(self, role: Role) -> bool:
        """Whether it says anything to this role."""
        return not self.sections or bool(self.sections & role.sections)


_STORE = frozenset({"store"})
_DATA = frozenset({"store", "forward"})
_API = frozenset({"api"})

_OPTIONS = (
    _Option("--data-dir", "data_dir", "DIR", "where spans are kept (./lymer-data)", _DATA),
    _Option("--host", "host", "ADDRESS", "address to listen on (127.0.0.1)"),
    _Option("--port-offset", "port_offset", "N", "added to every port (0)"),
    _Option("--storage", "store.type", "TYPE", "embedded, memory, or grpc: another process's", _STORE),
    _Option("--memory-limit", "memory_limit", "SIZE", "memory of the process, e.g. 1GiB"),
    _Option("--retention", "retention", "TIME", "how long spans are kept, e.g. 72h or 14d", _STORE),
    _Option("--base-path", "api.base_path", "PATH", "what addresses of the UI and the API begin with (/)", _API),
    _Option("--log-format", "logs.format", "FORMAT", "text, json or auto (auto)"),
    _Option("--log-level", "logs.level", "LEVEL", "debug, info, warning or error (info)"),
    _Option("--self-tracing", "self_tracing", None, "trace Lymer's own work into itself", frozenset({"self_tracing"})),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command `lymer`. Returns the exit code: 0 well, 1 failed, 2 asked for in a wrong way."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    command = _COMMANDS.get(arguments[0]) if arguments else None
    try:
        if command is not None:
            return command(arguments[1:])
        if arguments and not arguments[0].startswith("-"):
            raise ConfigError(f"{arguments[0]}: no such command; there are: {', '.join(sorted(_COMMANDS))}")
        return _run(ALL_IN_ONE, arguments)
    except LymerError as error:
        print(f"lymer: {' '.join(str(error).split())}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 1
    except KeyboardInterrupt:
        return 130


def _run(role: Role, arguments: list[str]) -> int:
    config, merged, options = _configured(role, arguments)
    from lymer.app.process import leave, run  # Here, so that `--help` and mistakes are told at once.

    leave(run(role, config, merged, beside=_demo_command if getattr(options, "demo", False) else None))


def _configured(role: Role, arguments: list[str]) -> tuple[AppConfig, MergedSettings, argparse.Namespace]:
    """The configuration that a command line means: our options, and Jaeger's flags."""
    from lymer.app.config import merge_settings, read_app_config
    from lymer.app.jaeger_settings import from_arguments

    options, rest = _parser(role).parse_known_args(arguments)
    known = [option.flag for option in _OPTIONS if option.is_known_to(role)]
    merged = merge_settings(
        file=options.config,
        environment=os.environ,
        flags=_set_flags(options),
        jaeger_flags=from_arguments(rest, role, options=[*known, "--config", "--version", "--help"]),
        role=role,
    )
    return read_app_config(merged), merged, options


def _demo_command(running: Composition) -> list[str]:
    address = running.address_of("otlp_http")
    if address is None:
        raise ConfigError("--demo: sends over OTLP/HTTP, which is off; set receivers.otlp_http.enabled: true")
    return [sys.executable, "-m", "lymer.cli", "demo", "--endpoint", address.removesuffix("/v1/traces")]


def _set_flags(options: argparse.Namespace) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for option in _OPTIONS:
        value = getattr(options, option.name, None)
        if value is not None:
            set_path(settings, option.key, value)
    return settings


def _parser(role: Role) -> argparse.ArgumentParser:
    whole = role is ALL_IN_ONE
    parser = argparse.ArgumentParser(
        prog="lymer" if whole else f"lymer {role.name}",
        usage=USAGE if whole else f"lymer {role.name} [OPTIONS]",
        description=_DESCRIPTION if whole else f"lymer {role.name}: {role.summary}.",
        epilog=COMMANDS_HELP if whole else role.help,
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, max_help_position=24, width=100),
        allow_abbrev=False,
    )
    for option in _OPTIONS:
        if option.is_known_to(role):
            _add(parser, option)
    parser.add_argument("--config", metavar="FILE", type=Path, help="settings in YAML; deploy/ has examples")
    if whole:
        parser.add_argument("--demo", action="store_true", help="show the traffic of a small shop")
    parser.add_argument("--version", action="version", version=f"lymer {VERSION}")
    return parser


def _add(parser: argparse.ArgumentParser, option: _Option) -> None:
    if option.metavar is None:
        parser.add_argument(option.flag, action="store_const", const=True, help=option.help)
    else:
        parser.add_argument(option.flag, metavar=option.metavar, help=option.help)


def _version(arguments: list[str]) -> int:
    print(f"lymer {VERSION}")
    return 0


def _check_config(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="lymer check-config", description="Say what is wrong with a configuration.")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--role", choices=ROLES, default=ALL_IN_ONE.name, help="which role it is for (all-in-one)")
    options = parser.parse_args(arguments)
    role = ROLES[options.role]
    config, merged, _ = _configured(role, ["--config", str(options.file)])
    from lymer.app.composition import check

    check(config, merged, role)
    for remark in merged.remarks:
        print(f"lymer: {remark}", file=sys.stderr)
    print(f"{options.file}: good")
    return 0


def _config(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="lymer config",
        usage="lymer config explain [ROLE] [OPTIONS]   |   lymer config jaeger",
        description="Say what is set and why, or what becomes of Jaeger's flags.",
    )
    parser.add_argument("what", choices=("explain", "jaeger"))
    options, rest = parser.parse_known_args(arguments)
    if options.what == "jaeger":
        from lymer.app.explain import jaeger_page

        print(jaeger_page(), end="")
        return 0
    role = ROLES[rest.pop(0)] if rest and rest[0] in ROLES else ALL_IN_ONE
    config, merged, _ = _configured(role, rest)
    from lymer.app.explain import explain

    for remark in merged.remarks:
        print(f"lymer: {remark}", file=sys.stderr)
    print(explain(role, config, merged), end="")
    return 0


def _demo(arguments: list[str]) -> int:
    from lymer.demo import main as demo

    return demo(arguments)


def _store(arguments: list[str]) -> int:
    from lymer.component import registry

    options, rest = _store_parser().parse_known_args(arguments)
    if "LYMER_DATA_DIR" in os.environ and rest and not any(item.startswith("--data-dir") for item in rest):
        rest += ["--data-dir", os.environ["LYMER_DATA_DIR"]]
    code: int = registry.find("store_commands", options.storage)(rest)
    return code


def _store_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lymer store", add_help=False, allow_abbrev=False)
    parser.add_argument("--storage", default="embedded")
    return parser


_COMMANDS: dict[str, Callable[[list[str]], int]] = {
    **{role.name: functools.partial(_run, role) for role in ROLES.values()},
    "demo": _demo,
    "store": _store,
    "check-config": _check_config,
    "config": _config,
    "version": _version,
}

if __name__ == "__main__":
    sys.exit(main())
