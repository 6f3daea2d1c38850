"""Whole processes on ports of their own."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from e2e.server import offsets

PORTS = (
    *(4317, 4318, 5775, 5778, 5779, 6831, 6832, 9411, 13133, 14250, 14268, 14269, 14271),
    *(16686, 16687, 17270, 17271),
)
START_S = 30.0


class Lymer:
    """A process of `lymer`, its ports, and what it wrote."""

    def __init__(
        self, role: str, arguments: list[str], *, offset: int, environment: dict[str, str], folder: Path
    ) -> None:
        self.offset = offset
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lymer.cli", role, "--log-format", "json", *arguments],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, **environment},
        )

    def url(self, port: int, path: str = "/") -> str:
        return f"http://127.0.0.1:{port + self.offset}{path}"

    def get(self, port: int, path: str = "/") -> httpx.Response:
        return httpx.get(self.url(port, path), timeout=10)

    def until(self, text: str) -> str:
        """Read its log up to the first line with the text."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if text in line:
                return line
        raise AssertionError(f"it ended with {self.process.wait()} before it said {text!r}:\n{''.join(self.lines)}")

    def end(self, timeout_s: float = START_S) -> tuple[int, str]:
        """Wait for its end; its exit code and everything it wrote since."""
        _, err = self.process.communicate(timeout=timeout_s)
        return self.process.returncode, err


def free_offset() -> int:
    """An offset at which all ports are free, below those that the system gives to clients."""
    candidates = offsets()
    for offset in random.Random().sample(candidates, len(candidates)):
        if all(_free(port + offset) for port in PORTS):
            return offset
    raise AssertionError("no ports are free")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Lymer]]:
    """Starts processes; kills what is left of them at the end."""
    started: list[Lymer] = []

    def start(
        *arguments: str,
        role: str = "all-in-one",
        offset: int | None = None,
        storage: str | None = "memory",
        **environment: str,
    ) -> Lymer:
        offset = free_offset() if offset is None else offset
        usual = ["--port-offset", str(offset)] + (["--storage", storage] if storage else [])
        started.append(Lymer(role, [*usual, *arguments], offset=offset, environment=environment, folder=tmp_path))
        return started[-1]

    yield start
    for lymer in started:
        lymer.process.kill()
        lymer.process.communicate()
