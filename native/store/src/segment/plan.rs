//! Which attributes get a column of their own, and how each column is stored. Decided by counting.

use super::columns::{attribute_type, fixed_fields};
use crate::buffer::data::Data;
use crate::buffer::layout::{ShapeItem, is_text, join, shape_items};
use crate::buffer::rows::HAS_EXTRAS;
use crate::view::{Result, StoreError};
use arrow_schema::{Field, Schema, SchemaRef};
use foldhash::fast::RandomState;
use hashbrown::HashSet;
use lymer_decode::schema::AttributeType;
use std::sync::Arc;

/// Columns with at most so many distinct texts have them listed in the index.
pub const LISTED_MAX: usize = 4096;
/// And at most so many bytes of them: few values may be huge.
const LISTED_BYTES_MAX: usize = 256 << 10;
/// No column for a key longer than this.
const KEY_BYTES_MAX: usize = 256;
const NO_COLUMN: u32 = u32::MAX;

/// How a segment is written; from the options' JSON.
#[derive(Clone, Copy, Debug)]
pub struct SealOptions {
    /// How many attribute columns there may be.
    pub columns_max: usize,
    /// Keys in fewer than one of so many spans have no column.
    pub rare_one_in: u64,
}

impl SealOptions {
    /// Read from a JSON object; what it does not say is as usual.
    pub fn read(options: &str) -> Result<Self> {
        let usual = Self {
            columns_max: 160,
            rare_one_in: 200,
        };
        if options.trim().is_empty() {
            return Ok(usual);
        }
        let parsed: serde_json::Value = serde_json::from_str(options)
            .map_err(|error| StoreError(format!("seal options: {error}")))?;
        let number = |name: &str, usual: u64| {
            parsed
                .get(name)
                .and_then(serde_json::Value::as_u64)
                .unwrap_or(usual)
        };
        Ok(Self {
            columns_max: number("columns_max", usual.columns_max as u64) as usize,
            rare_one_in: number("rare_one_in", usual.rare_one_in).max(1),
        })
    }
}

/// An attribute column.
#[derive(Clone, Debug)]
pub struct AttributeColumnPlan {
    /// The key's code in the buffer.
    pub key: u32,
    /// An `AttributeType` as number.
    pub value_type: u8,
    /// The column's name in the file.
    pub name: String,
    /// How many spans have one.
    pub span_count: u64,
    /// Listed texts only: how many spans have each code, as far as the column is written.
    pub text_counts: Vec<u32>,
    /// Whether equal values are stored once.
    pub in_dictionary: bool,
    /// Whether the values are listed in the index.
    pub listed: bool,
}

/// The plan of a segment.
#[derive(Debug)]
pub struct Plan {
    /// The attribute columns, most frequent first.
    pub attributes: Vec<AttributeColumnPlan>,
    /// The fields of the file.
    pub schema: SchemaRef,
    column_of: Vec<[u32; 8]>,
    steps: Steps,
}

/// Where one value of a span goes.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// A column; none when the value is among the rest.
    column: u32,
    /// The first of its slots.
    pub slot: u32,
}

impl Step {
    /// The column, if the value has one.
    #[inline]
    pub fn column(self) -> Option<usize> {
        (self.column != NO_COLUMN).then_some(self.column as usize)
    }
}

/// The steps of every shape, so that a span's attributes are not looked up one by one.
#[derive(Debug, Default)]
struct Steps {
    steps: Vec<Step>,
    ends: Vec<u32>,
    slot_counts: Vec<u32>,
}

impl Steps {
    fn of(data: &Data, column_of: &[[u32; 8]]) -> Self {
        let mut found = Self::default();
        let mut seen: HashSet<ShapeItem, RandomState> = HashSet::default();
        for shape in data.shapes.iter() {
            let mut slot = 0;
            seen.clear();
            for item in shape_items(shape) {
                let mut column = column_of[item.key as usize][item.value_type as usize];
                if data.has_duplicates && !seen.insert(item) {
                    column = NO_COLUMN;
                }
                found.steps.push(Step { column, slot });
                slot += item.slot_count() as u32;
            }
            found.ends.push(found.steps.len() as u32);
            found.slot_counts.push(slot);
        }
        found
    }

