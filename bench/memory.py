"""Resident memory at 100,000 spans a second, and at full speed under a limit. Anonymous memory is what counts."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from typing import Any

from bench.figures import Figure, Options, main
from bench.load import finish, start_load
from bench.process import anonymous_bytes, resident_bytes
from e2e.server import Server

SPANS, QUICK_SPANS = 60_000_000, 3_000_000
RATE = 100_000
LIMIT_MIB = 384


@dataclass(slots=True)
class Peak:
    """The highest of samples taken every 100 ms, and what the load generator said."""

    load: dict[str, Any]
    anonymous: int = 0
    resident: int = 0

    @property
    def note(self) -> str:
        load = self.load
        return f"{load['spans_per_s']:,.0f} spans/s for {load['seconds']:.0f} s, {load['retries']} retries"


def run(options: Options) -> list[Figure]:
    """Both peaks."""
    steady = _peak(options, [], ["--spans", str(options.spans), "--rate", str(RATE)])
    limited = _peak(options, ["--memory-limit", f"{LIMIT_MIB}MiB"], ["--spans", str(min(options.spans, 10_000_000))])
    limit_mb = LIMIT_MIB * 2**20 / 1e6
    return [
        Figure("anonymous memory at 100 k spans/s, peak", steady.anonymous / 1e6, "MB", 500, steady.note),
        Figure("resident memory, mapped files included, peak", steady.resident / 1e6, "MB"),
        Figure(
            f"anonymous memory at full speed, --memory-limit {LIMIT_MIB}MiB, peak",
            limited.anonymous / 1e6,
            "MB",
            round(limit_mb),
            limited.note,
        ),
    ]


def _peak(options: Options, server_options: list[str], load_options: list[str]) -> Peak:
    folder = options.folder / "memory"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    server = Server(folder / "data", options=server_options).start()
    peak = Peak({})
    try:
        load = start_load(server.url("otlp_http"), *load_options)
        while load.poll() is None:
            peak.anonymous = max(peak.anonymous, anonymous_bytes(server.pid))
            peak.resident = max(peak.resident, resident_bytes(server.pid))
            time.sleep(0.1)
        peak.load = finish(load)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return peak


if __name__ == "__main__":
    main(run, spans=SPANS, quick_spans=QUICK_SPANS, summary=__doc__)
