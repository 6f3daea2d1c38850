//! Which traces of a view match, in the order asked for. Decides in what order traces are looked at and when to stop.

use crate::matches::Matcher;
use crate::order::Walk;
use crate::plan::SearchPlan;
use crate::view::{Result, Rows, View};

const FIRST_BLOCK_TRACES: usize = 128;
const BLOCK_GROWTH: usize = 4;

/// The matching traces of one page, by number, in order.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// At most `limit` traces.
    pub traces: Vec<u32>,
    /// How many match in all, when that was asked for.
    pub total: Option<u64>,
}

/// One page of the matching traces.
pub fn search(view: &dyn View, plan: &SearchPlan) -> Result<Found> {
    let matcher = Matcher::new(view, &plan.predicate, &plan.bounds)?;
    let candidates = matcher.candidates();
    if candidates.is_empty() {
        return Ok(Found {
            traces: Vec::new(),
            total: plan.with_total.then_some(0),
        });
    }
    if plan.with_total {
        let matches = matcher.filter(candidates.into_list())?;
        let total = Some(matches.len() as u64);
        let mut walk = Walk::new(view, plan, Rows::List(matches));
        let traces = first(&mut walk, plan.limit, plan.limit, Ok)?;
        return Ok(Found { traces, total });
    }
    let mut walk = Walk::new(view, plan, candidates);
    let block_traces = FIRST_BLOCK_TRACES.max(2 * plan.limit);
    let traces = first(&mut walk, plan.limit, block_traces, |block| {
        matcher.filter_in_order(block)
    })?;
    Ok(Found {
        traces,
        total: None,
    })
}

/// The first traces of the walk that `matching` leaves of each block.
fn first(
    walk: &mut Walk<'_>,
    limit: usize,
    mut block_traces: usize,
    matching: impl Fn(Vec<u32>) -> Result<Vec<u32>>,
) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    while found.len() < limit {
        let block = walk.next_block(block_traces);
        if block.is_empty() {
            break;
        }
        found.extend(matching(block)?);
        block_traces *= BLOCK_GROWTH;
    }
    found.truncate(limit);
    Ok(found)
}