    /// Only the steps to these columns.
    fn of_columns(&self, is_wanted: impl Fn(usize) -> bool) -> Self {
        let mut found = Self::default();
        for shape in 0..self.ends.len() as u32 {
            let steps = self.get(shape).iter();
            let is_wanted = |step: &&Step| step.column().is_some_and(&is_wanted);
            found.steps.extend(steps.filter(is_wanted));
            found.ends.push(found.steps.len() as u32);
        }
        found
    }

    #[inline]
    fn get(&self, shape: u32) -> &[Step] {
        let first = (shape as usize)
            .checked_sub(1)
            .map_or(0, |before| self.ends[before]);
        &self.steps[first as usize..self.ends[shape as usize] as usize]
    }
}

impl Plan {
    /// Count these rows, best in the order in which they came, and decide.
    pub fn of(data: &Data, rows: &[u32], counts: &[[u32; 8]], options: SealOptions) -> Self {
        let mut attributes = choose(data, counts, rows.len() as u64, options);
        let mut column_of = vec![[NO_COLUMN; 8]; data.keys.len() as usize];
        for (column, attribute) in (0..).zip(&attributes) {
            column_of[attribute.key as usize][attribute.value_type as usize] = column;
        }
        let steps = Steps::of(data, &column_of);
        let text_counts = count_texts(data, rows, &steps, &attributes);
        let samples = sample_numbers(data, rows, &column_of, &attributes);
        let counted = samples.iter().zip(&text_counts);
        for (attribute, (sample, text_counts)) in attributes.iter_mut().zip(counted) {
            decide_storage(data, attribute, sample, text_counts);
        }
        let mut fields = fixed_fields();
        fields.extend(attributes.iter().map(|attribute| {
            Field::new(
                &attribute.name,
                attribute_type(attribute.value_type, attribute.in_dictionary),
                true,
            )
        }));
        Self {
            attributes,
            schema: Arc::new(Schema::new(fields)),
            column_of,
            steps,
        }
    }

    /// Where the values of spans of this shape go, in order.
    #[inline]
    pub fn steps(&self, shape: u32) -> &[Step] {
        self.steps.get(shape)
    }

    /// How many slots the values of spans of this shape take.
    #[inline]
    pub fn slot_count(&self, shape: u32) -> usize {
        self.steps.slot_counts[shape as usize] as usize
    }

    /// The column of a key and a type, if it has one.
    #[inline]
    pub fn column(&self, item: ShapeItem) -> Option<usize> {
        let column = self.column_of[item.key as usize][item.value_type as usize];
        (column != NO_COLUMN).then_some(column as usize)
    }
}

/// The frequent keys, most frequent first. A key's most frequent type has the plain name.
fn choose(
    data: &Data,
    counts: &[[u32; 8]],
    span_count: u64,
    options: SealOptions,
) -> Vec<AttributeColumnPlan> {
    let mut found = Vec::new();
    for (key, by_type) in (0_u32..).zip(counts) {
        if data.keys.get(key).len() > KEY_BYTES_MAX {
            continue;
        }
        let mut types: Vec<(u32, u8)> = by_type
            .iter()
            .copied()
            .zip(0..)
            .skip(1)
            .filter(|(count, _)| *count > 0)
            .collect();
        types.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        for (rank, (count, value_type)) in types.into_iter().enumerate() {
            if u64::from(count) * options.rare_one_in >= span_count {
                found.push((count, key, value_type, rank == 0));
            }
        }
    }
    found.sort_unstable_by(|a, b| {
        b.0.cmp(&a.0)
            .then(data.keys.get(a.1).cmp(data.keys.get(b.1)))
            .then(a.2.cmp(&b.2))
    });
    found.truncate(options.columns_max);
    let mut names = std::collections::HashSet::new();
    found
        .into_iter()
        .map(|(count, key, value_type, is_first)| AttributeColumnPlan {
            key,
            value_type,
            name: column_name(data.keys.text(key), value_type, is_first),
            span_count: u64::from(count),
            text_counts: Vec::new(),
            in_dictionary: true,
            listed: false,
        })
        .filter(|column| names.insert(column.name.clone()))
        .collect()
}

