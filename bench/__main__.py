"""All benchmarks, one after the other, as one table: `python -m bench [--quick]`."""

from __future__ import annotations

import argparse
import ast
import sys
import time
import traceback
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from bench.figures import Figure, Options, machine, table

BENCHMARKS = (
    "decode",
    "decode_foreign",
    "segment_gate",
    "sanitize",
    "start",
    "ingest_http",
    "ingest_grpc",
    "ingest_thrift_udp",
    "ingest_thrift_http",
    "ingest_zipkin",
    "agent",
    "acknowledgement",
    "search_under_load",
    "memory",
    "queries",
    "skeleton",
)


def main() -> int:
    """Run them; 1 when one did not end well."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        epilog=_what_each_measures(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="little data: some minutes")
    parser.add_argument("--folder", type=Path, default=Path("bench-data"), help="where data is put (./bench-data)")
    parser.add_argument("only", nargs="*", choices=[[], *BENCHMARKS], metavar="BENCHMARK", help="some of those below")
    given = parser.parse_args()
    options = Options(0, given.quick, given.folder.resolve())
    options.folder.mkdir(parents=True, exist_ok=True)
    print(machine(), flush=True)
    figures: list[Figure] = []
    failed = []
    for name in given.only or BENCHMARKS:
        began = time.monotonic()
        try:
            figures += _run(name, options)
        except Exception:  # One that fails must not hide what the others measured.
            traceback.print_exc()
            failed.append(name)
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(table(figures))
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def _what_each_measures() -> str:
    """A line for each benchmark: the first of its docstring. None is imported."""
    lines = ["benchmarks:"]
    for name in BENCHMARKS:
        module = ast.parse((Path(__file__).parent / f"{name}.py").read_text())
        lines.append(f"  {name:20} {(ast.get_docstring(module) or '').splitlines()[0]}")
    return "\n".join(lines)


def _run(name: str, options: Options) -> list[Figure]:
    module = import_module(f"bench.{name}")
    spans = getattr(module, "QUICK_SPANS" if options.quick else "SPANS", 0)
    found: list[Figure] = module.run(replace(options, spans=spans))
    return found


if __name__ == "__main__":
    sys.exit(main())
