"""Searches while 50,000 spans a second come in, against the same searches on the idle server."""

import shutil
import statistics
import time
from typing import Any

from bench.figures import Figure, Options, main
from bench.load import finish, run_load, start_load
from bench.traffic import SERVICES
from e2e.server import Server

SPANS, QUICK_SPANS = 3_000_000, 500_000
RATE = 50_000
ROUNDS = 5


def run(options: Options) -> list[Figure]:
    """Half of the spans before the idle round, half while searching."""
    folder = options.folder / "search-under-load"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    server = Server(folder / "data").start()
    half = str(options.spans // 2)
    try:
        run_load(server.url("otlp_http"), "--spans", half, "--rate", "150000", "--seed", "1")
        idle = _searches(server)
        load = start_load(server.url("otlp_http"), "--spans", half, "--rate", str(RATE), "--seed", "2")
        time.sleep(6)  # The load generator builds its pool first.
        busy: list[float] = []
        while load.poll() is None and len(busy) < ROUNDS * len(idle):
            busy += _searches(server)
        outcome = finish(load)
    finally:
        server.stop()
    before, during = statistics.median(idle), statistics.median(busy)
    note = f"p50 {before:.1f} ms idle, {during:.1f} ms at {outcome['spans_per_s']:,.0f} spans/s; {len(busy)} searches"
    return [Figure("newest 20 whole traces of a service while 50 k spans/s come in", during / before, "x", 2, note)]


def _searches(server: Server) -> list[float]:
    walls = []
    for service in SERVICES[:30]:
        began = time.perf_counter()
        server.get("/api/v3/trace-summaries", **_asked(service))
        walls.append((time.perf_counter() - began) * 1000)
    return walls


def _asked(service: str) -> dict[str, Any]:
    times = {"query.startTimeMin": "1970-01-01T00:00:00Z", "query.startTimeMax": "2200-01-01T00:00:00Z"}
    return {"query.serviceName": service, **times}


if __name__ == "__main__":
    main(run, spans=SPANS, quick_spans=QUICK_SPANS, summary=__doc__)
