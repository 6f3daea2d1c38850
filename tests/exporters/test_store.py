"""The sink of receivers: tenant, counting, errors."""

from __future__ import annotations

import pyarrow as pa
import pytest

from lymer.component.errors import LymerError, OverloadedError, PermanentError, UnavailableError
from lymer.component.events import Events
from lymer.exporters.store import StoreExporter
from lymer.model.batch import SpanBatch
from lymer.storage.base import DEFAULT_TENANT


class FakeWriter:
    def __init__(self, error: Exception | None = None) -> None:
        self.written: list[tuple[SpanBatch, str]] = []
        self._error = error

    async def write(self, batch: SpanBatch, /, *, tenant: str = DEFAULT_TENANT) -> None:
        if self._error:
            raise self._error
        self.written.append((batch, tenant))


def three_rows() -> SpanBatch:
    return SpanBatch(pa.record_batch({"n": [1, 2, 3]}))


async def test_a_batch_goes_to_the_tenant_and_is_counted() -> None:
    writer, events = FakeWriter(), Events()
    batch = three_rows()
    await StoreExporter(writer, events, tenant="shop").write(batch)
    assert writer.written == [(batch, "shop")]
    assert events.registry.get_sample_value("lymer_spans_stored_total", {"tenant": "shop"}) == 3


async def test_an_empty_batch_is_durable_already() -> None:
    writer = FakeWriter()
    await StoreExporter(writer, Events()).write(SpanBatch.empty())
    assert writer.written == []


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (OverloadedError("full"), "overloaded"),
        (UnavailableError("disk"), "unavailable"),
        (PermanentError("no"), "refused"),
    ],
)
async def test_errors_go_through_and_are_counted(error: LymerError, cause: str) -> None:
    events = Events()
    with pytest.raises(type(error)):
        await StoreExporter(FakeWriter(error), events).write(three_rows())
    assert events.registry.get_sample_value("lymer_store_writes_failed_total", {"cause": cause}) == 1
    assert events.registry.get_sample_value("lymer_spans_stored_total", {"tenant": DEFAULT_TENANT}) is None


async def test_an_error_of_another_kind_means_come_again() -> None:
    with pytest.raises(UnavailableError, match="strange"):
        await StoreExporter(FakeWriter(LymerError("strange")), Events()).write(three_rows())
