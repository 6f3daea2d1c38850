//! The rows of one trace of a segment: they stand in pre-order.

use super::Segment;
use super::columns::{EVENTS_LEAF, LINKS_LEAF};
use crate::trace_rows::{PreOrder, TraceRows};
use crate::view::{ColumnRef, Result, Rows, StoreError, View};
use arrow_array::{RecordBatch, UInt32Array};

/// Of the leaves of events and links, those with the least to read: the counts of dropped attributes.
const EVENT_COUNTS: usize = EVENTS_LEAF + 3;
const LINK_COUNTS: usize = LINKS_LEAF + 4;

impl TraceRows for Segment {
    fn preorder(&self, _trace: u32) -> Result<Option<PreOrder>> {
        Ok(None)
    }

    fn read_rows(&self, rows: &[u32]) -> Result<RecordBatch> {
        let mut sorted = rows.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let mut traces = self.traces_of_rows(&sorted);
        traces.dedup();
        let batch = self.assemble(&Rows::List(sorted.clone()), &traces)?;
        if sorted == rows {
            return Ok(batch);
        }
        let places: UInt32Array = rows
            .iter()
            .map(|row| sorted.partition_point(|other| other < row) as u32)
            .collect();
        arrow_select::take::take_record_batch(&batch, &places)
            .map_err(|error| StoreError(error.to_string()))
    }

    fn has_items(&self, column: &ColumnRef, rows: &Rows) -> Result<Vec<bool>> {
        let leaf = match column {
            ColumnRef::Events => EVENT_COUNTS,
            ColumnRef::Links => LINK_COUNTS,
            _ => return Ok(vec![true; rows.len()]),
        };
        let offsets = self.gather_lists(leaf..leaf + 1, rows)?.offsets;
        Ok(offsets.windows(2).map(|pair| pair[0] < pair[1]).collect())
    }
}