fn column_name(key: &str, value_type: u8, is_first: bool) -> String {
    const TYPES: [&str; 8] = [
        "empty", "string", "bool", "int", "double", "bytes", "array", "map",
    ];
    if is_first {
        format!("attributes.{key}")
    } else {
        format!("attributes.{key}#{}", TYPES[value_type as usize])
    }
}

/// By column, how many of the rows have each text, where that is needed to decide; else nothing.
fn count_texts(
    data: &Data,
    rows: &[u32],
    steps: &Steps,
    attributes: &[AttributeColumnPlan],
) -> Vec<Vec<u32>> {
    let table = |attribute: &AttributeColumnPlan| {
        let is_open = is_text(attribute.value_type) && !is_surely_listed(data, attribute);
        let texts = &data.key_texts[attribute.key as usize];
        vec![0_u32; if is_open { texts.len() as usize } else { 0 }]
    };
    let mut tables: Vec<Vec<u32>> = attributes.iter().map(table).collect();
    let steps = steps.of_columns(|column| !tables[column].is_empty());
    for &row in rows {
        let (piece, at) = data.rows.locate(row);
        let steps = steps.get(piece.shape[at] & !HAS_EXTRAS);
        if steps.is_empty() {
            continue;
        }
        let slots = piece.slots(at);
        for step in steps {
            tables[step.column as usize][slots[step.slot as usize] as usize] += 1;
        }
    }
    tables
}

/// Whether there are so few texts that nothing need be counted.
fn is_surely_listed(data: &Data, attribute: &AttributeColumnPlan) -> bool {
    let texts = &data.key_texts[attribute.key as usize];
    texts.len() as usize <= LISTED_MAX
        && attribute.value_type != AttributeType::Bytes as u8
        && texts.text_bytes() <= LISTED_BYTES_MAX
}

fn decide_storage(
    data: &Data,
    attribute: &mut AttributeColumnPlan,
    sample: &Sample,
    text_counts: &[u32],
) {
    if is_text(attribute.value_type) && is_surely_listed(data, attribute) {
        (attribute.listed, attribute.in_dictionary) = (true, true);
    } else if is_text(attribute.value_type) {
        let used = (0..).zip(text_counts);
        let used = used.filter(|(_, count)| **count > 0).map(|(code, _)| code);
        let distinct = used.clone().count();
        let texts = &data.key_texts[attribute.key as usize];
        attribute.listed = distinct <= LISTED_MAX
            && attribute.value_type != AttributeType::Bytes as u8
            && used.map(|code| texts.get(code).len()).sum::<usize>() <= LISTED_BYTES_MAX;
        attribute.in_dictionary = attribute.listed || distinct as u64 * 3 <= attribute.span_count;
    } else if attribute.value_type != AttributeType::Bool as u8 {
        attribute.in_dictionary =
            sample.distinct.len() * 3 <= sample.count || sample.distinct.len() <= 64;
    }
}

/// Some numbers of a column, from all over the segment.
#[derive(Clone, Debug, Default)]
struct Sample {
    count: usize,
    distinct: HashSet<u64, RandomState>,
}

fn sample_numbers(
    data: &Data,
    rows: &[u32],
    column_of: &[[u32; 8]],
    attributes: &[AttributeColumnPlan],
) -> Vec<Sample> {
    const ROWS: usize = 16_384;
    let mut samples = vec![Sample::default(); attributes.len()];
    for &row in rows.iter().step_by((rows.len() / ROWS).max(1)) {
        let (piece, at) = data.rows.locate(row);
        for (item, slots) in data
            .attributes_and_extras(piece.shape[at], piece.slots(at))
            .0
        {
            let column = column_of[item.key as usize][item.value_type as usize];
            if let (true, [low, high]) = (column != NO_COLUMN, slots) {
                let sample = &mut samples[column as usize];
                sample.count += 1;
                sample.distinct.insert(join(*low, *high));
            }
        }
    }
    samples
}
