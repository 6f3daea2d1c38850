"""Asking the native core a planned question: its errors as ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lymer._native import OpenBuffer, View
from lymer.component.errors import BadQueryError, BudgetError, UnavailableError

T = TypeVar("T")


def ask(question: Callable[[View, str], T], view: View, plan: str) -> T:
    """The answer. Raises BadQueryError for a bad plan, BudgetError when time is over, UnavailableError for damage."""
    try:
        return question(view, plan)
    except TimeoutError as error:
        raise BudgetError(f"the question took longer than its budget; narrow its time range ({error})") from error
    except ValueError as error:
        if _is_bad(question, plan):
            raise BadQueryError(str(error)) from error
        raise UnavailableError(f"the store is damaged: {error}; see `lymer store verify`") from error


def _is_bad(question: Callable[[View, str], T], plan: str) -> bool:
    """A plan that fails where there is nothing to ask is at fault itself."""
    try:
        question(OpenBuffer(), plan)
    except ValueError:
        return True
    return False
