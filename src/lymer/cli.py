"""What a person types: `lymer` starts everything, and a few commands around it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lymer.component.config import set_path
from lymer.component.errors import ConfigError, LymerError
from lymer.component.version import VERSION

if TYPE_CHECKING:
    from lymer.app.all_in_one import AllInOne
    from lymer.app.config import AppConfig
    from lymer.component.config import MergedSettings

USAGE = "lymer [OPTIONS]   |   lymer COMMAND …"

COMMANDS_HELP = """\
commands:
  demo                  send the traffic of a small shop to a Lymer that runs already
  store COMMAND …       inspect, verify, compact or import into a data folder
  check-config FILE     say what is wrong with a configuration, or nothing
  version               say which Lymer this is

examples:
  lymer                                       everything on this machine, data under ./lymer-data
  lymer --host 0.0.0.0 --retention 72h        for the whole network, keep three days
  lymer --port-offset 1000 --storage memory   a second one beside the first, nothing kept
  lymer --config lymer.yaml                   the settings of a file; flags win over it

UI http://localhost:16686   OTLP gRPC 4317, HTTP 4318   health and metrics 14269
Every option has a twin in the environment: --data-dir is LYMER_DATA_DIR.
"""

_FLAGS = {
    "data_dir": "data_dir",
    "host": "host",
    "port_offset": "port_offset",
    "storage": "store.type",
    "memory_limit": "memory_limit",
    "retention": "retention",
    "log_format": "logs.format",
    "log_level": "logs.level",
    "base_path": "api.base_path",
    "self_tracing": "self_tracing",
}
"""Options and the keys of the configuration that they set."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command `lymer`. Returns the exit code: 0 well, 1 failed, 2 asked for in a wrong way."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    command = _COMMANDS.get(arguments[0]) if arguments else None
    try:
        if command is not None:
            return command(arguments[1:])
        if arguments and not arguments[0].startswith("-"):
            raise ConfigError(f"{arguments[0]}: no such command; there are: {', '.join(sorted(_COMMANDS))}")
        return _run(arguments)
    except LymerError as error:
        print(f"lymer: {' '.join(str(error).split())}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 1
    except KeyboardInterrupt:
        return 130


def _run(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    config, merged = _configuration(options.config, _set_flags(options))
    from lymer.app.process import leave, run  # Here, so that `--help` and mistakes are told at once.

    leave(run(config, merged, beside=_demo_command if options.demo else None))


def _demo_command(running: AllInOne) -> list[str]:
    address = running.address_of("otlp_http")
    if address is None:
        raise ConfigError("--demo: sends over OTLP/HTTP, which is off; set receivers.otlp_http.enabled: true")
    return [sys.executable, "-m", "lymer.cli", "demo", "--endpoint", address.removesuffix("/v1/traces")]


def _configuration(file: Path | None, flags: dict[str, Any]) -> tuple[AppConfig, MergedSettings]:
    from lymer.app.config import merge_settings, read_app_config

    merged = merge_settings(file=file, environment=os.environ, flags=flags)
    return read_app_config(merged), merged


def _set_flags(options: argparse.Namespace) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for name, path in _FLAGS.items():
        value = getattr(options, name)
        if value is not None:
            set_path(settings, path, value)
    return settings


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lymer",
        usage=USAGE,
        description="Lymer, a distributed tracing system: one command, exact answers.",
        epilog=COMMANDS_HELP,
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, max_help_position=24, width=100),
        allow_abbrev=False,
    )
    option = parser.add_argument
    option("--data-dir", metavar="DIR", help="where spans are kept (./lymer-data)")
    option("--host", metavar="ADDRESS", help="address to listen on (127.0.0.1)")
    option("--port-offset", metavar="N", help="added to every port (0)")
    option("--storage", metavar="TYPE", help="embedded or memory (embedded)")
    option("--memory-limit", metavar="SIZE", help="memory of the process, e.g. 1GiB")
    option("--retention", metavar="TIME", help="how long spans are kept, e.g. 72h or 14d")
    option("--config", metavar="FILE", type=Path, help="settings in YAML; deploy/all-in-one.yaml explains all")
    option("--base-path", metavar="PATH", help="what addresses of the UI and the API begin with (/)")
    option("--log-format", metavar="FORMAT", help="text, json or auto (auto)")
    option("--log-level", metavar="LEVEL", help="debug, info, warning or error (info)")
    option("--demo", action="store_true", help="show the traffic of a small shop")
    option("--self-tracing", action="store_const", const=True, help="trace Lymer's own work into itself")
    parser.add_argument("--version", action="version", version=f"lymer {VERSION}")
    return parser


def _version(arguments: list[str]) -> int:
    print(f"lymer {VERSION}")
    return 0


def _check_config(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="lymer check-config", description="Say what is wrong with a configuration.")
    parser.add_argument("file", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    config, merged = _configuration(options.file, {})
    from lymer.app.all_in_one import check

    check(config, merged)
    print(f"{options.file}: good")
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
    "demo": _demo,
    "store": _store,
    "check-config": _check_config,
    "version": _version,
}

if __name__ == "__main__":
    sys.exit(main())
