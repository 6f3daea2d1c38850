"""The budget of bytes between sockets and store."""

from __future__ import annotations

import pytest

from lymer.component.errors import OverloadedError
from lymer.pipeline.in_flight import InFlight


def test_bytes_are_given_back_at_the_end() -> None:
    budget = InFlight(100)
    with budget.request() as request:
        request.grow(60)
        request.grow(40)
        assert budget.figures() == {"bytes": 100, "bytes_max": 100, "requests": 1}
    assert budget.figures() == {"bytes": 0, "bytes_max": 100, "requests": 0}


def test_beyond_the_limit_the_sender_shall_come_again() -> None:
    budget = InFlight(100)
    with budget.request() as first, budget.request() as second:
        first.grow(60)
        with pytest.raises(OverloadedError) as raised:
            second.grow(41)
        assert raised.value.retry_after_s > 0
        second.grow(40)


def test_a_refused_request_holds_nothing() -> None:
    budget = InFlight(100)
    with budget.request() as first:
        first.grow(100)
        with pytest.raises(OverloadedError), budget.request() as second:
            second.grow(1)
        assert budget.bytes_used == 100


def test_a_request_that_is_alone_may_be_larger_than_the_budget() -> None:
    budget = InFlight(100)
    with budget.request() as only:
        only.grow(50)
        only.grow(500)
    assert budget.bytes_used == 0
