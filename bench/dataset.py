"""A store full of spans for the benchmarks of reads, and what is known of it. Built once for a size, then used again.

python -m bench.dataset --spans 50000000 --folder bench-data
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bench.data import EPOCH_NANO, HOUR_NANO, Requests, Shape
from lymer.component import registry
from lymer.component.clock import SystemClock
from lymer.wire.codecs import decode

SAMPLES = 400
SPAN_INTERVAL_NANO = HOUR_NANO // 10**6
"""A million spans an hour: 50 M spans are two days."""
_WRITES_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Facts:
    """What is in the store."""

    spans: int
    trace_ids: list[str]
    """Of traces of all ages; most have a few dozen spans."""
    users: list[str]
    """Values of `user.id` that occur."""
    requests: list[str]
    """Values of `request.id`; each occurs once."""
    write_cpu_us: float
    """CPU of decode, log, buffer and seal while it was built, us a span."""

    @property
    def end_unix_nano(self) -> int:
        return EPOCH_NANO + self.spans * SPAN_INTERVAL_NANO


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data folder and what is in it."""

    data_dir: Path
    facts: Facts


def dataset(folder: Path, spans: int) -> Dataset:
    """The store with so many spans; built when it is not there."""
    data_dir = folder / f"spans-{spans}"
    known = folder / f"spans-{spans}.json"
    if not known.exists():
        shutil.rmtree(data_dir, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        facts = asyncio.run(_build(data_dir, spans))
        known.write_text(json.dumps({name: getattr(facts, name) for name in Facts.__slots__}))
    return Dataset(data_dir, Facts(**json.loads(known.read_text())))


def open_store(data_dir: Path, **settings: Any) -> Any:
    """The embedded store over the folder, not started."""
    kind = registry.find("stores", "embedded")
    return kind.from_config({"retention": {"age": 0}, **settings}, data_dir=data_dir, clock=SystemClock())


async def _build(data_dir: Path, spans: int) -> Facts:
    store = open_store(data_dir, seal={"idle": 0.5})
    await store.start()
    requests = Requests(Shape(), span_interval_nano=SPAN_INTERVAL_NANO)
    count = spans // requests.shape.spans_per_request
    samples: list[ExportTraceServiceRequest] = []
    began_cpu_s, began_s = time.process_time(), time.monotonic()
    payloads = requests.take(count)
    every = max(1, count // SAMPLES)
    numbered = enumerate(payloads)
    await asyncio.gather(*(_write(store, numbered, samples, every) for _ in range(_WRITES_AT_ONCE)))
    await store.seal()
    cpu_us = (time.process_time() - began_cpu_s) / spans * 1e6
    await store.close()
    print(
        f"built {spans:,} spans in {time.monotonic() - began_s:.0f} s, {cpu_us:.2f} us CPU a span, generator included"
    )
    return Facts(spans, *_samples(samples), cpu_us)


async def _write(
    store: Any, payloads: Iterator[tuple[int, bytes]], samples: list[ExportTraceServiceRequest], every: int
) -> None:
    for number, payload in payloads:
        if number % every == 0:
            samples.append(ExportTraceServiceRequest.FromString(payload))
        await store.write(decode("otlp_proto", payload).batch)


def _samples(requests: list[ExportTraceServiceRequest]) -> tuple[list[str], list[str], list[str]]:
    trace_ids, users, unique = [], [], []
    for request in requests:
        spans = [span for group in request.resource_spans for span in group.scope_spans[0].spans]
        sizes: dict[bytes, int] = {}
        for span in spans:
            sizes[span.trace_id] = sizes.get(span.trace_id, 0) + 1
        trace_ids += [trace_id.hex() for trace_id, size in sizes.items() if 24 <= size <= 60][:3]
        users += _values(spans, "user.id")[:1]
        unique += _values(spans, "request.id")[:1]
    return trace_ids, users, unique


def _values(spans: list[Any], key: str) -> list[str]:
    return [item.value.string_value for span in spans for item in span.attributes if item.key == key]


def main() -> None:
    parser = argparse.ArgumentParser(description="Build a store full of spans.")
    parser.add_argument("--spans", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, default=Path("bench-data"))
    options = parser.parse_args()
    print(dataset(options.folder, options.spans).data_dir)


if __name__ == "__main__":
    main()
