"""Whether a batch is as spans should be, asked of the native core: one quick look at all rows.

Not here: which rows are odd, and what becomes of them (`processors.sanitize`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import Final

from lymer import _native
from lymer.model.batch import SpanBatch
from lymer.wire.columns import native_columns


class Oddity(IntFlag):
    """What can be odd about spans. The native core has the same bits (native/decode/src/limits.rs)."""

    EMPTY_SERVICE_NAME = 1
    EMPTY_NAME = 2
    LONG_NAME = 4
    NEGATIVE_DURATION = 8
    FAR_START = 16
    MANY_ATTRIBUTES = 32
    LONG_KEY = 64
    LONG_VALUE = 128
    MANY_EVENTS = 256
    MANY_LINKS = 512
    LARGE_BAG = 1024
    NOT_UTF8 = 2048


NO_ODDITY: Final = Oddity(0)
"""Of most batches; made once, because making a flag costs as much as looking at thirty spans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanLimits:
    """What a span may have at most."""

    name_bytes: int
    attributes: int
    attribute_key_bytes: int
    attribute_value_bytes: int
    events: int
    links: int


def oddities(batch: SpanBatch, limits: SpanLimits, *, min_start_unix_nano: int, max_start_unix_nano: int) -> Oddity:
    """What is odd about any span of the batch; 0 for most batches. A text that no span uses may be counted."""
    found = _native.oddities(
        native_columns(batch),
        name_bytes=limits.name_bytes,
        attributes=limits.attributes,
        attribute_key_bytes=limits.attribute_key_bytes,
        attribute_value_bytes=limits.attribute_value_bytes,
        events=limits.events,
        links=limits.links,
        min_start=min_start_unix_nano,
        max_start=max_start_unix_nano,
    )
    return Oddity(found) if found else NO_ODDITY


def repaired_rows(batch: SpanBatch) -> list[int]:
    """The rows whose text was not UTF-8 when they were decoded; columns of others have none."""
    columns = batch.columns
    return columns.repaired_rows if isinstance(columns, _native.Batch) else []
