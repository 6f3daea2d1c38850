//! The roots and the orphans of traces (docs/specs/structure.md), found without building trees.
//!
//! A span has a parent when one of the spans that could be it exists; which one does not matter here. Spans of circles
//! name parents that are there, so they are neither roots nor orphans.

use crate::plan::Deadline;
use crate::rows::{chunks_of, rows_of};
use crate::sources::typed;
use crate::texts::Texts;
use crate::view::{ColumnRef, Result, Root, Rows, View};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::cmp::Ordering;

const SERVER: i32 = 2;
const CLIENT: i32 = 3;

/// How many spans, and how many client spans, have an id.
type Ids = HashMap<u64, (u32, u32), RandomState>;

/// What of a span decides whether it has a parent, and where it stands in span order.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Its row.
    pub row: u32,
    /// Its id.
    pub span_id: u64,
    /// The id that it names as its parent's.
    pub parent_span_id: Option<u64>,
    /// OTLP's kind.
    pub kind: i32,
    /// When it began.
    pub start: i64,
    /// How long it took.
    pub duration: i64,
}

/// The root of each of these traces (sorted numbers).
pub fn roots(view: &dyn View, traces: &[u32], deadline: &Deadline) -> Result<Vec<Root>> {
    let known: Option<Vec<Root>> = traces.iter().map(|&trace| view.known_root(trace)).collect();
    if let Some(known) = known {
        return Ok(known);
    }
    let mut found = Vec::with_capacity(traces.len());
    for group in groups(view, traces) {
        deadline.check()?;
        found.extend(roots_of_group(view, group)?);
    }
    Ok(found)
}

/// The root of the trace that has these spans, at least one, and how many orphans it has. `first_by_name` chooses among
/// rows that start, duration, id and kind leave equal.
pub fn root_of(
    places: &[Place],
    first_by_name: impl FnOnce(&[u32]) -> Result<u32>,
) -> Result<Root> {
    let mut ids = Ids::with_capacity_and_hasher(places.len(), RandomState::default());
    for place in places {
        let counts = ids.entry(place.span_id).or_default();
        counts.0 += 1;
        counts.1 += u32::from(place.kind == CLIENT);
    }
    let mut first: [Vec<&Place>; 3] = Default::default();
    let mut orphan_count = 0;
    for place in places {
        let rank = rank(place, &ids);
        orphan_count += u32::from(rank == 1);
        match first[rank]
            .first()
            .map_or(Ordering::Less, |other| span_order(place, other))
        {
            Ordering::Less => first[rank] = vec![place],
            Ordering::Equal => first[rank].push(place),
            Ordering::Greater => {}
        }
    }
    let first = first
        .into_iter()
        .find(|places| !places.is_empty())
        .unwrap_or_default();
    let row = match first.as_slice() {
        [] => 0,
        [place] => place.row,
        several => first_by_name(&several.iter().map(|place| place.row).collect::<Vec<_>>())?,
    };
    Ok(Root { row, orphan_count })
}

/// 0 for roots, 1 for orphans, 2 for spans that have a parent.
fn rank(place: &Place, ids: &Ids) -> usize {
    let count_of = |id: u64| ids.get(&id).copied().unwrap_or_default();
    if place.kind == SERVER && count_of(place.span_id).1 > 0 {
        return 2;
    }
    let Some(parent) = place.parent_span_id else {
        return 0;
    };
    let itself = u32::from(parent == place.span_id);
    if count_of(parent).0 > itself { 2 } else { 1 }
}

fn span_order(left: &Place, right: &Place) -> Ordering {
    let order = left
        .start
        .cmp(&right.start)
        .then(right.duration.cmp(&left.duration));
    order
        .then(left.span_id.cmp(&right.span_id))
        .then(left.kind.cmp(&right.kind))
}

