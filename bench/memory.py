"""Resident memory at 100,000 spans a second. Anonymous memory counts; mapped pages of files are told apart."""

import shutil
import time

from bench.figures import Figure, Options, main
from bench.load import finish, start_load
from bench.process import anonymous_bytes, resident_bytes
from e2e.server import Server

SPANS, QUICK_SPANS = 60_000_000, 3_000_000
RATE = 100_000


def run(options: Options) -> list[Figure]:
    """The highest of samples taken every 100 ms."""
    folder = options.folder / "memory"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    server = Server(folder / "data").start()
    anonymous = resident = 0
    try:
        load = start_load(server.url("otlp_http"), "--spans", str(options.spans), "--rate", str(RATE))
        while load.poll() is None:
            anonymous = max(anonymous, anonymous_bytes(server.pid))
            resident = max(resident, resident_bytes(server.pid))
            time.sleep(0.1)
        outcome = finish(load)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    note = f"{outcome['spans_per_s']:,.0f} spans/s for {outcome['seconds']:.0f} s, {outcome['retries']} retries"
    return [
        Figure("anonymous memory at 100 k spans/s, peak", anonymous / 1e6, "MB", 500, note),
        Figure("resident memory, mapped files included, peak", resident / 1e6, "MB"),
    ]


if __name__ == "__main__":
    main(run, spans=SPANS, quick_spans=QUICK_SPANS, summary=__doc__)
