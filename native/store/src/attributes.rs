//! The attribute keys of a view: in which scopes and types they occur, and in how many spans.

use crate::bag;
use crate::predicate::scope_name;
use crate::rows::{all_rows, chunks_of};
use crate::sources::{Source, read_one, rows_that_may_have, visit_rest, visit_texts};
use crate::texts::Texts;
use crate::view::{ColumnRef, KeyCount, Result, Rows, Scope, StoreError, View};
use arrow_array::builder::{Int64Builder, StringBuilder, UInt8Builder};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::sync::Arc;

/// What the view knows, or counts.
pub fn keys(view: &dyn View) -> Result<Vec<KeyCount>> {
    view.known_keys()
        .map_or_else(|| count_keys(view), |known| Ok(known.to_vec()))
}

/// Counts the keys of all spans, sorted by scope, key and type.
pub fn count_keys(view: &dyn View) -> Result<Vec<KeyCount>> {
    let mut counts = Vec::new();
    counts.extend(count_span_keys(view)?);
    for (scope, column) in [
        (Scope::Resource, ColumnRef::ResourceAttributes),
        (Scope::Scope, ColumnRef::ScopeAttributes),
    ] {
        counts.extend(count_bag_keys(view, scope, &column)?);
    }
    for (scope, column) in [
        (Scope::Event, ColumnRef::Events),
        (Scope::Link, ColumnRef::Links),
    ] {
        counts.extend(count_nested_keys(view, scope, &column)?);
    }
    sort_counts(&mut counts);
    Ok(counts)
}

/// By scope, key and type.
pub(crate) fn sort_counts(counts: &mut [KeyCount]) {
    counts.sort_by(|left, right| {
        (left.scope, &left.key, left.value_type).cmp(&(right.scope, &right.key, right.value_type))
    });
}

/// Keys as a record batch: key, scope, type, span_count.
pub fn keys_to_record_batch(keys: &[KeyCount]) -> Result<RecordBatch> {
    let (mut names, mut scopes) = (StringBuilder::new(), StringBuilder::new());
    let (mut types, mut counts) = (UInt8Builder::new(), Int64Builder::new());
    for key in keys {
        names.append_value(&key.key);
        scopes.append_value(scope_name(key.scope));
        types.append_value(key.value_type);
        counts.append_value(key.span_count as i64);
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(names.finish()),
        Arc::new(scopes.finish()),
        Arc::new(types.finish()),
        Arc::new(counts.finish()),
    ];
    let required = |name: &str, data_type| Field::new(name, data_type, false);
    let schema = Schema::new(vec![
        required("key", DataType::Utf8),
        required("scope", DataType::Utf8),
        required("type", DataType::UInt8),
        required("span_count", DataType::Int64),
    ]);
    RecordBatch::try_new(Arc::new(schema), columns).map_err(|error| StoreError(error.to_string()))
}

/// Counts keys, each once a span however often the span has it.
#[derive(Default)]
pub(crate) struct Tally {
    /// By key, for each type, where it is counted.
    numbers: HashMap<String, [Option<u32>; 8], RandomState>,
    /// How many spans, and the row of the last.
    counts: Vec<(u64, u32)>,
}

impl Tally {
    fn add(&mut self, row: u32, key: &str, value_type: u8) {
        if let Some(number) = self.number(key, value_type) {
            self.count(number, row);
        }
    }

    /// Where this key and type are counted.
    pub(crate) fn number(&mut self, key: &str, value_type: u8) -> Option<u32> {
        let next = self.counts.len() as u32;
        let slots = self.numbers.entry_ref(key).or_default();
        let number = *slots.get_mut(usize::from(value_type))?.get_or_insert(next);
        if number == next {
            self.counts.push((0, u32::MAX));
        }
        Some(number)
    }

    /// Count a span, once however often it is handed in.
    pub(crate) fn count(&mut self, number: u32, row: u32) {
        let (count, last_row) = &mut self.counts[number as usize];
        *count += u64::from(*last_row != row);
        *last_row = row;
    }

    /// Count so many spans that were not counted before.
    pub(crate) fn count_rows(&mut self, number: u32, rows: u64) {
        self.counts[number as usize].0 += rows;
    }

