"""Every name of the public API has a type that a checker knows without guessing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent


@pytest.mark.slow
def test_every_type_is_known():
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "VIRTUAL_ENV": str(BIN.parent)}
    command = [str(BIN / "pyright"), "--verifytypes", "lymer_sdk", "--ignoreexternal", "--outputjson"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    found = json.loads(ended.stdout)["typeCompleteness"]
    unknown = [one["name"] for one in found["symbols"] if one["isExported"] and not one["isTypeKnown"]]
    assert unknown == []
    assert found["exportedSymbolCounts"]["withKnownType"] > 800
