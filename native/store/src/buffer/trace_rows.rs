//! The rows of one trace of the open buffer: they stand as they came.

use super::assemble;
use super::rows::rows_of;
use super::snapshot::Snapshot;
use super::trees::compute;
use crate::sources::{read_one, typed};
use crate::structure::Structure;
use crate::trace_rows::{PreOrder, TraceRows};
use crate::view::{ColumnRef, Result, Rows};
use arrow_array::cast::AsArray;
use arrow_array::{GenericListArray, RecordBatch};

impl TraceRows for Snapshot {
    fn preorder(&self, trace: u32) -> Result<Option<PreOrder>> {
        let rows = rows_of(&self.data.rows, self.state(trace));
        let mut structure = Structure::default();
        compute(&mut structure, &self.data, &rows);
        let view_row = |row: u32| match &self.selection {
            None => row,
            // A selection has its traces whole.
            Some(selection) => selection.rows.partition_point(|&other| other < row) as u32,
        };
        let ordered = structure.order.iter();
        Ok(Some(PreOrder {
            rows: ordered
                .map(|&place| view_row(rows[place as usize]))
                .collect(),
            parent: structure.parent,
            root: structure.root,
        }))
    }

    fn read_rows(&self, rows: &[u32]) -> Result<RecordBatch> {
        assemble::spans(&self.data, &self.buffer_rows(&Rows::List(rows.to_vec())))
    }

    fn has_items(&self, column: &ColumnRef, rows: &Rows) -> Result<Vec<bool>> {
        let array = read_one(self, column, rows)?;
        let list: &GenericListArray<i32> = typed(&array, array.as_list_opt())?;
        let offsets = list.value_offsets();
        Ok(offsets.windows(2).map(|pair| pair[0] < pair[1]).collect())
    }
}
