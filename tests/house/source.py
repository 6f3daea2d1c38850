"""The source tree as the house tests see it: files, their syntax trees, their functions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "lymer"


@dataclass(frozen=True)
class Function:
    """A function and where it stands."""

    name: str
    where: str
    lines: int


@cache
def modules() -> tuple[Path, ...]:
    """Every Python module of the package."""
    return tuple(sorted(PACKAGE.rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    """Its syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def relative(path: Path) -> str:
    """As people name it."""
    return path.relative_to(ROOT).as_posix()


def functions() -> Iterator[Function]:
    """Every function of ours, in whatever language."""
    yield from python_functions(*modules(), *other_python())
    yield from indented_functions()


def python_functions(*paths: Path) -> Iterator[Function]:
    """The functions of these modules."""
    for path in paths:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                yield Function(node.name, f"{relative(path)}:{node.lineno}", lines)


_OPENINGS = {
    ".rs": re.compile(r"^( *)(?:pub(?:\([a-z: ]+\))? )?(?:const |async |unsafe |extern \"C\" )*fn (\w+).*[^;}]$"),
    ".ts": re.compile(r"^( *)(?:export )?(?:default )?(?:async )?function\*? (\w+).*[^;}]$"),
}
"""How a function of more than one line begins."""


def indented_functions() -> Iterator[Function]:
    """Functions of Rust and TypeScript: formatted, they end with the first brace below their own first word."""
    for path in other_sources():
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if found := _OPENINGS[path.suffix[:3]].match(line):
                end = lines.index(found[1] + "}", number)
                yield Function(found[2], f"{relative(path)}:{number + 1}", end - number + 1)


def other_python() -> Iterator[Path]:
    """Python of ours beside the package: tests, benchmarks, the client, examples."""
    for folder in ("bench", "e2e", "examples", "packaging", "sdk/bench", "sdk/src", "sdk/tests", "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not {".venv", "build"} & set(path.parts):
                yield path


def other_sources() -> Iterator[Path]:
    """Rust and TypeScript sources of ours."""
    for folder, endings in (
        ("native", {".rs"}),
        ("ui/src", {".ts", ".tsx"}),
        ("ui/e2e", {".ts"}),
        ("ui/bench", {".ts"}),
    ):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in endings and "target" not in path.parts and "node_modules" not in path.parts:
                yield path