    pub(crate) fn into_counts(self, scope: Scope) -> Vec<KeyCount> {
        let mut keys = Vec::with_capacity(self.counts.len());
        for (key, slots) in self.numbers {
            for (value_type, number) in slots.iter().enumerate() {
                let Some(number) = number else { continue };
                let span_count = self.counts[*number as usize].0;
                keys.push(KeyCount {
                    scope,
                    key: key.clone(),
                    value_type: value_type as u8,
                    span_count,
                });
            }
        }
        keys
    }
}

/// Those with columns are counted already. A span's second value of such a key and type is among the rest; it counts only
/// when the span has none in the column.
pub(crate) fn count_span_keys(view: &dyn View) -> Result<Vec<KeyCount>> {
    let columns = view.attribute_columns();
    let mut column_of: HashMap<(&str, u8), usize, RandomState> = HashMap::default();
    for (index, column) in columns.iter().enumerate() {
        column_of.insert((&column.key, column.value_type), index);
    }
    let mut tally = Tally::default();
    let mut beside: HashMap<usize, Vec<u32>, RandomState> = HashMap::default();
    let pieces = if view.has_rest() {
        all_rows(view)
    } else {
        Vec::new()
    };
    for rows in pieces {
        visit_rest(view, &rows, &mut |at, key, value_type, _| {
            let row = rows.get(at);
            match column_of.get(&(key, value_type)) {
                Some(&index) => beside.entry(index).or_default().push(row),
                None => tally.add(row, key, value_type),
            }
        })?;
    }
    let mut counts = tally.into_counts(Scope::Span);
    for (index, column) in columns.iter().enumerate() {
        let rest = beside
            .remove(&index)
            .map_or(Ok(0), |rows| count_missing(view, index, rows))?;
        let span_count = column.span_count + rest;
        counts.push(KeyCount {
            scope: Scope::Span,
            key: column.key.clone(),
            value_type: column.value_type,
            span_count,
        });
    }
    counts.retain(|count| count.span_count > 0);
    Ok(counts)
}

/// How many of these rows have nothing in an attribute column.
fn count_missing(view: &dyn View, index: usize, mut rows: Vec<u32>) -> Result<u64> {
    rows.dedup();
    let mut missing = 0;
    for rows in chunks_of(Rows::List(rows)) {
        missing += read_one(view, &ColumnRef::Attribute(index), &rows)?.null_count() as u64;
    }
    Ok(missing)
}

fn count_bag_keys(view: &dyn View, scope: Scope, column: &ColumnRef) -> Result<Vec<KeyCount>> {
    let mut spans_of: HashMap<String, u64, RandomState> = HashMap::default();
    for rows in all_rows(view) {
        let array = read_one(view, column, &rows)?;
        let texts = Texts::of(&array)?;
        for (code, count) in texts.counts(rows.len()) {
            *spans_of.entry_ref(texts.values.value(code)).or_default() += count;
        }
    }
    let texts = spans_of.iter().map(|(text, count)| (text.as_str(), *count));
    Ok(count_members(scope, texts))
}

/// The keys of texts of attributes, each of which so many spans have.
pub(crate) fn count_members<'t>(
    scope: Scope,
    texts: impl Iterator<Item = (&'t str, u64)>,
) -> Vec<KeyCount> {
    let mut counts: HashMap<(String, u8), u64, RandomState> = HashMap::default();
    for (text, span_count) in texts {
        let mut keys: Vec<(String, u8)> = bag::members(text)
            .map(|(key, value)| (key.into_owned(), value.value_type))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            *counts.entry(key).or_default() += span_count;
        }
    }
    let count = |((key, value_type), span_count)| KeyCount {
        scope,
        key,
        value_type,
        span_count,
    };
    counts.into_iter().map(count).collect()
}

fn count_nested_keys(view: &dyn View, scope: Scope, column: &ColumnRef) -> Result<Vec<KeyCount>> {
    let mut tally = Tally::default();
    for rows in all_rows(view) {
        let rows = rows_that_may_have(view, &Source::Nested(column.clone(), String::new()), &rows);
        if rows.is_empty() {
            continue;
        }
        visit_texts(view, column, "attributes", &rows, &mut |at, text| {
            for (key, value) in bag::members(text) {
                tally.add(rows.get(at), &key, value.value_type);
            }
        })?;
    }
    Ok(tally.into_counts(scope))
}
