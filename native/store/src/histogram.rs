//! Matching traces by time and duration: all of them, counted in cells.

use crate::matches::Matcher;
use crate::plan::{SearchPlan, read_search_plan};
use crate::predicate::{object, wrong};
use crate::view::{Result, StoreError, View};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, UInt32Array};
use serde_json::Value as Json;
use std::sync::Arc;

const CELLS_MAX: usize = 1 << 20;

/// Which traces, and where cells begin.
pub struct HistogramPlan {
    search: SearchPlan,
    start: i64,
    bucket_nano: i64,
    bucket_count: usize,
    duration_edges: Vec<i64>,
}

/// A plan from its JSON: a search plan with `bucket_start`, `bucket_nano`, `bucket_count` and `duration_edges`.
pub fn read_plan(text: &str) -> Result<HistogramPlan> {
    let json: Json = serde_json::from_str(text)
        .map_err(|error| StoreError(format!("a plan must be JSON: {error}")))?;
    let plan = object(&json)?;
    let int = |name: &str| plan.get(name).and_then(Json::as_i64);
    let edges = plan.get("duration_edges").and_then(Json::as_array);
    let duration_edges: Vec<i64> = edges
        .into_iter()
        .flatten()
        .filter_map(Json::as_i64)
        .collect();
    let bucket_count = int("bucket_count").unwrap_or(1).max(1) as usize;
    if duration_edges.is_empty() || bucket_count.saturating_mul(duration_edges.len()) > CELLS_MAX {
        return Err(wrong(
            "a histogram must have some cells, not too many",
            &json,
        ));
    }
    Ok(HistogramPlan {
        search: read_search_plan(text)?,
        start: int("bucket_start").unwrap_or(0),
        bucket_nano: int("bucket_nano").unwrap_or(i64::MAX).max(1),
        bucket_count,
        duration_edges,
    })
}

/// Cells with traces: time u32, duration u32, trace_count, error_trace_count.
pub fn histogram(view: &dyn View, plan: &HistogramPlan) -> Result<RecordBatch> {
    let width = plan.duration_edges.len();
    let mut cells = vec![(0_i64, 0_i64); plan.bucket_count * width];
    let matcher = Matcher::new(view, &plan.search.predicate, &plan.search.bounds)?;
    for trace in matcher.filter(matcher.candidates().into_list())? {
        let entry = view.trace(trace);
        let since = entry.start.saturating_sub(plan.start);
        let time = since.div_euclid(plan.bucket_nano);
        let time = time.clamp(0, plan.bucket_count as i64 - 1) as usize;
        let edges = plan
            .duration_edges
            .partition_point(|&edge| edge <= entry.duration);
        let cell = &mut cells[time * width + edges.saturating_sub(1)];
        cell.0 += 1;
        cell.1 += i64::from(entry.error_count > 0);
    }
    let filled = || {
        let cells = cells.iter().enumerate();
        cells.filter(|(_, (traces, _))| *traces > 0)
    };
    let places = |of: fn(usize, usize) -> usize| -> ArrayRef {
        let places = filled().map(|(place, _)| of(place, width) as u32);
        Arc::new(UInt32Array::from_iter_values(places))
    };
    let counts = |of: fn(&(i64, i64)) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(
            filled().map(|(_, cell)| of(cell)),
        ))
    };
    RecordBatch::try_from_iter([
        ("time", places(|place, width| place / width)),
        ("duration", places(|place, width| place % width)),
        ("trace_count", counts(|cell| cell.0)),
        ("error_trace_count", counts(|cell| cell.1)),
    ])
    .map_err(|error| StoreError(error.to_string()))
}
