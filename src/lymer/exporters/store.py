"""Hands batches to the store: chooses the tenant, counts, and lets only errors through that a receiver can answer."""

from __future__ import annotations

from lymer.component.errors import LymerError, OverloadedError, PermanentError, RetryableError, UnavailableError
from lymer.component.events import Events
from lymer.model.batch import SpanBatch
from lymer.storage.base import DEFAULT_TENANT, SpanWriter


class StoreExporter:
    """The sink of every receiver."""

    def __init__(self, store: SpanWriter, events: Events, *, tenant: str = DEFAULT_TENANT) -> None:
        self._store = store
        self._events = events
        self._tenant = tenant

    async def write(self, batch: SpanBatch, /) -> None:
        """As `component.base.SpanSink`. An empty batch is durable already."""
        if not len(batch):
            return
        try:
            await self._store.write(batch, tenant=self._tenant)
        except LymerError as error:
            self._events.store_write_failed(cause=_cause(error), reason=str(error))
            if isinstance(error, RetryableError | PermanentError):
                raise
            raise UnavailableError(f"the store failed: {error}") from error
        self._events.spans_stored(len(batch), tenant=self._tenant)


def _cause(error: LymerError) -> str:
    if isinstance(error, OverloadedError):
        return "overloaded"
    return "refused" if isinstance(error, PermanentError) else "unavailable"
