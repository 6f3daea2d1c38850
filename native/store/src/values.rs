//! The values of one attribute key: as text, and how many spans have each.

use crate::bag;
use crate::plan::Bounds;
use crate::rows::all_rows;
use crate::sources::{Source, attribute_sources, read_one, rows_that_may_have, typed_value, visit};
use crate::texts::Texts;
use crate::value::{Value, with_text};
use crate::view::{ColumnRef, Result, Rows, Scope, StoreError, View};
use crate::window::rows_within;
use arrow_array::builder::{Int64Builder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::sync::Arc;

/// How many spans within the bounds have each value of the key, the most frequent first, then by value.
pub fn count_values(
    view: &dyn View,
    key: &str,
    scope: Option<Scope>,
    bounds: &Bounds,
) -> Result<Vec<(String, u64)>> {
    let sources = attribute_sources(view, key, scope);
    let everything = bounds.min_start == i64::MIN && bounds.max_start == i64::MAX;
    let mut tally = Tally::default();
    match sources.as_slice() {
        [] => {}
        [Source::Column(ColumnRef::Attribute(index), value_type)] if everything => {
            match view
                .known_values(*index)
                .filter(|_| matches!(value_type, 1 | 5 | 6 | 7))
            {
                Some(known) => return Ok(sorted(known)),
                None => tally.count_all(view, &sources, all_rows(view), bounds)?,
            }
        }
        _ => tally.count_all(view, &sources, rows_within(view, bounds)?, bounds)?,
    }
    Ok(sorted(tally.into_counts()))
}

/// Values as a record batch: value, span_count.
pub fn to_record_batch(values: &[(String, u64)]) -> Result<RecordBatch> {
    let (mut texts, mut counts) = (StringBuilder::new(), Int64Builder::new());
    for (text, count) in values {
        texts.append_value(text);
        counts.append_value(*count as i64);
    }
    let columns: Vec<ArrayRef> = vec![Arc::new(texts.finish()), Arc::new(counts.finish())];
    let schema = Schema::new(vec![
        Field::new("value", DataType::Utf8, false),
        Field::new("span_count", DataType::Int64, false),
    ]);
    RecordBatch::try_new(Arc::new(schema), columns).map_err(|error| StoreError(error.to_string()))
}

fn sorted(mut values: Vec<(String, u64)>) -> Vec<(String, u64)> {
    values.retain(|(_, count)| *count > 0);
    values.sort_unstable_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    values
}

/// Values by number, and how many spans have them.
#[derive(Default)]
pub(crate) struct Tally {
    numbers: HashMap<String, u32, RandomState>,
    counts: Vec<u64>,
}

impl Tally {
    fn count_all(
        &mut self,
        view: &dyn View,
        sources: &[Source],
        pieces: Vec<Rows>,
        bounds: &Bounds,
    ) -> Result<()> {
        for rows in pieces {
            bounds.deadline.check()?;
            if let [Source::Column(column, value_type)] = sources {
                self.count_column(&read_one(view, column, &rows)?, *value_type)?;
                continue;
            }
            let mut found: Vec<(u32, u32)> = Vec::new();
            for source in sources {
                self.gather(view, source, &rows, &mut found)?;
            }
            // A span that has a value in several places has it once.
            found.sort_unstable();
            found.dedup();
            for (_, number) in found {
                self.counts[number as usize] += 1;
            }
        }
        Ok(())
    }

    /// One value at most a span: counted by code.
    fn count_column(&mut self, array: &ArrayRef, value_type: u8) -> Result<()> {
        let codes: Vec<(u32, u32)> = self.number_column(array, value_type)?;
        for (_, number) in codes {
            self.counts[number as usize] += 1;
        }
        Ok(())
    }

    /// Adds (row, value number) of every value of a source.
    pub(crate) fn gather(
        &mut self,
        view: &dyn View,
        source: &Source,
        rows: &Rows,
        found: &mut Vec<(u32, u32)>,
    ) -> Result<()> {
        match source {
            Source::Column(column, value_type) => {
                let array = read_one(view, column, rows)?;
                let numbered = self.number_column(&array, *value_type)?;
                found.extend(
                    numbered
                        .into_iter()
                        .map(|(at, number)| (rows.get(at as usize), number)),
                );
            }
            Source::Bag(column, key) => {
                let array = read_one(view, column, rows)?;
                let texts = Texts::of(&array)?;
                let mut numbers: Vec<Option<Vec<u32>>> = vec![None; texts.code_count()];
                for at in 0..rows.len() {
                    let Some(code) = texts.code(at) else { continue };
                    let of_bag = numbers[code]
                        .get_or_insert_with(|| self.number_bag(texts.values.value(code), key));
                    found.extend(of_bag.iter().map(|number| (rows.get(at), *number)));
                }
            }
            _ => {
                let rows = rows_that_may_have(view, source, rows);
                visit(view, source, &rows, &mut |at, _, value| {
                    found.push((rows.get(at), self.number_value(value)));
                })?;
            }
        }
        Ok(())
    }

    /// (position, value number) of every value of a column.
    fn number_column(&mut self, array: &ArrayRef, value_type: u8) -> Result<Vec<(u32, u32)>> {
        let positions = (0..array.len()).filter(|&at| !array.is_null(at));
        if let Some(ints) = array.as_primitive_opt::<Int64Type>() {
            let mut memo: HashMap<i64, u32, RandomState> = HashMap::default();
            let mut number = |value| {
                *memo
                    .entry(value)
                    .or_insert_with(|| self.number_value(Value::Int(value)))
            };
            return Ok(positions
                .map(|at| (at as u32, number(ints.value(at))))
                .collect());
        }
        if let Some(doubles) = array.as_primitive_opt::<Float64Type>() {
            let mut memo: HashMap<u64, u32, RandomState> = HashMap::default();
            let mut number = |value: f64| {
                *memo
                    .entry(value.to_bits())
                    .or_insert_with(|| self.number_value(Value::Double(value)))
            };
            return Ok(positions
                .map(|at| (at as u32, number(doubles.value(at))))
                .collect());
        }
        if let Some(bools) = array.as_boolean_opt() {
            let numbers = [false, true].map(|value| self.number_value(Value::Bool(value)));
            return Ok(positions
                .map(|at| (at as u32, numbers[usize::from(bools.value(at))]))
                .collect());
        }
        let texts = Texts::of(array)?;
        let mut numbers = vec![u32::MAX; texts.code_count()];
        let mut found = Vec::with_capacity(array.len());
        for at in positions {
            let Some(code) = texts.code(at) else { continue };
            if numbers[code] == u32::MAX {
                numbers[code] =
                    self.number_value(typed_value(value_type, texts.values.value(code)));
            }
            found.push((at as u32, numbers[code]));
        }
        Ok(found)
    }

    fn number_bag(&mut self, text: &str, key: &str) -> Vec<u32> {
        bag::values_of(text, key)
            .map(|value| self.number_value(value.value()))
            .collect()
    }

    fn number_value(&mut self, value: Value<'_>) -> u32 {
        let mut number = None;
        with_text(value, |text| {
            number = Some(self.number(text));
            true
        });
        number.unwrap_or_else(|| self.number(""))
    }

    fn number(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = self.counts.len() as u32;
        self.numbers.insert(text.to_owned(), number);
        self.counts.push(0);
        number
    }

    /// Every value with its number.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = (&str, u32)> {
        self.numbers
            .iter()
            .map(|(text, &number)| (text.as_str(), number))
    }

    fn into_counts(self) -> Vec<(String, u64)> {
        let counts = self.counts;
        self.numbers
            .into_iter()
            .map(|(text, number)| (text, counts[number as usize]))
            .collect()
    }
}
