"""The client's costs side by side: OpenTelemetry's SDK, ours in Python alone, ours with C. `make bench-sdk`.

Each is a process of its own, in turns, so that a busy machine slows all of them; the figures are medians of the turns.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

TURNS = 3
HERE = Path(__file__).parent
COLUMNS = {
    "OpenTelemetry": ("opentelemetry", {}),
    "pure Python": ("ours", {"LYMER_SDK_PURE": "1"}),
    "with C": ("ours", {"LYMER_SDK_PURE": ""}),
}
ROWS = (
    ("a sampled span, 5 attributes", "us", "sampled", 5, 2),
    ("not sampled", "us", "not_sampled", 3, 1),
    ("encode", "us", "encode", None, None),
    ("hand over", "us", "hand_over", None, None),
    ("encode and hand over", "us", "encode_and_hand_over", 6, 0.7),
    ("FastAPI request over bare", "us", "fastapi", 15, 10),
    ("FastAPI, not sampled", "us", "fastapi_not_sampled", None, None),
    ("bytes of a queued span", "B", "bytes", 700, 400),
    ("lost at 12,000 spans/s, defaults", "%", "lost_percent", 0, 0),
    ("exit with a dead collector", "s", "exit_s", 2, 2),
    ("import to first span", "ms", "import_ms", 60, 60),
)


def figures_of(program, column):
    """What a program measures of a column's client, once."""
    which, environment = COLUMNS[column]
    command = [sys.executable, HERE / program, which]
    done = subprocess.run(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def main():
    columns = dict(COLUMNS)
    if importlib.util.find_spec("lymer_sdk_speedups") is None:
        del columns["with C"]
    found = {column: [] for column in columns}
    for turn in range(TURNS):
        for column in columns:
            figures = figures_of("measure.py", column)
            figures["encode_and_hand_over"] = figures["encode"] + figures["hand_over"]
            found[column].append(figures | figures_of("processes.py", column))
        print(f"turn {turn + 1} of {TURNS}", file=sys.stderr)
    print(f"{'':34}{''.join(f'{column:>15}' for column in columns)}   goals")
    for name, unit, key, goal, goal_in_c in ROWS:
        cells = "".join(f"{median(figures[key] for figures in found[column]):15.2f}" for column in columns)
        goals = "" if goal is None else f"   {goal} {goal_in_c}"
        print(f"{name:34}{cells} {unit:3}{goals}")


if __name__ == "__main__":
    main()
