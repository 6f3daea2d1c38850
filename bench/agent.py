"""The agent beside applications: Jaeger Thrift by UDP in, gRPC to a collector out; its CPU, and what got lost."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.figures import Figure, Options, main
from bench.foreign_bytes import jaeger_thrifts
from bench.ingest_foreign import ROUNDS, UDP_SPANS_PER_S, WARM_UP_SHARE, datagrams, span_batches
from bench.process import cpu_s, metrics
from bench.sink import CODECS, Sink
from e2e.server import Server

SPANS, QUICK_SPANS = 200_000, 100_000
PATIENCE_S = 10.0
"""What has not arrived so long after the last that did is lost."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one run of an agent came to."""

    cpu_us: float
    lost: int
    spans_a_message: float


def run(options: Options) -> list[Figure]:
    """All CPU of the agent divided by the spans, the spool on disk included; the best of some rounds, losses of all."""
    messages = jaeger_thrifts(span_batches(options.spans), "thriftpy2 compact", 50, method="emitBatch")
    each = options.spans / len(messages)
    rounds: dict[str, list[Round]] = {protocol: [] for protocol in CODECS}
    for _ in range(ROUNDS):
        for protocol, found in rounds.items():
            found.append(_measure(protocol, messages, options))
    figures = []
    for protocol, found in rounds.items():
        size = f"{each:.0f} spans a datagram, {found[-1].spans_a_message:,.0f} a message"
        figures += [
            Figure(f"agent, Thrift/UDP to {protocol}", min(one.cpu_us for one in found), "us CPU a span", note=size),
            Figure(
                f"agent, Thrift/UDP to {protocol}: lost",
                sum(one.lost for one in found),
                "spans",
                0,
                f"of {ROUNDS * options.spans:,} at {UDP_SPANS_PER_S:,} spans/s",
            ),
        ]
    return figures


def _measure(protocol: str, messages: Sequence[bytes], options: Options) -> Round:
    folder = options.folder / f"agent-{protocol}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    sink = Sink()
    # The admin port is where `Server` looks for it.
    settings = f"admin: {{port: 14269}}\nforward: {{protocol: {protocol}, collectors: ['{sink.address}']}}\n"
    (folder / "agent.yaml").write_text(settings)
    agent = Server(folder / "data", options=["agent", "--config", str(folder / "agent.yaml")]).start()
    send = datagrams("jaeger_udp_compact", options.spans / len(messages))
    try:
        first = max(1, len(messages) // WARM_UP_SHARE)
        send(agent, messages[:first])
        warm = _sent_when_quiet(agent, options.spans, patience_s=1.0)
        before = cpu_s(agent.pid)
        send(agent, messages[first:])
        sent = _sent_when_quiet(agent, options.spans, patience_s=PATIENCE_S)
        used_s = cpu_s(agent.pid) - before
    finally:
        agent.stop()
        came = sink.finish()
        shutil.rmtree(folder, ignore_errors=True)
    return Round(used_s / (sent - warm) * 1e6, options.spans - came["spans"], came["spans"] / came["messages"])


def _sent_when_quiet(agent: Server, all_spans: int, *, patience_s: float) -> int:
    """How many spans the agent has sent on, once there are no more to send or none was for so long."""
    sent, since = 0, time.monotonic()
    while sent < all_spans and time.monotonic() - since < (patience_s if sent else PATIENCE_S):
        time.sleep(0.1)
        now = int(metrics(agent).get("lymer_spans_sent_total", 0))
        if now != sent:
            sent, since = now, time.monotonic()
    if not sent:
        raise RuntimeError(f"the agent has sent nothing within {PATIENCE_S:g} s")
    return sent


if __name__ == "__main__":
    main(run, spans=SPANS, quick_spans=QUICK_SPANS, summary=__doc__)
