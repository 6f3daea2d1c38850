"""Figures over everything that a tenant has: each view is asked, split traces are asked whole, parts add up exactly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from lymer._native import OpenBuffer, View
from lymer.component.errors import BadQueryError, BudgetError, UnavailableError
from lymer.model.search import TimeRange
from lymer.storage.base import Budget
from lymer.storage.embedded.pieces import Snapshot
from lymer.storage.embedded.plan import Plan
from lymer.storage.embedded.whole_traces import whole_groups
from lymer.wire.overview import OverviewQuestion


def overview(snapshot: Snapshot, question: OverviewQuestion, budget: Budget) -> pa.Table:
    """The answer. Raises BadQueryError, BudgetError, UnavailableError."""
    plan = Plan(**question.plan())
    try:
        # A view with nothing in it: what fails here is the question's fault, and without any other it counts nothing.
        parts: list[Any] = [question.ask(OpenBuffer(), plan.for_view(budget))]
    except ValueError as error:
        raise BadQueryError(str(error)) from error
    for view, text in _asked(snapshot, question.time, plan, budget):
        budget.check(sum(part.nbytes for part in parts))
        parts.append(_ask(question, view, text))
    return question.merge(parts)


def _ask(question: OverviewQuestion, view: View, plan: str) -> Any:
    try:
        return question.ask(view, plan)
    except TimeoutError as error:
        raise BudgetError(f"the question took longer than its budget; narrow its time range ({error})") from error
    except ValueError as error:
        raise UnavailableError(f"the store is damaged: {error}; see `lymer store verify`") from error


def _asked(snapshot: Snapshot, time: TimeRange, plan: Plan, budget: Budget) -> Iterator[tuple[View, str]]:
    for source in snapshot.sources:
        if source.max_start >= time.start and source.min_start <= time.end:
            yield source.view, plan.for_view(budget, source.skip_hex, source.traces_max)
    for buffer, skip_hex in whole_groups(snapshot, time, budget):
        yield buffer, plan.for_view(budget, skip_hex)
