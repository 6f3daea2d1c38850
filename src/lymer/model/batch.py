"""SpanBatch: the only thing that moves between doors, processors and stores.

One Arrow record batch of THE schema. It may stand on columns that still live in the native core; they become a
pyarrow record batch, without a copy, when somebody looks at them. It is not a list of span objects and has none.
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec
import pyarrow as pa

from lymer.model.schema import SPAN_SCHEMA


class ArrowColumns(Protocol):
    """Whatever hands out a record batch of THE schema through Arrow's PyCapsule interface."""

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

    @property
    def num_rows(self) -> int: ...


class Payload(msgspec.Struct, frozen=True):
    """The bytes that a batch was decoded from; decoding them again gives the same rows."""

    format: str
    """Name of the codec in `wire.codecs`, e.g. `otlp_proto`."""
    data: bytes


class SpanBatch:
    """Spans as columns. Immutable: a change makes a new batch, which no longer knows a payload."""

    __slots__ = ("_record_batch", "columns", "payload")

    def __init__(self, columns: ArrowColumns, payload: Payload | None = None) -> None:
        self.columns = columns
        """The columns where they are: native ones, or the record batch itself."""
        self.payload = payload
        """What the rows were decoded from, as long as nobody has changed them."""
        self._record_batch: pa.RecordBatch | None = columns if isinstance(columns, pa.RecordBatch) else None

    @classmethod
    def from_record_batch(cls, record_batch: pa.RecordBatch) -> SpanBatch:
        """A batch of these columns. Raises ValueError when they are not of THE schema."""
        if not record_batch.schema.equals(SPAN_SCHEMA, check_metadata=False):
            raise ValueError(f"not the span schema: {_first_difference(record_batch.schema)}")
        return cls(record_batch)

    @classmethod
    def empty(cls) -> SpanBatch:
        """No spans."""
        return cls(pa.RecordBatch.from_pylist([], schema=SPAN_SCHEMA))

    @classmethod
    def concat(cls, batches: list[SpanBatch]) -> SpanBatch:
        """All rows of the batches, in order."""
        if len(batches) == 1:
            return batches[0]
        if not batches:
            return cls.empty()
        table = pa.Table.from_batches([batch.record_batch for batch in batches]).unify_dictionaries().combine_chunks()
        rows = table.to_batches()
        return cls(rows[0]) if rows else cls.empty()

    @property
    def record_batch(self) -> pa.RecordBatch:
        """The columns as pyarrow sees them. No copy."""
        if self._record_batch is None:
            self._record_batch = pa.record_batch(self.columns)
        return self._record_batch

    def __len__(self) -> int:
        return self.columns.num_rows

    def take(self, rows: Any) -> SpanBatch:
        """A new batch of the rows at these positions (a numpy or Arrow array of integers)."""
        return SpanBatch(self.record_batch.take(pa.array(rows)))


def _first_difference(schema: pa.Schema) -> str:
    for position, field in enumerate(SPAN_SCHEMA):
        if position >= len(schema.names):
            return f"column {field.name} is missing"
        if not schema.field(position).equals(field):
            return f"column {position} is {schema.field(position)}, not {field}"
    return f"{len(schema.names) - len(SPAN_SCHEMA.names)} columns too many"
