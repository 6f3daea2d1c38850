"""Every question reaches the store, admitted and for its tenant; ids in every form; the archive behind the store."""

import asyncio

import pytest

from lymer.component.errors import BadQueryError, BudgetError, NotFoundError, NotSupportedError, OverloadedError
from lymer.component.events import Events
from lymer.conformance.spans import batch, span, to_rows, trace_id
from lymer.model.search import (
    AnySpan,
    Attribute,
    Compare,
    CompareTrace,
    Op,
    Order,
    Scope,
    SpanField,
    TimeRange,
    TraceField,
    TraceSearch,
)
from lymer.model.trace import Operation
from lymer.query.admission import QueryConfig
from lymer.query.service import QueryService
from lymer.storage.memory import MemoryStore


@pytest.fixture
async def store():
    store = MemoryStore()
    await store.start()
    await store.write(
        batch(
            [
                span(1, 1, service="a", start=0, attributes={"k": "x"}),
                span(1, 2, 1, service="b", start=1, kind="server"),
                span(2, 1, service="a", start=10),
                span(3, 1, service="a", start=20),
            ]
        )
    )
    await store.write(batch([span(9, 9, service="secret")]), tenant="other")
    yield store
    await store.close()


@pytest.fixture
def query(store):
    return QueryService(store)


def ids(spans):
    return [int.from_bytes(row["trace_id"], "big") for row in to_rows(spans)]


async def test_find_traces(query):
    page = await query.find_traces(TraceSearch(limit=2, with_total=True))
    assert (page.summaries.column("trace_id").to_pylist(), page.total) == ([trace_id(3), trace_id(2)], 3)


async def test_find_whole_traces_in_the_order_of_the_page(query):
    page, spans = await query.find_whole_traces(TraceSearch(order=Order.MOST_SPANS, limit=2))
    assert ids(spans) == [1, 1, 2]
    _, rest = await query.find_whole_traces(TraceSearch(order=Order.MOST_SPANS, cursor=page.cursor))
    assert ids(rest) == [3]
    _, none = await query.find_whole_traces(TraceSearch(AnySpan(Compare(SpanField.NAME, Op.EQ, "x"))))
    assert len(none) == 0


@pytest.mark.parametrize("text", ["1", "0000000000000001", "00000000000000000000000000000001", b"\x00" * 15 + b"\x01"])
async def test_get_traces_by_an_id_in_any_form(query, text):
    assert ids(await query.get_traces([text])) == [1, 1]


async def test_get_traces_refuses_what_is_no_id(query):
    with pytest.raises(BadQueryError, match="hex"):
        await query.get_traces(["1", "nonsense"])


async def test_the_other_questions(query):
    assert await query.services() == ["a", "b"]
    assert await query.operations("b") == [Operation("work", "server")]
    assert await query.operations("b", kind="client") == []
    assert (await query.attribute_keys(scope=Scope.SPAN)).column("key").to_pylist() == ["k"]
    assert (await query.attribute_values("k")).column("value").to_pylist() == ["x"]
    assert (await query.service_graph()).column("child").to_pylist() == ["b"]
    assert (await query.service_graph(time=TimeRange(0, 1))).num_rows == 0
    assert query.health().figures["spans"] == 5


async def test_tenants_are_apart(query):
    assert await query.services(tenant="other") == ["secret"]
    assert ids(await query.get_traces(["1", "9"], tenant="other")) == [9]
    assert len((await query.find_traces(TraceSearch(), tenant="nobody")).summaries) == 0


@pytest.mark.parametrize(
    "ask",
    [
        lambda query: query.find_traces(TraceSearch(limit=0)),
        lambda query: query.find_whole_traces(TraceSearch(Compare(SpanField.NAME, Op.EQ, "x"))),
        lambda query: query.service_graph(where=CompareTrace(TraceField.SPAN_COUNT, Op.EQ, 1)),
        lambda query: query.service_graph(where=Compare(Attribute("k"), Op.REGEX, "(")),
        lambda query: query.attribute_values("k", limit=0),
        lambda query: query.delete_trace("x"),
    ],
)
async def test_nonsense_is_refused(query, ask):
    with pytest.raises(BadQueryError):
        await ask(query)


async def test_an_archived_trace_is_found_when_the_store_has_lost_it(query, store):
    await query.archive_trace("2")
    await store.delete_trace(trace_id(2))
    assert ids(await query.get_traces(["3", "2", "7", "1"])) == [3, 2, 1, 1]
    assert ids(await query.get_traces(["2"])) == [2]


async def test_archiving_an_archived_trace_again_changes_nothing(query):
    for _ in range(2):
        await query.archive_trace("1")
    assert ids(await query.get_traces(["1"])) == [1, 1]


async def test_archive_answers_what_it_cannot_do(query, store):
    with pytest.raises(NotFoundError):
        await query.archive_trace("77")
    assert query.has_archive()
    without = QueryService(store.archive())
    assert not without.has_archive()
    with pytest.raises(NotSupportedError):
        await without.archive_trace("1")


async def test_a_deleted_trace_is_gone_from_the_archive_too(query):
    await query.archive_trace("1")
    await query.delete_trace("1")
    assert len(await query.get_traces(["1"])) == 0
    with pytest.raises(NotFoundError):
        await query.delete_trace("1")


async def test_questions_are_counted_by_kind_and_result(store):
    events = Events()
    query = QueryService(store, QueryConfig(), events)
    await query.services()
    with pytest.raises(NotFoundError):
        await query.delete_trace("77")
    count = events.registry.get_sample_value
    assert count("lymer_query_seconds_count", {"kind": "services", "result": "ok"}) == 1
    assert count("lymer_query_seconds_count", {"kind": "delete_trace", "result": "not_found"}) == 1


async def test_a_question_beyond_its_memory_is_refused(store):
    query = QueryService(store, QueryConfig(memory_bytes_max=10))
    with pytest.raises(BudgetError, match="memory"):
        await query.get_traces(["1"])


async def test_full_means_overloaded(store):
    class Stuck:
        def __getattr__(self, name):
            return lambda *_, **__: asyncio.Event().wait()

    query = QueryService(Stuck(), QueryConfig(concurrent_max=1, waiting_max=0))
    first = asyncio.create_task(query.services())
    await asyncio.sleep(0)
    with pytest.raises(OverloadedError):
        await query.services()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)


async def test_an_asker_who_leaves_ends_every_question(query):
    class Stuck:
        def archive(self, tenant):
            return None

        def __getattr__(self, name):
            return lambda *_, **__: asyncio.Event().wait()

    async def gone():
        return None

    stuck = QueryService(Stuck())
    for asking in (
        stuck.find_traces(TraceSearch(), gone=gone),
        stuck.find_whole_traces(TraceSearch(), gone=gone),
        stuck.get_traces(["1"], gone=gone),
        stuck.services(gone=gone),
        stuck.operations("a", gone=gone),
        stuck.attribute_keys(gone=gone),
        stuck.attribute_values("k", gone=gone),
        stuck.service_graph(gone=gone),
    ):
        with pytest.raises(BudgetError, match="went away"):
            await asking
