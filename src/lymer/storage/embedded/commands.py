"""`lymer store inspect|verify|compact|import`: the command line of `admin`."""

from __future__ import annotations

import argparse
import asyncio
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from lymer.component.errors import LymerError
from lymer.storage.base import DEFAULT_TENANT
from lymer.storage.embedded import admin
from lymer.wire.decoded import Decoded

_POLL_S = 0.2
_EXAMPLES = """examples:
  lymer store inspect                          what is in ./lymer-data
  lymer store verify --data-dir /var/lymer     read every byte and check it; exit code 1 names damage
  lymer store compact                          one segment of many small ones; a running server does it itself
  lymer store import spans.json more.otlp.gz   into a folder that no server uses
  lymer store import --to http://127.0.0.1:4318 spans.json     through a running server
"""


def main(arguments: list[str]) -> int:
    """Run a command; its exit code. Errors are one line each on standard error."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except (LymerError, OSError) as error:
        sys.stderr.write(f"lymer store: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lymer store",
        description="Look after a data folder.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for run, name, meaning in (
        (_inspect, "inspect", "say what a folder holds"),
        (_verify, "verify", "read everything and check it"),
        (_compact, "compact", "seal the log, merge small segments"),
        (_import, "import", "store the spans of OTLP files"),
    ):
        command = commands.add_parser(name, help=meaning, description=f"{meaning[0].upper()}{meaning[1:]}.")
        command.set_defaults(run=run)
        command.add_argument("--data-dir", type=Path, default=Path("lymer-data"), metavar="DIR")
        if run is _import:
            command.add_argument("files", type=Path, nargs="+", metavar="FILE", help="protobuf or JSON, gzip or not")
            command.add_argument("--tenant", default=DEFAULT_TENANT)
            command.add_argument("--to", metavar="URL", help="OTLP/HTTP port of a running server")
    return parser


def _inspect(options: argparse.Namespace) -> int:
    for report in admin.inspect(options.data_dir):
        _say(
            f"{report.name}: {report.span_count} spans in {len(report.segments)} segments, {_size(report.bytes)};"
            f" log {report.log_files} files, {_size(report.log_bytes)}"
        )
        for entry in report.segments:
            per_span = entry.bytes / max(entry.span_count, 1)
            merged = ", merged" if entry.compacted else ""
            _say(
                f"  {entry.name}  {entry.span_count:>10} spans  {entry.trace_count:>9} traces"
                f"  {_size(entry.bytes):>10}  {per_span:6.1f} B/span{merged}"
            )
        if report.deletions_pending:
            _say(f"  {report.deletions_pending} traces are being deleted")
    return 0


def _verify(options: argparse.Namespace) -> int:
    damages = admin.verify(options.data_dir)
    for damage in damages:
        _say(damage)
    _say(f"{len(damages)} damages" if damages else "everything is whole")
    return 1 if damages else 0


def _compact(options: argparse.Namespace) -> int:
    left = asyncio.run(admin.compact(options.data_dir))
    if left < 0:
        _say("the server that uses this folder compacts it now")
        waiting = threading.Event()
        while admin.compact_requested(options.data_dir):
            waiting.wait(_POLL_S)
        left = sum(len(report.segments) for report in admin.inspect(options.data_dir))
    _say(f"{left} segments")
    return 0


def _import(options: argparse.Namespace) -> int:
    if options.to:
        for file in options.files:
            for decoded in admin.read_otlp(file):
                _send(decoded, options.to)
                _tell(file, decoded)
        return 0
    count = asyncio.run(admin.import_files(options.data_dir, options.files, tenant=options.tenant, told=_tell))
    _say(f"{count} spans stored")
    return 0


def _send(decoded: Decoded, url: str) -> None:
    if not url.startswith(("http://", "https://")):
        raise OSError(f"not an HTTP address: {url}")
    payload = decoded.batch.payload
    request = urllib.request.Request(  # noqa: S310  The scheme is checked above.
        f"{url.rstrip('/')}/v1/traces",
        data=payload.data if payload else b"",
        headers={"Content-Type": "application/x-protobuf"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60):  # noqa: S310
            return
    except urllib.error.HTTPError as error:
        raise OSError(f"{url} refused: {error.code} {error.reason}") from error


def _tell(file: Path, decoded: Decoded) -> None:
    refused = "".join(f"; refused {refusal.count}: {refusal.reason}" for refusal in decoded.refused)
    _say(f"{file}: {len(decoded.batch)} spans{refused}")


def _size(count: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
