"""Send a span: `lymer-sdk emit build --tag branch=main`, or around a command: `lymer-sdk emit build -- make`.

A TRACEPARENT in the environment is the parent, and the command below has one in its own: scripts become traces.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

SUMMARY = "send a span, by itself or around a command"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The span's name, kind and tags, and the command."""
    parser.add_argument("name", help="the span's name")
    parser.add_argument("--service", help="the service's name")
    parser.add_argument("--kind", default="internal", choices=("internal", "client", "server", "producer", "consumer"))
    parser.add_argument("--tag", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--error", action="store_true", help="the span failed")
    parser.add_argument("--timeout", type=float, default=3.0, help="seconds to wait for the receiver")
    parser.epilog = "After -- comes a command that the span is around."


def main(given: argparse.Namespace) -> int:
    """The command's exit code; without one, 0 when the span was taken."""
    from opentelemetry.trace import StatusCode

    import lymer_sdk as lymer

    tags = dict(tag.partition("=")[::2] for tag in given.tag)
    lymer.init(given.service)
    code = 0
    context = lymer.extract(os.environ)
    with lymer.get_tracer("lymer-sdk emit").start_as_current_span(given.name, context) as span:
        span.set_attributes(tags)
        trace_id = f"{span.get_span_context().trace_id:032x}"
        if given.program:
            code = _run(given.program)
            span.set_attribute("process.exit.code", code)
        if code or given.error:
            span.set_status(StatusCode.ERROR, f"exit code {code}" if code else None)
    arrived = lymer.flush(given.timeout) and not lymer.stats()["dropped"]
    sys.stderr.write(f"{trace_id}\n" if arrived else f"{trace_id} did not arrive: {lymer.stats()['last_error']}\n")
    lymer.close(0.1)
    return code if given.program else int(not arrived)


def _run(program: list[str]) -> int:
    import lymer_sdk as lymer

    environment = lymer.inject(lymer.Environment(os.environ))
    try:
        return subprocess.run(program, env=environment, check=False).returncode  # noqa: S603 (that is the command)
    except FileNotFoundError:
        return 127
