//! The plans of `View.search` and `View.graph` as JSON (docs/specs/predicate-json.md).

use crate::predicate::{
    SpanPredicate, TracePredicate, Tree, object, read_span_predicate, read_trace_predicate, wrong,
};
use crate::view::{Result, StoreError, View};
use serde_json::{Map, Value as Json};
use std::time::{Duration, Instant};

/// Which traces, and which of them first.
#[derive(Clone, Debug)]
pub struct SearchPlan {
    /// What holds for the trace.
    pub predicate: TracePredicate,
    /// When and where.
    pub bounds: Bounds,
    /// In which order.
    pub order: Order,
    /// How many at most.
    pub limit: usize,
    /// Only traces behind this one in the order: its figure and its id.
    pub after: Option<(i64, [u8; 16])>,
    /// Traces whose figure stands behind this one in the order need not be answered (but are counted).
    pub cut_off: Option<i64>,
    /// Whether all matches are counted.
    pub with_total: bool,
}

/// Which calls.
#[derive(Clone, Debug)]
pub struct GraphPlan {
    /// What holds for the called span.
    pub predicate: SpanPredicate,
    /// When and where.
    pub bounds: Bounds,
}

/// What a plan leaves out before anything is looked at.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Earliest start of a span, inclusive.
    pub min_start: i64,
    /// Latest start of a span, inclusive.
    pub max_start: i64,
    /// Traces that the caller evaluates itself.
    pub skip_trace_ids: Vec<[u8; 16]>,
    /// Only traces with a number below this.
    pub traces_max: u32,
    /// When to give up.
    pub deadline: Deadline,
}

/// The order of an answer; ties are broken by trace id, ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Order {
    Newest,
    Oldest,
    Longest,
    Shortest,
    MostSpans,
    MostErrors,
}

/// When a call gives up. Its error is told apart by `TIME_IS_OVER`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deadline(Option<Instant>);

/// How the error of a passed deadline begins.
pub const TIME_IS_OVER: &str = "time is over";

impl Deadline {
    /// So many seconds from now.
    pub fn after_s(seconds: f64) -> Self {
        let duration = Duration::try_from_secs_f64(seconds.max(0.0)).ok();
        Self(duration.and_then(|duration| Instant::now().checked_add(duration)))
    }

    /// An error when it has passed.
    pub fn check(&self) -> Result<()> {
        match self.0 {
            Some(deadline) if Instant::now() > deadline => Err(StoreError(format!(
                "{TIME_IS_OVER}: the search was given up"
            ))),
            _ => Ok(()),
        }
    }
}

impl Bounds {
    /// Everything.
    pub fn unlimited() -> Self {
        Self {
            min_start: i64::MIN,
            max_start: i64::MAX,
            skip_trace_ids: Vec::new(),
            traces_max: u32::MAX,
            deadline: Deadline::default(),
        }
    }

    /// How many traces of the view may be looked at.
    pub fn trace_count(&self, view: &dyn View) -> u32 {
        view.trace_count().min(self.traces_max)
    }

    /// The numbers of the traces to skip, sorted.
    pub fn skipped(&self, view: &dyn View) -> Vec<u32> {
        let mut traces: Vec<u32> = self
            .skip_trace_ids
            .iter()
            .filter_map(|id| view.find_trace(id))
            .collect();
        traces.sort_unstable();
        traces
    }
}

/// A search plan from its JSON text.
pub fn read_search_plan(text: &str) -> Result<SearchPlan> {
    let json = parse(text)?;
    let plan = object(&json)?;
    Ok(SearchPlan {
        predicate: plan
            .get("where")
            .map_or(Ok(Tree::And(Vec::new())), read_trace_predicate)?,
        bounds: read_bounds(plan)?,
        order: read_order(plan.get("order"))?,
        limit: int(plan, "limit")?.unwrap_or(20).clamp(0, 1 << 24) as usize,
        after: read_after(plan.get("after"))?,
        cut_off: int(plan, "cut_off")?,
        with_total: plan
            .get("with_total")
            .and_then(Json::as_bool)
            .unwrap_or(false),
    })
}

/// A graph plan from its JSON text.
pub fn read_graph_plan(text: &str) -> Result<GraphPlan> {
    let json = parse(text)?;
    let plan = object(&json)?;
    Ok(GraphPlan {
        predicate: plan
            .get("where")
            .map_or(Ok(Tree::And(Vec::new())), read_span_predicate)?,
        bounds: read_bounds(plan)?,
    })
}

fn parse(text: &str) -> Result<Json> {
    serde_json::from_str(text).map_err(|error| StoreError(format!("a plan must be JSON: {error}")))
}

