//! Attributes of one trace by row: which keys there are, the values of one of them, and all events by time.

use crate::bag;
use crate::rows::chunks_of;
use crate::skeleton::preorder_rows;
use crate::sources::{attribute_sources, read_one, typed, visit_rest};
use crate::texts::Texts;
use crate::values::Tally;
use crate::view::{ColumnRef, Result, Rows, Scope, StoreError, View};
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampNanosecondType;
use arrow_array::{Array, GenericListArray, StructArray};
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

/// Keys of the trace's spans and resources with how many spans have them, most frequent first.
pub fn keys(view: &dyn View, trace: u32) -> Result<Vec<(Scope, String, u64)>> {
    let mut counts = KeyCounts::default();
    if trace >= view.trace_count() {
        return Err(StoreError(format!("there is no trace {trace}")));
    }
    for rows in chunks_of(view.trace_rows(trace)) {
        count_span_keys(view, &rows, &mut counts)?;
        count_resource_keys(view, &rows, &mut counts)?;
    }
    let mut found: Vec<(Scope, String, u64)> = counts
        .into_iter()
        .map(|((scope, key), count)| (scope, key, count))
        .collect();
    found.sort_unstable_by(|a, b| b.2.cmp(&a.2).then_with(|| (&a.1, a.0).cmp(&(&b.1, b.0))));
    Ok(found)
}

type KeyCounts = HashMap<(Scope, String), u64, RandomState>;

/// A span that has a key in several places, or with several types, has it once.
fn count_span_keys(view: &dyn View, rows: &Rows, counts: &mut KeyCounts) -> Result<()> {
    let mut having: HashMap<String, Vec<u32>, RandomState> = HashMap::default();
    for (index, column) in view.attribute_columns().iter().enumerate() {
        let array = read_one(view, &ColumnRef::Attribute(index), rows)?;
        if array.null_count() < array.len() {
            let positions = (0..array.len() as u32).filter(|&at| !array.is_null(at as usize));
            having
                .entry(column.key.clone())
                .or_default()
                .extend(positions);
        }
    }
    if view.has_rest() {
        visit_rest(view, rows, &mut |at, key, _, _| match having.get_mut(key) {
            Some(positions) => positions.push(at as u32),
            None => {
                having.insert(key.to_owned(), vec![at as u32]);
            }
        })?;
    }
    for (key, mut positions) in having {
        positions.sort_unstable();
        positions.dedup();
        *counts.entry((Scope::Span, key)).or_default() += positions.len() as u64;
    }
    Ok(())
}

fn count_resource_keys(view: &dyn View, rows: &Rows, counts: &mut KeyCounts) -> Result<()> {
    let array = read_one(view, &ColumnRef::ResourceAttributes, rows)?;
    let texts = Texts::of(&array)?;
    for (code, count) in texts.counts(rows.len()) {
        let keys: HashSet<String, RandomState> = bag::members(texts.values.value(code))
            .map(|(key, _)| key.into_owned())
            .collect();
        for key in keys {
            *counts.entry((Scope::Resource, key)).or_default() += count;
        }
    }
    Ok(())
}

/// The values of an attribute by row in pre-order: the distinct texts, and for each row 0 or one more than a text's place.
/// Of several values of a span the last of one type counts.
pub fn column(
    view: &dyn View,
    trace: u32,
    key: &str,
    scope: Option<Scope>,
) -> Result<(Vec<String>, Vec<u32>)> {
    let ordered = preorder_rows(view, trace)?;
    let sources = attribute_sources(view, key, scope);
    let mut tally = Tally::default();
    let mut found: Vec<(u32, u32)> = Vec::new();
    for rows in chunks_of(view.trace_rows(trace)) {
        for source in &sources {
            tally.gather(view, source, &rows, &mut found)?;
        }
    }
    let numbers: HashMap<u32, u32, RandomState> = found.into_iter().collect();
    let mut values: Vec<(u32, String)> = tally
        .numbers()
        .map(|(text, number)| (number, text.to_owned()))
        .collect();
    values.sort_unstable();
    // Values are listed as they first appear in pre-order.
    let mut places = vec![0_u32; values.len()];
    let mut listed = Vec::new();
    let codes = ordered
        .iter()
        .map(|row| {
            let Some(&number) = numbers.get(row) else {
                return 0;
            };
            let place = &mut places[number as usize];
            if *place == 0 {
                listed.push(values[number as usize].1.clone());
                *place = listed.len() as u32;
            }
            *place
        })
        .collect();
    Ok((listed, codes))
}

/// Time, row in pre-order and place in its span of every event, by time.
pub fn events(view: &dyn View, trace: u32) -> Result<Vec<(i64, u32, u32)>> {
    let mut found = Vec::new();
    if !view.may_have(trace, &ColumnRef::Events) {
        return Ok(found);
    }
    let mut place_of: HashMap<u32, u32, RandomState> = HashMap::default();
    place_of.extend(
        (0..)
            .zip(preorder_rows(view, trace)?)
            .map(|(place, row)| (row, place)),
    );
    for rows in chunks_of(view.trace_rows(trace)) {
        let array = read_one(view, &ColumnRef::Events, &rows)?;
        let list: &GenericListArray<i32> = typed(&array, array.as_list_opt())?;
        let items: &StructArray = typed(list.values(), list.values().as_struct_opt())?;
        let times = items
            .column_by_name("time_unix_nano")
            .ok_or_else(|| StoreError("events have no time".to_owned()))?;
        let times = typed(times, times.as_primitive_opt::<TimestampNanosecondType>())?.values();
        for at in 0..list.len() {
            let place = place_of.get(&rows.get(at)).copied().unwrap_or_default();
            let (from, to) = (list.value_offsets()[at], list.value_offsets()[at + 1]);
            found
                .extend((from..to).map(|item| (times[item as usize], place, (item - from) as u32)));
        }
    }
    found.sort_unstable();
    Ok(found)
}
