//! What a view says of the rows of one trace: their order, whole spans at some of them, and whether they have events.

use crate::view::{ColumnRef, Result, Rows};
use arrow_array::RecordBatch;

/// The rows of a trace in pre-order, of a view that keeps them otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreOrder {
    /// Rows of the view.
    pub rows: Vec<u32>,
    /// The place of each one's parent among them, NO_PARENT at the top.
    pub parent: Vec<u32>,
    /// The place of the trace's root.
    pub root: u32,
}

/// A part of every `View`.
pub trait TraceRows {
    /// The pre-order of a trace; None where its rows stand in it and `ColumnRef::ParentDistance` has the tree.
    fn preorder(&self, trace: u32) -> Result<Option<PreOrder>>;

    /// All columns of THE schema at these rows, in this order.
    fn read_rows(&self, rows: &[u32]) -> Result<RecordBatch>;

    /// Which of these rows have something in this column (Events or Links).
    fn has_items(&self, column: &ColumnRef, rows: &Rows) -> Result<Vec<bool>>;
}
