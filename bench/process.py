"""What another process has used: CPU, memory, its own metrics. Linux only."""

from __future__ import annotations

import os
import time
import urllib.request
from pathlib import Path

from e2e.server import Server

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """User and system time of the process, all threads, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def anonymous_bytes(pid: int) -> int:
    """Resident memory that is not pages of files."""
    return _status(pid, "RssAnon") << 10


def resident_bytes(pid: int) -> int:
    """Resident memory, mapped files included."""
    return _status(pid, "VmRSS") << 10


def metrics(server: Server) -> dict[str, float]:
    """The server's own metrics without labels, summed over their labels."""
    with urllib.request.urlopen(server.url("admin") + "/metrics", timeout=30) as answer:
        text = answer.read().decode()
    found: dict[str, float] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            plain = name.partition("{")[0]
            found[plain] = found.get(plain, 0.0) + float(value)
    return found


def wait_until_sealed(server: Server, *, patience_s: float = 300.0) -> None:
    """Until no span is in the open buffer."""
    deadline = time.monotonic() + patience_s
    while metrics(server)["lymer_store_buffer_spans"]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"spans were not sealed within {patience_s} s")
        time.sleep(0.25)


def bytes_in(folder: Path, *parts: str) -> int:
    """How much the files under a folder take whose path has all these parts."""
    return sum(
        path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and all(part in path.parts or path.suffix == part for part in parts)
    )


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise KeyError(name)
