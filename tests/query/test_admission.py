"""Who may ask, for how long, and who is told to come back later."""

import asyncio

import pytest

from lymer.component.clock import ManualClock
from lymer.component.errors import BadQueryError, BudgetError, NotFoundError, OverloadedError, UnavailableError
from lymer.component.events import Events
from lymer.query.admission import Admission, GoneError, QueryConfig


class Observed(Events):
    """Remembers what was observed."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def query_answered(self, kind, seconds, *, result="ok"):
        self.seen.append((kind, seconds, result))


@pytest.fixture
def events():
    return Observed()


def admission(events, clock=None, **config):
    return Admission(QueryConfig(**config), events, clock or ManualClock())


async def answer(budget):
    return "answer"


async def forever(budget):
    await asyncio.Event().wait()


async def test_an_answer_is_handed_on_and_observed(events):
    clock = ManualClock()

    async def slow(budget):
        clock.advance(2.5)
        return 7

    assert await admission(events, clock).ask("find_traces", slow) == 7
    assert events.seen == [("find_traces", pytest.approx(2.5), "ok")]


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (BadQueryError("x"), "bad"),
        (BudgetError("x"), "budget"),
        (NotFoundError("x"), "not_found"),
        (OverloadedError("x"), "overloaded"),
        (UnavailableError("x"), "failed"),
        (RuntimeError("x"), "failed"),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else "",
)
async def test_an_error_is_handed_on_and_observed(events, error, result):
    async def fail(budget):
        raise error

    asked = admission(events, concurrent_max=1)
    with pytest.raises(type(error)):
        await asked.ask("q", fail)
    assert [seen[2] for seen in events.seen] == [result]
    assert await asked.ask("q", answer) == "answer"


async def test_a_budget_is_as_configured(events):
    async def look(budget):
        return budget.time_s, budget.memory_bytes_max

    assert await admission(events, time_s=3.0, memory_bytes_max=99).ask("q", look) == (3.0, 99)


async def test_all_questions_share_one_memory(events):
    asked = admission(events, memory_bytes_max=100)
    holding, release = asyncio.Event(), asyncio.Event()

    async def hold(budget):
        budget.check(60)
        budget.check(10)
        holding.set()
        await release.wait()

    async def need(budget, count):
        budget.check(count)

    first = asyncio.create_task(asked.ask("q", hold))
    await holding.wait()
    await asked.ask("q", lambda budget: need(budget, 40))
    with pytest.raises(OverloadedError, match="other queries"):
        await asked.ask("q", lambda budget: need(budget, 41))
    with pytest.raises(BudgetError, match="memory"):
        await asked.ask("q", lambda budget: need(budget, 101))
    release.set()
    await first
    await asked.ask("q", lambda budget: need(budget, 100))


async def test_work_that_never_checks_its_budget_ends_anyway(events):
    with pytest.raises(BudgetError, match="longer than its budget"):
        await admission(events, time_s=0.001).ask("q", forever)
    assert events.seen[0][2] == "budget"


async def test_so_many_work_at_once_and_the_others_wait(events):
    asked = admission(events, concurrent_max=2)
    working, most = 0, 0

    async def work(budget):
        nonlocal working, most
        working += 1
        most = max(most, working)
        for _ in range(3):
            await asyncio.sleep(0)
        working -= 1

    await asyncio.gather(*(asked.ask("q", work) for _ in range(10)))
    assert most == 2
    assert len(events.seen) == 10


async def test_beyond_those_who_may_wait_one_is_refused_at_once(events):
    asked = admission(events, concurrent_max=1, waiting_max=1)
    release = asyncio.Event()

    async def held(budget):
        await release.wait()

    first, second = asyncio.create_task(asked.ask("q", held)), asyncio.create_task(asked.ask("q", held))
    await asyncio.sleep(0)
    with pytest.raises(OverloadedError, match="already waiting"):
        await asked.ask("q", answer)
    release.set()
    await asyncio.gather(first, second)
    assert [seen[2] for seen in events.seen] == ["overloaded", "ok", "ok"]


async def test_a_wait_is_bounded(events):
    asked = admission(events, concurrent_max=1, wait_s=0.001)
    holding = asyncio.create_task(asked.ask("q", forever))
    await asyncio.sleep(0)
    with pytest.raises(OverloadedError, match="no turn"):
        await asked.ask("q", answer)
    holding.cancel()
    await asyncio.gather(holding, return_exceptions=True)
    assert await asked.ask("q", answer) == "answer"


async def test_who_goes_away_is_no_longer_worked_for(events):
    asked, gone, budgets = admission(events, concurrent_max=1), asyncio.Event(), []

    async def work(budget):
        budgets.append(budget)
        await asyncio.Event().wait()

    asking = asyncio.create_task(asked.ask("q", work, gone.wait))
    while not budgets:
        await asyncio.sleep(0)
    gone.set()
    with pytest.raises(GoneError):
        await asking
    assert budgets[0].cancelled
    with pytest.raises(BudgetError, match="went away"):
        budgets[0].check()
    assert [seen[2] for seen in events.seen] == ["cancelled"]
    assert await asked.ask("q", answer, asyncio.Event().wait) == "answer"


async def test_an_error_is_the_same_with_somebody_watching(events):
    async def fail(budget):
        raise BadQueryError("x")

    with pytest.raises(BadQueryError):
        await admission(events).ask("q", fail, asyncio.Event().wait)


async def test_a_cancelled_asker_frees_its_turn(events):
    asked = admission(events, concurrent_max=1)
    for watching in (None, asyncio.Event().wait):
        asking = asyncio.create_task(asked.ask("q", forever, watching))
        await asyncio.sleep(0.001)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await asked.ask("q", answer) == "answer"
    assert [seen[2] for seen in events.seen] == ["cancelled", "ok"] * 2


async def test_threads_of_an_asker_who_left_stop_at_their_next_check(events):
    gone, stopped = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def work_in_thread(budget):
        loop.call_soon_threadsafe(gone.set)
        try:
            while True:
                budget.check()
        except BudgetError:
            loop.call_soon_threadsafe(stopped.set)
            raise

    with pytest.raises(GoneError):
        await admission(events).ask("q", lambda budget: asyncio.to_thread(work_in_thread, budget), gone.wait)
    async with asyncio.timeout(5):
        await stopped.wait()
