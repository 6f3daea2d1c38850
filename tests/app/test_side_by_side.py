"""`--port-offset`: several whole Lymers on one machine, each with all its ports moved by the same."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.conftest import Lymer
from tests.app.test_process import send

Launch = Callable[..., Lymer]

TCP = {4317, 4318, 5778, 5779, 9411, 13133, 14250, 14268, 14269, 14271, 16686, 17271}
UDP = {5775, 6831, 6832}
"""What an all-in-one listens on when everything is on: docs/coming-from-jaeger.md."""
_LISTENING = "0A"
"""The state of a TCP socket in Linux's tables; other states are connections."""


def bound(lymer: Lymer, protocol: str) -> set[int]:
    """The ports that the process itself has bound, as the kernel says, without the offset."""
    links = [os.readlink(file) for file in Path(f"/proc/{lymer.process.pid}/fd").iterdir() if os.path.islink(file)]
    sockets = {str(link).removeprefix("socket:[").removesuffix("]") for link in links}
    found = set()
    for table in (protocol, f"{protocol}6"):
        for line in Path(f"/proc/{lymer.process.pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in sockets and (protocol == "udp" or fields[3] == _LISTENING):
                found.add(int(fields[1].rpartition(":")[2], 16) - lymer.offset)
    return found


@pytest.mark.slow
def test_two_run_side_by_side_and_every_port_is_moved(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "lymer.yaml").write_text("remote_storage: {enabled: true}")
    lymers = []
    for folder in ("one", "two"):
        lymers.append(launch("--data-dir", folder, "--config", "lymer.yaml", storage=None))
        ready = json.loads(lymers[-1].until('"ready"'))
        assert ready["ui"] == lymers[-1].url(16686)
    one, two = lymers
    assert one.offset != two.offset
    for lymer in lymers:
        assert (bound(lymer, "tcp"), bound(lymer, "udp")) == (TCP, UDP)
    assert send(one).status_code == 200
    assert one.get(16686, "/api/services").json()["data"] == ["missing-service-name"]
    assert two.get(16686, "/api/services").json()["data"] == []


@pytest.mark.slow
def test_an_offset_that_is_taken_is_one_line_with_the_cure(launch: Launch) -> None:
    first = launch("--data-dir", "one", storage=None)
    first.until('"ready"')
    code, said = launch("--data-dir", "two", storage=None, offset=first.offset).end()
    assert code == 1
    assert said.count("\n") == 1
    assert "is taken" in said
    assert "--port-offset" in said
    assert first.get(14269).status_code == 200
