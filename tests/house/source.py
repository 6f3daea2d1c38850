"""The source tree as the house tests see it: files, their syntax trees, their functions."""

from __future__ import annotations

import ast
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
    """Every function of the package."""
    for path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                yield Function(node.name, f"{relative(path)}:{node.lineno}", lines)


def other_sources() -> Iterator[Path]:
    """Rust and TypeScript sources of ours."""
    for folder, endings in (("native", {".rs"}), ("ui/src", {".ts", ".tsx"})):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in endings and "target" not in path.parts and "node_modules" not in path.parts:
                yield path
