"""Figures over a store that does not count by itself: page by page, exact, within the budget."""

import pytest

from lymer.component.errors import BudgetError
from lymer.conformance.spans import NOON, batch, span
from lymer.model.search import AnySpan, Compare, Op, SpanField, TimeRange
from lymer.query import overview
from lymer.query.overview import ask_overview
from lymer.storage.base import DEFAULT_TENANT, Budget
from lymer.storage.memory import MemoryStore
from lymer.wire.overview import FacetQuestion, HistogramQuestion, RedQuestion, part_of_batch

PAGE_TRACES = 3
ALL = batch(
    [
        span(
            trace,
            number,
            number - 1 or None,
            start=100 * trace + number,
            duration=trace * number,
            service="ab"[number % 2],
            status="error" if trace % 4 == 0 else "ok",
        )
        for trace in range(1, 12)
        for number in range(1, 4)
    ]
)
TIME = TimeRange(NOON, NOON + 10_000)
SPAN_OF_A = Compare(SpanField.SERVICE, Op.EQ, "a")
QUESTIONS = [
    RedQuestion(time=TIME, bucket_nano=500, bucket_count=4, by_operation=True),
    RedQuestion(time=TIME, where=SPAN_OF_A),
    HistogramQuestion(time=TIME, bucket_start=NOON, bucket_nano=500, bucket_count=4, duration_edges=(0, 10, 100)),
    FacetQuestion(time=TIME, facets=("service", "status"), where=AnySpan(SPAN_OF_A)),
]


class Paged(MemoryStore):
    """Notes how many traces are asked for at once."""

    def __init__(self):
        super().__init__()
        self.asked = []

    async def get_traces(self, trace_ids, budget, /, *, tenant=DEFAULT_TENANT):
        self.asked.append(len(trace_ids))
        return await super().get_traces(trace_ids, budget, tenant=tenant)


@pytest.fixture
async def store(monkeypatch):
    monkeypatch.setattr(overview, "_PAGE_TRACES", PAGE_TRACES)
    store = Paged()
    await store.start()
    await store.write(ALL)
    yield store
    await store.close()


@pytest.mark.parametrize("question", QUESTIONS)
async def test_pages_add_up_to_the_whole(store, question):
    answer = await ask_overview(store, question, Budget(), DEFAULT_TENANT)
    assert answer.to_pylist() == question.merge([part_of_batch(question, ALL)]).to_pylist()
    assert answer.num_rows
    assert store.asked == [3, 3, 3, 2]


async def test_what_is_fetched_is_within_the_budget(store):
    with pytest.raises(BudgetError, match="memory"):
        await ask_overview(store, QUESTIONS[0], Budget(memory_bytes_max=100), DEFAULT_TENANT)
    assert len(store.asked) <= 1
