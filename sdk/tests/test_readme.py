"""Every program in the README runs as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
PROGRAMS = re.findall(r"```python\n(.*?)```", (HERE / "README.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("program", PROGRAMS, ids=range(len(PROGRAMS)))
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
