"""A store behind Jaeger's storage API: what that API can say is answered, the rest is refused and never left out."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from lymer.api.jaeger_storage import JaegerStorage
from lymer.component.clock import SystemClock
from lymer.component.errors import BudgetError, NotSupportedError, UnavailableError
from lymer.component.events import Events
from lymer.component.grpc_server import GrpcServer
from lymer.conformance.spans import NOON, batch, span, to_rows, trace_id
from lymer.conformance.store.harness import read
from lymer.exporters.store import StoreExporter
from lymer.model.search import AnySpan, Attribute, Compare, CompareTrace, Op, Order, SpanField, TimeRange, TraceField
from lymer.model.search import TraceSearch as Search
from lymer.model.trace import Operation
from lymer.pipeline.in_flight import InFlight
from lymer.query.jaeger_search import JaegerQuestion, trace_search
from lymer.query.service import QueryService
from lymer.receivers.otlp_grpc import OtlpGrpcConfig, OtlpGrpcReceiver
from lymer.storage.base import Budget
from lymer.storage.memory import MemoryStore
from lymer.storage.remote.config import RemoteConfig
from lymer.storage.remote.jaeger import JaegerStore


@pytest.fixture
async def store() -> AsyncIterator[JaegerStore]:
    """A JaegerStore whose other side is our own face of that API over the memory store."""
    clock = SystemClock()
    events, behind = Events(clock=clock), MemoryStore()
    await behind.start()
    otlp = OtlpGrpcReceiver(
        OtlpGrpcConfig(),
        StoreExporter(behind, events),
        in_flight=InFlight(64 << 20),
        events=events,
        clock=clock,
        host="127.0.0.1",
        port=0,
    )
    jaeger = JaegerStorage(QueryService(behind, None, events, clock), events)
    server = GrpcServer(
        [*jaeger.handlers(), otlp.handler],
        services=[],
        what="test",
        host="127.0.0.1",
        port=0,
        message_bytes_max=64 << 20,
    )
    server.bind()
    await server.start()
    store = JaegerStore(RemoteConfig(server=server.address))
    await store.start()
    yield store
    await store.close()
    await server.close()
    await otlp.close()
    await behind.close()


async def test_what_was_written_is_read_as_it_was(store: JaegerStore) -> None:
    spans = [
        span(1, 1, service="a", attributes=[("n", 1), ("n", 2)], kind="server"),
        span(1, 2, 1, start=5, service="b", status="error"),
    ]
    await store.write(batch([*spans, span(2, 1)]))
    assert await read(store, 1) == spans
    both = to_rows(await store.get_traces([trace_id(2), trace_id(9), trace_id(1)], Budget()))
    assert [row["trace_id"][-1] for row in both] == [2, 1, 1]
    assert len(await store.get_traces([trace_id(9)], Budget())) == 0


async def test_names_are_listed(store: JaegerStore) -> None:
    await store.write(batch([span(1, 1, service="b", name="x", kind="server"), span(1, 2, service="a")]))
    assert await store.services(Budget()) == ["a", "b"]
    assert await store.operations("b", Budget()) == [Operation("x", "server")]
    assert await store.operations("b", Budget(), kind="client") == []


@pytest.mark.parametrize(
    ("question", "traces"),
    [
        (JaegerQuestion(), [3, 2, 1]),
        (JaegerQuestion(service="a"), [2, 1]),
        (JaegerQuestion(service="a", operation="get"), [1]),
        (JaegerQuestion(tags={"n": "42"}), [1]),
        (JaegerQuestion(tags={"error": "true"}), [2]),
        (JaegerQuestion(tags={"error": "false"}, service="a"), [1]),
        (JaegerQuestion(tags={"span.kind": "server"}), [3]),
        (JaegerQuestion(duration_min_nano=2000), [3]),
        (JaegerQuestion(duration_max_nano=1500), [2, 1]),
        (JaegerQuestion(time=TimeRange(NOON + 1, NOON + 1)), [2]),
        (JaegerQuestion(limit=1), [3]),
    ],
)
async def test_jaegers_questions_are_answered(store: JaegerStore, question: JaegerQuestion, traces: list[int]) -> None:
    await store.write(
        batch(
            [
                span(1, 1, service="a", name="get", attributes={"n": 42}),
                span(2, 1, service="a", name="put", start=1, status="error"),
                span(3, 1, service="b", kind="server", start=2, duration=3000),
            ]
        )
    )
    page = await store.find_traces(trace_search(question), Budget())
    assert [int.from_bytes(one, "big") for one in page.summaries.column("trace_id").to_pylist()] == traces
    assert (page.cursor, page.total) == (None, None)


@pytest.mark.parametrize(
    "search",
    [
        Search(order=Order.LONGEST),
        Search(with_total=True),
        Search(cursor="x"),
        Search(where=CompareTrace(TraceField.SPAN_COUNT, Op.GT, 3)),
        Search(where=AnySpan(Compare(SpanField.NAME, Op.REGEX, "x"))),
        Search(where=AnySpan(Compare(Attribute("n"), Op.EQ, 42))),
    ],
)
async def test_what_it_cannot_be_asked_is_refused(store: JaegerStore, search: Search) -> None:
    with pytest.raises(NotSupportedError):
        await store.find_traces(search, Budget())


async def test_what_it_does_not_know_is_refused(store: JaegerStore) -> None:
    for asking in (
        store.attribute_keys(Budget()),
        store.attribute_values("n", Budget()),
        store.service_graph(Budget()),
        store.delete_trace(trace_id(1)),
    ):
        with pytest.raises(NotSupportedError):
            await asking
    assert store.archive() is None


async def test_budgets_hold(store: JaegerStore) -> None:
    await store.write(batch([span(1, number) for number in range(1, 500)]))
    with pytest.raises(BudgetError):
        await store.get_traces([trace_id(1)], Budget(memory_bytes_max=1000))
    spent = Budget()
    spent.cancelled = True
    with pytest.raises(BudgetError):
        await store.services(spent)


async def test_health_follows_the_other_side(store: JaegerStore) -> None:
    assert store.health().can_write
    lonely = JaegerStore(RemoteConfig(server="127.0.0.1:1"))
    await lonely.start()
    assert not lonely.health().can_read
    with pytest.raises(UnavailableError):
        await lonely.services(Budget())
    with pytest.raises(UnavailableError):
        await lonely.write(batch([span(1, 1)]))
    await lonely.close()
