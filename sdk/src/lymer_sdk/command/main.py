"""What the command line says becomes a call: a thin reading of arguments, a module for each command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from lymer_sdk.command import doctor, emit, run


def main(arguments: Sequence[str] | None = None) -> int:
    """The command's exit code: 0 when all went well, 1 when something is wrong, 2 for a line that makes no sense."""
    parser = argparse.ArgumentParser(prog="lymer-sdk", description=sys.modules["lymer_sdk.command"].__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for module in (run, doctor, emit):
        command = commands.add_parser(
            module.__name__.rpartition(".")[2], help=module.SUMMARY, description=module.__doc__
        )
        module.add_arguments(command)
        command.set_defaults(module=module)
    line = list(sys.argv[1:] if arguments is None else arguments)
    ours, program = (line[: line.index("--")], line[line.index("--") + 1 :]) if "--" in line else (line, [])
    given = parser.parse_args(ours)
    given.program = program or getattr(given, "program", [])
    code: int = given.module.main(given)
    return code
