//! The rows of one trace of the open buffer: they stand as they came.
//!
//! A page asks much of one large trace, one thing after the other, so the pre-order of the last ones is kept.

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
use std::sync::{Arc, Mutex, PoisonError};

/// Smaller traces are put in order anew.
const KEPT_SPANS_MIN: u32 = 4_096;
const KEPT_TRACES_MAX: usize = 2;

/// The pre-order of large traces that were asked for last. Rows are never taken from a trace of a buffer, so a trace with
/// as many spans as before is the same.
#[derive(Debug, Default)]
pub(super) struct Orders {
    kept: Mutex<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    trace: u32,
    span_count: u32,
    order: Arc<PreOrder>,
}

impl Orders {
    /// The order of a trace of the buffer, rows of the buffer.
    fn get_or(
        &self,
        trace: u32,
        span_count: u32,
        compute: impl FnOnce() -> PreOrder,
    ) -> Arc<PreOrder> {
        if span_count < KEPT_SPANS_MIN {
            return Arc::new(compute());
        }
        let is_it = |kept: &Kept| (kept.trace, kept.span_count) == (trace, span_count);
        // Nobody waits while another computes: at worst two do the same.
        let lock = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = lock().iter().find(|kept| is_it(kept)) {
            return kept.order.clone();
        }
        let order = Arc::new(compute());
        let mut kept = lock();
        kept.retain(|kept| kept.trace != trace);
        kept.truncate(KEPT_TRACES_MAX - 1);
        kept.insert(
            0,
            Kept {
                trace,
                span_count,
                order: order.clone(),
            },
        );
        order
    }
}

impl TraceRows for Snapshot {
    fn preorder(&self, trace: u32) -> Result<Option<PreOrder>> {
        let buffer_trace = self.buffer_trace(trace);
        let state = self.state(trace);
        let compute = || {
            let rows = rows_of(&self.data.rows, state);
            let mut structure = Structure::default();
            compute(&mut structure, &self.data, &rows);
            PreOrder {
                rows: structure
                    .order
                    .iter()
                    .map(|&place| rows[place as usize])
                    .collect(),
                parent: structure.parent,
                root: structure.root,
            }
        };
        let order = self
            .orders()
            .get_or(buffer_trace, state.span_count, compute);
        let mut order = Arc::unwrap_or_clone(order);
        if let Some(selection) = &self.selection {
            // A selection has its traces whole.
            for row in &mut order.rows {
                *row = selection.rows.partition_point(|other| other < row) as u32;
            }
        }
        Ok(Some(order))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn order(first: u32) -> PreOrder {
        PreOrder {
            rows: vec![first],
            parent: vec![u32::MAX],
            root: 0,
        }
    }

    #[test]
    fn the_order_of_a_large_trace_is_kept_until_it_grows() {
        let orders = Orders::default();
        let large = KEPT_SPANS_MIN;
        assert_eq!(orders.get_or(1, large, || order(1)).rows, [1]);
        assert_eq!(orders.get_or(1, large, || order(2)).rows, [1]);
        assert_eq!(orders.get_or(1, large + 1, || order(3)).rows, [3]);
        assert_eq!(orders.get_or(1, large, || order(4)).rows, [4]);
    }

    #[test]
    fn few_are_kept_and_small_ones_not_at_all() {
        let orders = Orders::default();
        for trace in 0..5 {
            orders.get_or(trace, KEPT_SPANS_MIN, || order(trace));
        }
        assert_eq!(orders.kept.lock().unwrap().len(), KEPT_TRACES_MAX);
        assert_eq!(orders.get_or(4, KEPT_SPANS_MIN, || order(9)).rows, [4]);
        orders.get_or(7, 10, || order(7));
        assert_eq!(orders.get_or(7, 10, || order(8)).rows, [8]);
    }
}
