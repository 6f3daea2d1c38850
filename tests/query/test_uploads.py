"""Uploads are kept for a while, in bounded memory, the oldest go first."""

import pytest

from lymer.component.clock import ManualClock
from lymer.component.errors import NotFoundError, TooLargeError
from lymer.conformance.spans import batch, span, trace_id
from lymer.query.uploads import Uploads
from lymer.wire.trace_view import TraceBuffer

SPANS = batch([span(1, 1), span(1, 2, 1), span(2, 1)])
SIZE = TraceBuffer(SPANS).memory_bytes


async def test_traces_of_an_upload_can_be_asked():
    uploads = Uploads(ManualClock(), seed=1)
    upload = await uploads.add("otlp", SPANS)
    assert await uploads.ask_trace(upload.upload_id, trace_id(1), lambda trace: trace.span_count) == 2
    assert upload.summaries.num_rows == 2
    with pytest.raises(NotFoundError):
        await uploads.ask_trace(upload.upload_id, trace_id(3), lambda trace: trace.span_count)
    with pytest.raises(NotFoundError):
        await uploads.ask_trace("other", trace_id(1), lambda trace: trace.span_count)


async def test_they_are_forgotten_after_their_time():
    clock = ManualClock()
    uploads = Uploads(clock, age_s=10, seed=1)
    upload = await uploads.add("otlp", SPANS)
    clock.advance(9)
    assert uploads.get(upload.upload_id) is upload
    assert uploads.expires_in_s(upload) == pytest.approx(1)
    clock.advance(2)
    with pytest.raises(NotFoundError):
        uploads.get(upload.upload_id)


async def test_the_oldest_make_room():
    uploads = Uploads(ManualClock(), bytes_max=2 * SIZE, seed=1)
    first, second, third = [await uploads.add("otlp", SPANS) for _ in range(3)]
    with pytest.raises(NotFoundError):
        uploads.get(first.upload_id)
    assert uploads.get(second.upload_id) is second
    assert uploads.get(third.upload_id) is third


async def test_what_is_too_large_alone_is_refused():
    with pytest.raises(TooLargeError):
        await Uploads(ManualClock(), bytes_max=SIZE - 1, seed=1).add("otlp", SPANS)