/// Neighbouring traces, so many at a time that their spans fit into memory.
fn groups<'a>(view: &dyn View, traces: &'a [u32]) -> Vec<&'a [u32]> {
    const GROUP_SPANS: u64 = 100_000;
    let mut groups = Vec::new();
    let (mut from, mut spans) = (0, 0);
    for (at, &trace) in traces.iter().enumerate() {
        spans += u64::from(view.trace(trace).span_count);
        if spans >= GROUP_SPANS {
            groups.push(&traces[from..=at]);
            (from, spans) = (at + 1, 0);
        }
    }
    if from < traces.len() {
        groups.push(&traces[from..]);
    }
    groups
}

fn roots_of_group(view: &dyn View, traces: &[u32]) -> Result<Vec<Root>> {
    let mut places: Vec<(u32, Place)> = Vec::new();
    for rows in rows_of(view, traces) {
        places.extend(read_places(view, rows)?);
    }
    places.sort_by_key(|(trace, _)| *trace);
    let mut found = Vec::with_capacity(traces.len());
    for of_trace in places.chunk_by(|left, right| left.0 == right.0) {
        if traces.binary_search(&of_trace[0].0).is_err() {
            continue;
        }
        let of_trace: Vec<Place> = of_trace.iter().map(|(_, place)| *place).collect();
        found.push(root_of(&of_trace, |rows| first_by_name(view, rows))?);
    }
    Ok(found)
}

fn read_places(view: &dyn View, rows: Rows) -> Result<Vec<(u32, Place)>> {
    let columns = [
        ColumnRef::SpanId,
        ColumnRef::ParentSpanId,
        ColumnRef::Kind,
        ColumnRef::Start,
        ColumnRef::Duration,
    ];
    let arrays = view.read(&columns, &rows)?;
    let [span_ids, parent_ids, kinds, starts, durations] = arrays.as_slice() else {
        return Err(crate::view::StoreError("a column was not read".to_owned()));
    };
    let kinds = typed(kinds, kinds.as_primitive_opt::<Int32Type>())?.values();
    let starts = typed(starts, starts.as_primitive_opt::<Int64Type>())?.values();
    let durations = typed(durations, durations.as_primitive_opt::<Int64Type>())?.values();
    let rows = rows.into_list();
    let traces = view.traces_of_rows(&rows);
    let place = |at: usize| {
        Ok((
            traces[at],
            Place {
                row: rows[at],
                span_id: id(span_ids, at)?.unwrap_or_default(),
                parent_span_id: id(parent_ids, at)?,
                kind: kinds[at],
                start: starts[at],
                duration: durations[at],
            },
        ))
    };
    (0..rows.len()).map(place).collect()
}

/// An id as a number that orders as its bytes do.
pub fn id(array: &ArrayRef, at: usize) -> Result<Option<u64>> {
    let ids = typed(array, array.as_fixed_size_binary_opt())?;
    if ids.is_null(at) {
        return Ok(None);
    }
    Ok(ids.value(at).try_into().ok().map(u64::from_be_bytes))
}

/// Rarely needed: the first by service, name and arrival.
fn first_by_name(view: &dyn View, rows: &[u32]) -> Result<u32> {
    let mut rows = rows.to_vec();
    rows.sort_unstable();
    let mut first: Option<(String, String, u32)> = None;
    for rows in chunks_of(Rows::List(rows)) {
        let arrays = view.read(&[ColumnRef::Service, ColumnRef::Name], &rows)?;
        let (services, names) = (Texts::of(&arrays[0])?, Texts::of(&arrays[1])?);
        for at in 0..rows.len() {
            let texts = (
                services.get(at).unwrap_or_default(),
                names.get(at).unwrap_or_default(),
            );
            if first
                .as_ref()
                .is_none_or(|first| texts < (first.0.as_str(), first.1.as_str()))
            {
                first = Some((texts.0.to_owned(), texts.1.to_owned(), rows.get(at)));
            }
        }
    }
    Ok(first.map_or(0, |(_, _, row)| row))
}
