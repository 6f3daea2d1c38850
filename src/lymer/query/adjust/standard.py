"""Jaeger's standard adjusters, in its order: what its v1 and v3 APIs apply to whole traces unless `raw` is asked for.

Not here: dropping repeated spans, which is a promise of every store.
"""

from __future__ import annotations

from lymer.model.batch import SpanBatch
from lymer.query.adjust.attributes import move_library_attributes, normalize_ip_attributes
from lymer.query.adjust.clock_skew import correct_clock_skew
from lymer.query.adjust.collections import remove_empty_links, sort_attributes
from lymer.query.adjust.shared_ids import part_shared_span_ids
from lymer.query.adjust.spans import Spans
from lymer.query.adjust.warnings import WARNINGS_KEY, attach_warnings


def adjust(batch: SpanBatch, *, clock_skew_max_nano: int = 0) -> SpanBatch:
    """The spans of whole traces as Jaeger shows them; the batch itself where nothing is to change.

    Warnings about a span become its attribute `WARNINGS_KEY`, an array of strings. Clocks that disagree are corrected
    by at most `clock_skew_max_nano`; 0, Jaeger's default, corrects nothing and warns of what it would have done.
    """
    if not len(batch):
        return batch
    spans = Spans(batch.record_batch)
    part_shared_span_ids(spans)
    sort_attributes(spans)
    correct_clock_skew(spans, delta_max_nano=clock_skew_max_nano)
    normalize_ip_attributes(spans)
    move_library_attributes(spans)
    remove_empty_links(spans)
    attach_warnings(spans)
    return batch if spans.record_batch is batch.record_batch else SpanBatch(spans.record_batch)


__all__ = ["WARNINGS_KEY", "adjust"]
