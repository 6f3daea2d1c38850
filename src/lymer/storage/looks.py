"""What a store may offer besides its promise: to answer close questions where its spans lie.

A store without these is asked for whole traces, and the same kernels look at those (`query`); a store with them spares
that. They answer what `storage.base` would, only sooner.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar, runtime_checkable

import pyarrow as pa

from lymer.storage.base import DEFAULT_TENANT, Budget
from lymer.wire.overview import OverviewQuestion
from lymer.wire.trace_view import TraceView

T = TypeVar("T")


@runtime_checkable
class LooksAtTraces(Protocol):
    """Answers questions about one trace without handing all its spans out."""

    async def ask_trace(
        self,
        trace_id: bytes,
        question: Callable[[TraceView], T],
        budget: Budget,
        /,
        *,
        tenant: str = DEFAULT_TENANT,
    ) -> T | None:
        """What `question` says of the whole trace, asked on a thread; None when there is no such trace.

        Raises what the question raises, and what any read may raise.
        """


@runtime_checkable
class Overviews(Protocol):
    """Answers questions over all spans without handing them out."""

    async def overview(
        self, question: OverviewQuestion, budget: Budget, /, *, tenant: str = DEFAULT_TENANT
    ) -> pa.Table:
        """The answer as `question.merge` gives it, exact. Raises what any read may raise."""
