"""What a decoder gives back: the spans that are kept, and why others are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from lymer.model.batch import SpanBatch


@dataclass(frozen=True, slots=True)
class Refusal:
    """Spans of a payload that cannot be kept, while their neighbours can."""

    reason: str
    """Short and stable: senders see it, counters are labelled with it."""
    count: int


class Decoded(msgspec.Struct, frozen=True):
    """A payload as spans."""

    batch: SpanBatch
    refused: tuple[Refusal, ...] = ()


Decoder = Callable[[str, bytes], Decoded]
"""From a format and a body to spans; raises DecodeError."""
