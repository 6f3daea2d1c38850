"""Delays double, stay below the limit, and differ by chance."""

from __future__ import annotations

from lymer.component.clock import new_random
from lymer.pipeline.retry import Backoff


def delays(seed: int, count: int = 12) -> list[float]:
    backoff = Backoff(first_s=0.1, max_s=5.0, chance=new_random(seed))
    return [backoff.fail() for _ in range(count)]


def test_delays_double_up_to_the_limit() -> None:
    for number, delay in enumerate(delays(1)):
        due = min(5.0, 0.1 * 2**number)
        assert due / 2 <= delay <= due


def test_two_that_failed_together_come_back_apart() -> None:
    assert delays(1) != delays(2)


def test_after_it_has_worked_it_begins_anew() -> None:
    backoff = Backoff(first_s=0.1, max_s=5.0, chance=new_random(3))
    for _ in range(9):
        backoff.fail()
    backoff.work()
    assert backoff.failures == 0
    assert backoff.fail() <= 0.1


def test_a_collector_that_says_when_is_believed() -> None:
    assert Backoff(first_s=0.1, max_s=5.0, chance=new_random(3)).fail(at_least_s=3.0) == 3.0
