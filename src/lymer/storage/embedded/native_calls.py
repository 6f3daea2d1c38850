"""Asking the native core a planned question: its errors as ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from lymer._native import OpenBuffer, View
from lymer.component.errors import BadQueryError, BudgetError, UnavailableError

T = TypeVar("T")


def ask(question: Callable[[View, str], T], view: View, plan: str) -> T:
    """The answer. Raises BadQueryError for a bad plan, BudgetError when time is over, UnavailableError for damage."""
    return _answer(lambda: question(view, plan), lambda: question(OpenBuffer(), plan))


def ask_all(
    question: Callable[[list[View], list[str]], list[T]], views: Sequence[View], plans: Sequence[str]
) -> list[T]:
    """The answer of each view to its plan. Raises what `ask` does."""
    return _answer(lambda: question(list(views), list(plans)), lambda: question([OpenBuffer()], list(plans[:1])))


def _answer(question: Callable[[], T], same_of_nothing: Callable[[], object]) -> T:
    try:
        return question()
    except TimeoutError as error:
        raise BudgetError(f"the question took longer than its budget; narrow its time range ({error})") from error
    except ValueError as error:
        if _fails(same_of_nothing):
            raise BadQueryError(str(error)) from error
        raise UnavailableError(f"the store is damaged: {error}; see `lymer store verify`") from error


def _fails(question: Callable[[], object]) -> bool:
    """A plan that fails where there is nothing to ask is at fault itself."""
    try:
        question()
    except ValueError:
        return True
    return False
