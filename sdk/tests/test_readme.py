"""Every program in the README and on the pages runs as it stands; the Chinese pages have the same ones."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
PAGES = sorted((HERE / "docs" / "en").glob("*.md"))


def programs_of(page, kind="python"):
    return re.findall(rf"```{kind}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


PROGRAMS = {f"{page.name} {n}": one for page in (HERE / "README.md", *PAGES) for n, one in enumerate(programs_of(page))}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_program_of_the_readme_runs(program, http_receiver):
    program = program.replace("http://localhost:4318", http_receiver.endpoint)
    environment = {
        "PYTHONPATH": os.pathsep.join(["src", *sys.path]),
        "OTEL_EXPORTER_OTLP_ENDPOINT": http_receiver.endpoint,
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=HERE,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_each_page_is_there_in_both_languages_with_the_same_programs():
    theirs = HERE / "docs" / "zh-CN"
    assert [page.name for page in PAGES] == sorted(page.name for page in theirs.glob("*.md"))
    for page in PAGES:
        for kind in ("python", "yaml", "text"):
            assert programs_of(page, kind) == programs_of(theirs / page.name, kind)
