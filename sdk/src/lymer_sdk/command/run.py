"""Run a program traced, without a change in it: `lymer-sdk run python app.py`, `lymer-sdk run gunicorn app:app`.

The program is started with a `sitecustomize` of ours before its own; that one calls `lymer_sdk.init()`, which reads the
environment. What the program starts in its turn (workers, spawned processes) is traced too.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

SUMMARY = "run a program traced, without a change in it"
BOOT = Path(__file__).parent / "boot"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The program and what `init` would be told."""
    parser.add_argument("--service", help="the service's name (LYMER_SERVICE)")
    parser.add_argument("--endpoint", help="where OTLP goes (LYMER_ENDPOINT)")
    parser.add_argument("--sampler", help="the sampler's name (LYMER_SAMPLER)")
    parser.add_argument("--sampler-param", help="its parameter (LYMER_SAMPLER_PARAM)")
    parser.add_argument("--reporter", help="reporters, with commas between (LYMER_REPORTER)")
    parser.add_argument("--config-file", help="a YAML file (LYMER_CONFIG_FILE)")
    parser.add_argument("--instrument", default="auto", help="auto, none, or names with commas between")
    parser.add_argument("program", nargs=argparse.REMAINDER, help="the program and its arguments")


def main(given: argparse.Namespace) -> int:  # noqa: RET503 (after execve there is no return)
    """Become the program; returns only when it cannot be started."""
    program = given.program
    if not program:
        sys.stderr.write("lymer-sdk run: no program given\n")
        return 2
    found = shutil.which(program[0])
    if found is None:
        sys.stderr.write(f"lymer-sdk run: no program {program[0]!r}\n")
        return 127
    sys.stdout.flush()
    os.execve(found, program, environment_for(given, os.environ))  # noqa: S606 (starting the program is the command)


def environment_for(given: argparse.Namespace, environment: Mapping[str, str]) -> dict[str, str]:
    """The program's environment: what the options say, and our directory first on its path."""
    said = {
        f"LYMER_{name.upper()}": value
        for name in ("service", "endpoint", "sampler", "sampler_param", "reporter", "config_file", "instrument")
        if (value := getattr(given, name))
    }
    path = [str(BOOT), *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    return {**environment, **said, "PYTHONPATH": os.pathsep.join(dict.fromkeys(path))}
