"""Start to ready: from the process's first instruction to the first 200 of its health port, on an empty folder."""

import shutil
import statistics

from bench.figures import Figure, Options, main
from e2e.server import Server

STARTS = 5


def run(options: Options) -> list[Figure]:
    """The median of some starts; with data it is measured by `bench.queries`."""
    seconds = []
    for _ in range(STARTS):
        folder = options.folder / "start"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        server = Server(folder / "data").start()
        seconds.append(server.ready_after_s)
        server.stop()
    note = f"{min(seconds):.2f} to {max(seconds):.2f} s in {STARTS} starts"
    return [Figure("start to ready, empty", statistics.median(seconds), "s", 1.5, note)]


if __name__ == "__main__":
    main(run, spans=1, quick_spans=1, summary=__doc__)
