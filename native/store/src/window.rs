//! The rows of a view within a plan's bounds: not skipped, and starting in time.

use crate::plan::Bounds;
use crate::rows::rows_of;
use crate::select::{select, starting_between};
use crate::view::{Result, Rows, View};

/// The rows within the bounds, in cheap pieces. Reads start times only of traces that lie partly inside.
pub fn rows_within(view: &dyn View, bounds: &Bounds) -> Result<Vec<Rows>> {
    let skipped = bounds.skipped(view);
    let (mut inside, mut partly) = (Vec::new(), Vec::new());
    for trace in Rows::Range(0..bounds.trace_count(view))
        .without(&skipped)
        .into_list()
    {
        let (start, duration) = view.interval(trace);
        let end = start.saturating_add(duration);
        if start >= bounds.min_start && end <= bounds.max_start {
            inside.push(trace);
        } else if start <= bounds.max_start && end >= bounds.min_start {
            partly.push(trace);
        }
    }
    let window = starting_between(bounds.min_start, bounds.max_start);
    let mut pieces = rows_of(view, &inside);
    for rows in rows_of(view, &partly) {
        bounds.deadline.check()?;
        let rows = select(view, &window, rows)?;
        if !rows.is_empty() {
            pieces.push(Rows::List(rows));
        }
    }
    Ok(pieces)
}
