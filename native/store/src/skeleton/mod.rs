//! The skeleton of a trace: what a page needs to draw it, as columns in pre-order (docs/specs/skeleton.md).
//!
//! Made from the columns of a view; no attributes are read but the resources', for the hosts.

mod critical;
mod encode;
mod outline;
mod skew;

use crate::view::{Result, StoreError, View};
use outline::Outline;

/// What is asked of a skeleton.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// Times shifted where clocks disagree.
    pub adjusted: bool,
    /// As JSON, for people and tests.
    pub as_json: bool,
    /// Whether more spans may follow; it is only told.
    pub is_buffered: bool,
}

/// The skeleton of a trace of a view, by number.
pub fn skeleton(view: &dyn View, trace: u32, wish: Wish) -> Result<Vec<u8>> {
    if trace >= view.trace_count() {
        return Err(StoreError(format!("there is no trace {trace}")));
    }
    let mut outline = Outline::read(view, trace)?;
    let skewed = skew::deltas(view, &outline)?;
    let skewed_count = skewed.iter().filter(|&&delta| delta != 0).count();
    if wish.adjusted {
        outline.shift(&skewed);
    }
    let self_time = critical::self_times(&outline, wish.adjusted);
    let path = critical::path(&outline);
    outline.mark_critical(&path);
    let whole = encode::Skeleton {
        outline: &outline,
        self_time: &self_time,
        path: &path,
        skewed_count,
        wish,
    };
    Ok(whole.encode())
}

/// The rows of a trace in pre-order.
pub fn preorder_rows(view: &dyn View, trace: u32) -> Result<Vec<u32>> {
    if trace >= view.trace_count() {
        return Err(StoreError(format!("there is no trace {trace}")));
    }
    Ok(match view.preorder(trace)? {
        Some(order) => order.rows,
        None => view.trace_rows(trace).into_list(),
    })
}
