"""How much a span may carry. What is over a limit is dropped and counted on the span."""

from __future__ import annotations

from typing import NamedTuple


class SpanLimits(NamedTuple):
    """The specification's limits with its defaults; a length of None is without limit."""

    attribute_count_max: int = 128
    attribute_length_max: int | None = None
    event_count_max: int = 128
    link_count_max: int = 128
    event_attribute_count_max: int = 128
    link_attribute_count_max: int = 128
