"""OTLP/HTTP, 500-span requests: receive to durable and sealed."""

from bench.figures import Figure, Options, main
from bench.ingest import measure

SPANS, QUICK_SPANS = 4_000_000, 1_000_000


def run(options: Options) -> list[Figure]:
    """All CPU of the process divided by the spans."""
    return measure(options, scheme="http", goal_us=2.5)


if __name__ == "__main__":
    main(run, spans=SPANS, quick_spans=QUICK_SPANS, summary=__doc__)