fn read_bounds(plan: &Map<String, Json>) -> Result<Bounds> {
    let skip = plan
        .get("skip_trace_ids")
        .and_then(Json::as_str)
        .unwrap_or_default();
    let seconds = plan.get("time_limit_s").and_then(Json::as_f64);
    Ok(Bounds {
        min_start: int(plan, "min_start")?.unwrap_or(i64::MIN),
        max_start: int(plan, "max_start")?.unwrap_or(i64::MAX),
        skip_trace_ids: read_ids(skip)?,
        traces_max: int(plan, "traces_max")?
            .unwrap_or(i64::MAX)
            .clamp(0, i64::from(u32::MAX)) as u32,
        deadline: seconds.map_or(Deadline::default(), Deadline::after_s),
    })
}

/// An int; whole numbers beyond 64 bits count as the nearest one.
fn int(plan: &Map<String, Json>, name: &str) -> Result<Option<i64>> {
    match plan.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(json) => match (json.as_i64(), json.as_f64()) {
            (Some(number), _) => Ok(Some(number)),
            (None, Some(number)) => Ok(Some(number as i64)),
            _ => Err(wrong(&format!("`{name}` must be a number"), json)),
        },
    }
}

fn read_order(json: Option<&Json>) -> Result<Order> {
    let Some(json) = json else {
        return Ok(Order::Newest);
    };
    Ok(match json.as_str() {
        Some("newest") => Order::Newest,
        Some("oldest") => Order::Oldest,
        Some("longest") => Order::Longest,
        Some("shortest") => Order::Shortest,
        Some("most_spans") => Order::MostSpans,
        Some("most_errors") => Order::MostErrors,
        _ => return Err(wrong("unknown order", json)),
    })
}

fn read_after(json: Option<&Json>) -> Result<Option<(i64, [u8; 16])>> {
    let json = match json {
        None | Some(Json::Null) => return Ok(None),
        Some(json) => json,
    };
    let figure = json.get(0).and_then(Json::as_i64);
    let ids = json
        .get(1)
        .and_then(Json::as_str)
        .map(read_ids)
        .transpose()?;
    match (figure, ids.as_deref()) {
        (Some(figure), Some([id])) => Ok(Some((figure, *id))),
        _ => Err(wrong("`after` must be a figure and a trace id", json)),
    }
}

fn read_ids(hex: &str) -> Result<Vec<[u8; 16]>> {
    let wrong = || StoreError("trace ids must be 32 hex digits each".to_owned());
    if !hex.len().is_multiple_of(32) {
        return Err(wrong());
    }
    let digits: Option<Vec<u8>> = hex
        .chars()
        .map(|digit| digit.to_digit(16).map(|digit| digit as u8))
        .collect();
    let bytes: Vec<u8> = digits
        .ok_or_else(wrong)?
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect();
    Ok(bytes
        .chunks_exact(16)
        .filter_map(|id| id.try_into().ok())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_plan_is_read_whole() {
        let plan = read_search_plan(
            r#"{"where":{"op":"and","terms":[]},"min_start":-9223372036854775808,"max_start":9223372036854775807,
                "order":"longest","limit":7,"after":[5,"00000000000000000000000000000aff"],"with_total":true,
                "skip_trace_ids":"0000000000000000000000000000000100000000000000000000000000000002","traces_max":3,"cut_off":-4}"#,
        )
        .unwrap();
        assert_eq!(
            (plan.order, plan.limit, plan.with_total),
            (Order::Longest, 7, true)
        );
        assert_eq!(
            plan.after.map(|(figure, id)| (figure, id[14], id[15])),
            Some((5, 10, 255))
        );
        assert_eq!(plan.cut_off, Some(-4));
        assert_eq!(plan.bounds.skip_trace_ids.len(), 2);
        assert_eq!(
            (plan.bounds.min_start, plan.bounds.traces_max),
            (i64::MIN, 3)
        );
    }

    #[test]
    fn a_bad_plan_is_an_error() {
        for text in [
            "",
            "[]",
            r#"{"order":"random"}"#,
            r#"{"after":[1]}"#,
            r#"{"skip_trace_ids":"zz"}"#,
            r#"{"limit":"x"}"#,
        ] {
            assert!(read_search_plan(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_plan_or_an_error(text in r#"\{?("[a-z_]{0,12}":|[\[\]{},"0-9a-z.-]|null|é){0,40}\}?"#) {
            let _ = read_search_plan(&text);
            let _ = read_graph_plan(&text);
        }
    }
}
