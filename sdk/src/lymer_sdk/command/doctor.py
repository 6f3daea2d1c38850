"""Say what is configured and from where, send a test trace, and say what is wrong."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator

SUMMARY = "what is configured, from where, and whether a test trace arrives"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How long to wait."""
    parser.add_argument("--timeout", type=float, default=3.0, help="seconds to wait for the receiver")
    parser.add_argument("--no-send", action="store_true", help="send nothing")


def main(given: argparse.Namespace) -> int:
    """0 when a trace was taken by whoever it was sent to."""
    import logging

    import lymer_sdk as lymer

    logging.basicConfig(format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        lymer.init(sampler="always_on", make_global=False)
    except ValueError as error:
        _say(f"wrong: {error}")
        return 1
    for line in lymer.settings():
        _say(line)
    for line in lymer.instrumented():
        _say(line)
    if given.no_send:
        return 0
    with lymer.get_tracer("lymer-sdk doctor").span("lymer-sdk doctor") as span:
        trace_id = f"{span.trace_id:032x}"
    arrived = lymer.flush(given.timeout)
    stats = lymer.stats()
    lymer.close(0.1)
    _say(f"test trace {trace_id}: {_verdict(arrived, stats)}")
    for advice in _advice(stats["last_error"]):
        _say(f"  {advice}")
    return 0 if arrived and not stats["dropped"] else 1


def _verdict(arrived: bool, stats: dict[str, object]) -> str:
    if stats["dropped"] or not arrived:
        return f"did not arrive: {stats['last_error'] or 'no answer in time'}"
    return "acknowledged" if stats["reported"] else "handed over"


def _advice(error: str) -> Iterator[str]:
    """What usually helps."""
    if "nothing listens" in error or "refused" in error.lower():
        yield "Is the receiver started, and is the port published (docker run -p ...)?"
    if "Name or service not known" in error or "resolution" in error:
        yield "The host's name is not known here: is it the name of a container or of another namespace?"
    if "answered 404" in error:
        yield "The path is wrong: OTLP is /v1/traces, Jaeger's Thrift /api/traces, Zipkin /api/v2/spans."
    if "answered 401" in error or "answered 403" in error:
        yield "Credentials are missing or wrong: LYMER_HEADERS, or JAEGER_USER and JAEGER_PASSWORD."
    if "timed out" in error or not error:
        yield f"Proxies of this process: {os.environ.get('HTTPS_PROXY') or 'none'}. Is there a firewall in between?"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
