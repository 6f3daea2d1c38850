"""Warnings as Jaeger carries them: an internal attribute of the span, which its v1 JSON shows as `warnings`."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from lymer.model.attributes import AttributeType, write_value
from lymer.model.schema import ATTRIBUTE
from lymer.query.adjust.spans import Spans

WARNINGS_KEY: Final = "@jaeger@warnings"
"""Jaeger's name of it; its value is an array of strings."""


def attach_warnings(spans: Spans) -> None:
    """Put what was said of each span behind its attributes."""
    if not spans.warnings:
        return
    warned = sorted(spans.warnings)
    items, rows = spans.items("attributes")
    texts = [write_value(list(spans.warnings[row])).encode() for row in warned]
    added = pa.array(
        [{"key": WARNINGS_KEY, "type": int(AttributeType.ARRAY), "number": 0, "text": text} for text in texts],
        ATTRIBUTE,
    )
    both = np.concatenate([rows, warned]).astype(np.int64)
    order = np.argsort(both, kind="stable")
    spans.replace_items("attributes", pa.concat_arrays([items, added]).take(pa.array(order)), both[order])
