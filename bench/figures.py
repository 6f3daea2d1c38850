"""What a benchmark says: figures beside their goals, the machine, and a table of both."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure; `goal` is the most that it may be, None when there is none."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    note: str = ""

    @property
    def missed(self) -> bool:
        return self.goal is not None and self.value > self.goal


@dataclass(frozen=True, slots=True)
class Options:
    """What every benchmark is told."""

    spans: int
    quick: bool
    folder: Path
    """Where data may be put; left there for the next benchmark that needs the same."""


Benchmark = Callable[[Options], list[Figure]]


def main(benchmark: Benchmark, *, spans: int, quick_spans: int, summary: str) -> None:
    """Run one benchmark from the command line and print its table."""
    options = read_options(spans=spans, quick_spans=quick_spans, summary=summary)
    print(machine())
    print(table(benchmark(options)))


def read_options(*, spans: int, quick_spans: int, summary: str) -> Options:
    """The options that all benchmarks share."""
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("--spans", type=int, help=f"how many spans ({spans:,}; quick {quick_spans:,})")
    parser.add_argument("--quick", action="store_true", help="little data")
    parser.add_argument("--folder", type=Path, default=Path("bench-data"), help="where data is put (./bench-data)")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    return Options(given.spans or (quick_spans if given.quick else spans), given.quick, given.folder.resolve())


def table(figures: list[Figure]) -> str:
    """A Markdown table."""
    lines = ["| what | measured | at most | |", "| --- | ---: | ---: | --- |"]
    for figure in figures:
        goal = "" if figure.goal is None else f"{figure.goal:g} {figure.unit}"
        verdict = "" if figure.goal is None else "**missed**" if figure.missed else "met"
        remark = "; ".join(part for part in (verdict, figure.note) if part)
        lines.append(f"| {figure.name} | {_number(figure.value)} {figure.unit} | {goal} | {remark} |")
    return "\n".join(lines)


def machine() -> str:
    """On what it was measured."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "unknown"
    )
    memory_kib = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} x {model}, {memory_kib / 2**20:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, load {load:.1f} at the start"
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []
