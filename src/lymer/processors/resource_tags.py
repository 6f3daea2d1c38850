"""Attributes that every resource gets on its way in: Jaeger's `--collector.tags` and `--agent.tags`.

As Jaeger has it, a tag is appended unless the resource says the same already; another value of the same key stays
beside it. Which is why a batch loses its payload here: the log keeps its columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyarrow as pa

from lymer.component.base import SpanSink
from lymer.model.attributes import Pairs, read_bag, write_bag
from lymer.model.batch import SpanBatch
from lymer.model.edited import EditedColumns

REMEMBERED_MAX: Final = 1024
"""How many resources are remembered with their tags; a process has one resource."""


class ResourceTags:
    """A sink before a sink."""

    def __init__(self, tags: Mapping[str, str], sink: SpanSink) -> None:
        self._tags = tuple(tags.items())
        self._sink = sink
        self._remembered: dict[str, str] = {}

    async def write(self, batch: SpanBatch, /) -> None:
        """As `component.base.SpanSink`."""
        await self._sink.write(self.tagged(batch))

    def tagged(self, batch: SpanBatch) -> SpanBatch:
        """The spans with these tags in their resources."""
        if not len(batch):
            return batch
        columns = EditedColumns(batch.record_batch)
        column = columns.column("resource_attributes")
        texts = pa.array([self._with_tags(text) for text in column.dictionary.to_pylist()], column.dictionary.type)
        columns.replace("resource_attributes", pa.DictionaryArray.from_arrays(column.indices, texts))
        return SpanBatch.from_record_batch(columns.record_batch)

    def _with_tags(self, text: str) -> str:
        tagged = self._remembered.get(text)
        if tagged is None:
            if len(self._remembered) >= REMEMBERED_MAX:
                self._remembered.clear()
            tagged = self._remembered[text] = self._write(text)
        return tagged

    def _write(self, text: str) -> str:
        said = read_bag(text)
        return write_bag(Pairs((*said, *(tag for tag in self._tags if tag not in said))))
