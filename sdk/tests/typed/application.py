"""What applications write, for the type checker: pyright in strict mode must know every type of the public API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import lymer_sdk as lymer
from lymer_sdk import MemoryReporter, Reporter, Rule, Sampler, Tracer
from opentelemetry.trace import SpanKind

memory = MemoryReporter()
tracer: Tracer = lymer.init(
    "shop",
    tags={"env": "test"},
    sampler=Sampler.remote("http://localhost:5778/sampling", initial=Sampler.probabilistic(0.1), tiers={"S": 1.0}),
    reporter=Reporter.otlp("http://localhost:4318") | Reporter.log_spans() | Reporter.memory(memory),
    propagators=("tracecontext", "jaeger"),
)

with tracer.span("create-order", kind="server", tier="S") as span:
    span.tag("http.status_code", 200).log("cache_miss", key="user_123")
    span.baggage["tenant_id"] = "blue"
    name: int = span.trace_id


@lymer.trace
def plain(order: int) -> str:
    return str(order)


@lymer.trace("named", kind="client")
async def charge(order: int) -> int:
    return order


@lymer.trace
def numbers() -> Iterator[int]:
    yield 1


@lymer.trace()
async def more() -> AsyncIterator[int]:
    yield 1


said: str = plain(1)
headers: list[tuple[str, str]] = lymer.inject([])
with lymer.consume(headers, "process", batch_links=False) as handled:
    handled.set_attribute("k", 1)
with tracer.start_as_current_span("otel", kind=SpanKind.CLIENT) as current:
    current.add_event("e", {"k": "v"})
started = lymer.stats()["started"]
rule = Rule(lymer.AlwaysOn(), name="GET *")
done: bool = lymer.flush(1.0) and lymer.close(2.0)
lines: list[str] = lymer.settings()
