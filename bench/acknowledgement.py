"""How long a sender waits for its acknowledgement at 50,000 spans a second. Acknowledged means durable."""

import shutil

from bench.figures import Figure, Options, main
from bench.load import run_load
from e2e.server import Server

SPANS, QUICK_SPANS = 3_000_000, 500_000
RATE = 50_000


def run(options: Options) -> list[Figure]:
    """Requests of 500 spans at a steady rate; each is timed from when it was due."""
    folder = options.folder / "acknowledgement"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    server = Server(folder / "data").start()
    try:
        load = run_load(server.url("otlp_http"), "--spans", str(options.spans), "--rate", str(RATE))
    finally:
        server.stop()
    note = f"{load['spans_per_s']:,.0f} spans/s for {load['seconds']:.0f} s, {load['retries']} retries"
    return [
        Figure("acknowledgement at 50 k spans/s, p50", load["ack_p50_ms"], "ms", 10, note),
        Figure(
            "acknowledgement at 50 k spans/s, p99", load["ack_p99_ms"], "ms", 50, f"longest {load['ack_max_ms']:.0f} ms"
        ),
    ]


if __name__ == "__main__":
    main(run, spans=SPANS, quick_spans=QUICK_SPANS, summary=__doc__)
