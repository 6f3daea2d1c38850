"""An edge gateway: it decides for everybody behind it, by tier, and keeps at most N traces a second whatever comes.

S (payment, login) all, A (orders, queries) half, B (reports, tracking) a tenth; then at most EDGE_TRACES_PER_SECOND.

python examples/edge/edge.py [REQUESTS]
"""

import os
import sys
from collections import Counter
from typing import Any

import lymer_sdk as lymer
from lymer_sdk.sampling import RateLimiting, Tiers
from lymer_sdk.sampling.decision import DROP, Decision, Question

TIERS = {"/pay": "S", "/orders": "A", "/track": "B"}


class Converging:
    """What the tiers keep, and of that so many a second at most."""

    def __init__(self, per_second_max: float) -> None:
        self._limit = RateLimiting(per_second_max)
        self._tiers = Tiers(self._limit)

    def decide(self, question: Question, /) -> Decision:
        """The tier first: what it drops costs no credit."""
        decision = self._tiers.decide(question)
        return decision if decision.sampled and self._limit.decide(question).sampled else DROP


def handle(tracer: Any, path: str) -> tuple[bool, str]:
    """One request at the edge, and one service behind it that follows the edge's decision."""
    with tracer.span(f"GET {path}", kind="server", tier=TIERS[path]) as span:
        headers = lymer.inject({})
        with lymer.consume(headers, "behind the edge", kind="server") as inner:
            assert inner.is_recording() == span.is_recording()
        return span.is_recording(), f"{span.trace_id:032x}"


def main() -> None:
    """Sends as many requests as it can, and counts what is kept."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    limit = float(os.environ.get("EDGE_TRACES_PER_SECOND", "20"))
    tracer = lymer.init("edge", sampler=Converging(limit))
    kept: Counter[str] = Counter()
    for number in range(count):
        path = list(TIERS)[number % 3]
        sampled, trace_id = handle(tracer, path)
        kept[path] += sampled
        if sampled:
            print(f"trace {trace_id}")
    print(f"kept {sum(kept.values())} of {count}", file=sys.stderr)
    lymer.close()


if __name__ == "__main__":
    main()
