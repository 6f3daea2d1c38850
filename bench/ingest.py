"""Ingest through a real port, to durable and sealed: all CPU of the process divided by the spans.

The ratio compares with what protobuf's upb needs to parse the same bytes, in the same moments of the same run.
"""

from __future__ import annotations

import shutil

from bench.figures import Figure, Options
from bench.load import run_load
from bench.process import anonymous_bytes, bytes_in, cpu_s, metrics, wait_until_sealed
from bench.yardstick import Yardstick
from e2e.server import Server

RATIO_GOAL = 5.0
DISK_GOAL_BYTES = 60.0
SETTINGS = "store: {seal: {age: 5s, idle: 2s}}\n"
"""So that the rest is sealed soon after the last span; the size of the other segments is the default's."""


def measure(options: Options, *, scheme: str, goal_us: float) -> list[Figure]:
    """Send all spans as fast as they are acknowledged, wait until all are sealed."""
    folder = options.folder / f"ingest-{scheme}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "lymer.yaml").write_text(SETTINGS)
    upb = Yardstick()
    server = Server(folder / "data", options=["--config", str(folder / "lymer.yaml")]).start()
    try:
        port = server.port("otlp_grpc" if scheme == "grpc" else "otlp_http")
        before = cpu_s(server.pid)
        with upb:
            load = run_load(f"{scheme}://127.0.0.1:{port}", "--spans", str(options.spans))
        memory = anonymous_bytes(server.pid)
        wait_until_sealed(server)
        cpu_us = (cpu_s(server.pid) - before) / load["spans"] * 1e6
        stored = metrics(server)["lymer_store_segment_spans"]
    finally:
        server.stop()
    if stored != load["spans"]:
        raise RuntimeError(f"{load['spans']} spans were acknowledged, {stored:.0f} are in segments")
    disk = bytes_in(folder / "data", "segments") / load["spans"]
    name = f"OTLP/{scheme.upper()}"
    note = (
        f"{load['spans']:,} spans, {load['spans_per_s'] / 1000:,.0f} k/s on two shared cores, {load['retries']} retries"
    )
    return [
        Figure(f"{name}: receive to durable and sealed", cpu_us, "us CPU a span", goal_us, note),
        Figure(f"{name}: ratio to upb's FromString", cpu_us / upb.mean_us, "x", RATIO_GOAL, _upb_note(upb, cpu_us)),
        Figure(f"{name}: disk after sealing, index included", disk, "B a span", DISK_GOAL_BYTES),
        Figure(f"{name}: anonymous memory at full speed", memory / 1e6, "MB"),
    ]


def _upb_note(upb: Yardstick, cpu_us: float) -> str:
    fastest = f"{upb.best_us:.2f} at its fastest, {cpu_us / upb.best_us:.2f} x"
    return f"upb {upb.mean_us:.2f} us a span in the same moments; {fastest}"
