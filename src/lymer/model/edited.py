"""A record batch of THE schema while columns of it are replaced, a column at a time, never a span at a time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]


class EditedColumns:
    """The columns as they are now. A span is a row number here."""

    def __init__(self, record_batch: pa.RecordBatch) -> None:
        self.record_batch = record_batch

    def __len__(self) -> int:
        return int(self.record_batch.num_rows)

    def column(self, name: str) -> pa.Array:
        """A column as it is now."""
        return self.record_batch.column(name)

    def replace(self, name: str, values: pa.Array) -> None:
        """Put other values into a column."""
        position = self.record_batch.schema.get_field_index(name)
        self.record_batch = self.record_batch.set_column(position, self.record_batch.schema.field(position), values)

    def ints(self, name: str) -> Ints:
        """A column of numbers or times, a copy that may be changed."""
        return np.array(self.column(name).cast(pa.int64()).to_numpy(zero_copy_only=False))

    def items(self, name: str) -> tuple[pa.StructArray, Ints]:
        """The items of a list column, one after the other, and the row of each."""
        column = self.column(name)
        return column.flatten(), pc.list_parent_indices(column).to_numpy(zero_copy_only=False)

    def replace_items(self, name: str, items: pa.StructArray, rows: Ints) -> None:
        """Put other items into a list column; `rows` is ascending."""
        offsets = np.searchsorted(rows, np.arange(len(self) + 1)).astype(np.int32)
        list_type = self.record_batch.schema.field(name).type
        self.replace(name, pa.ListArray.from_arrays(pa.array(offsets), items, type=list_type))
