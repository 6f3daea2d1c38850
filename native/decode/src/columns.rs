//! Building a record batch of THE schema, row by row. Every format's decoder ends here.
//!
//! A row is built from the inside: its attributes, events and links are appended first, then `push` completes it or
//! `abandon` takes them back. What all spans of a scope share is said once, with `origins.push`.

use crate::intern::Interner;
use crate::lists::{Attributes, Events, Links};
use crate::origins::Origins;
use crate::schema::SPAN_SCHEMA;
use crate::utf8::repairs;
use arrow_array::builder::BooleanBufferBuilder;
use arrow_array::types::{Int32Type, Int64Type, TimestampNanosecondType, UInt32Type};
use arrow_array::{
    ArrayRef, ArrowPrimitiveType, FixedSizeBinaryArray, PrimitiveArray, RecordBatch,
};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_schema::ArrowError;
use std::sync::Arc;

/// The plain columns of one span. Texts are as they came; what is not UTF-8 is repaired.
#[derive(Clone, Copy, Default)]
#[allow(missing_docs)]
pub struct SpanRow<'a> {
    pub trace_id: [u8; 16],
    pub span_id: [u8; 8],
    pub parent_span_id: Option<[u8; 8]>,
    pub trace_state: &'a [u8],
    pub flags: u32,
    pub name: &'a [u8],
    pub kind: i32,
    pub start_time_unix_nano: i64,
    pub duration_nano: i64,
    pub status_code: i32,
    pub status_message: &'a [u8],
    pub dropped_attributes_count: u32,
    pub dropped_events_count: u32,
    pub dropped_links_count: u32,
}

/// The columns under construction.
#[derive(Default)]
pub struct Columns {
    trace_id: Vec<u8>,
    span_id: Vec<u8>,
    parent_span_id: Vec<u8>,
    has_parent: Vec<bool>,
    trace_state: Text,
    flags: Vec<u32>,
    name: Text,
    kind: Vec<i32>,
    start_time_unix_nano: Vec<i64>,
    duration_nano: Vec<i64>,
    status_code: Vec<i32>,
    status_message: Text,
    /// The attributes of all rows, and of the one under construction.
    pub attributes: Attributes,
    dropped_attributes_count: Vec<u32>,
    /// The events of all rows, and of the one under construction.
    pub events: Events,
    dropped_events_count: Vec<u32>,
    /// The links of all rows, and of the one under construction.
    pub links: Links,
    dropped_links_count: Vec<u32>,
    /// The resources and scopes that rows come from.
    pub origins: Origins,
    repairs: Repairs,
}

/// The rows whose text was not UTF-8, and the count of repairs that was seen last.
struct Repairs {
    seen: u64,
    rows: Vec<u32>,
}

impl Default for Repairs {
    fn default() -> Self {
        Self {
            seen: repairs(),
            rows: Vec::new(),
        }
    }
}

#[derive(Default)]
struct Text {
    codes: Vec<i32>,
    values: Interner,
}

impl Columns {
    /// How many rows are complete.
    pub fn rows(&self) -> usize {
        self.flags.len()
    }

    /// Make room for so many more rows.
    pub fn reserve(&mut self, rows: usize) {
        self.trace_id.reserve(16 * rows);
        self.span_id.reserve(8 * rows);
        self.parent_span_id.reserve(8 * rows);
        self.has_parent.reserve(rows);
        for codes in [
            &mut self.trace_state.codes,
            &mut self.name.codes,
            &mut self.status_message.codes,
        ] {
            codes.reserve(rows);
        }
        self.kind.reserve(rows);
        self.status_code.reserve(rows);
        self.start_time_unix_nano.reserve(rows);
        self.duration_nano.reserve(rows);
        self.flags.reserve(rows);
        self.dropped_attributes_count.reserve(rows);
        self.dropped_events_count.reserve(rows);
        self.dropped_links_count.reserve(rows);
        self.attributes.reserve(rows);
        self.events.reserve(rows);
        self.links.reserve(rows);
    }

    /// Complete a row with the attributes, events and links appended since the last one.
    #[inline]
    pub fn push(&mut self, row: &SpanRow<'_>) {
        self.trace_id.extend_from_slice(&row.trace_id);
        self.span_id.extend_from_slice(&row.span_id);
        self.parent_span_id
            .extend_from_slice(&row.parent_span_id.unwrap_or_default());
        self.has_parent.push(row.parent_span_id.is_some());
        self.trace_state.push(row.trace_state);
        self.flags.push(row.flags);
        self.name.push(row.name);
        self.kind.push(row.kind);
        self.start_time_unix_nano.push(row.start_time_unix_nano);
        self.duration_nano.push(row.duration_nano);
        self.status_code.push(row.status_code);
        self.status_message.push(row.status_message);
        self.attributes.end_row();
        self.dropped_attributes_count
            .push(row.dropped_attributes_count);
        self.events.end_row();
        self.dropped_events_count.push(row.dropped_events_count);
        self.links.end_row();
        self.dropped_links_count.push(row.dropped_links_count);
        self.note_repairs(self.rows() - 1);
    }

    /// The rows from this one on say so if text of theirs was repaired since the last look.
    #[inline]
    pub fn note_repairs(&mut self, first: usize) {
        if repairs() != self.repairs.seen {
            self.mark_repaired(first);
        }
    }

    /// The row under construction has text that was repaired for an earlier one.
    #[cold]
    pub fn repaired_before_push(&mut self) {
        self.repairs.seen = repairs().wrapping_sub(1);
    }

    /// The rows from this one on have text that was repaired.
    #[cold]
    pub fn mark_repaired(&mut self, first: usize) {
        self.repairs.seen = repairs();
        let rows = first as u32..self.rows() as u32;
        self.repairs.rows.extend(rows);
    }

    /// The rows whose text was repaired, ascending.
    pub fn take_repaired_rows(&mut self) -> Vec<u32> {
        let mut rows = std::mem::take(&mut self.repairs.rows);
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// Take back the attributes, events and links appended since the last row.
    pub fn abandon(&mut self) {
        self.attributes.abandon_row();
        self.events.abandon_row();
        self.links.abandon_row();
        self.repairs.seen = repairs();
    }

    /// Whether Arrow's 31-bit offsets still reach everything.
    #[inline]
    pub fn fits(&self) -> bool {
        self.attributes.fits() && self.events.fits() && self.links.fits()
    }

    /// The record batch. An error says that it does not fit into 31-bit offsets.
    pub fn finish(self) -> Result<RecordBatch, ArrowError> {
        if !self.fits() || !self.dictionaries_fit() {
            return Err(ArrowError::OffsetOverflowError(i32::MAX as usize));
        }
        let origins = self.origins.finish()?;
        let mut columns: Vec<ArrayRef> = vec![
            ids(16, self.trace_id, None)?,
            ids(8, self.span_id, None)?,
            ids(8, self.parent_span_id, Some(&self.has_parent))?,
            self.trace_state.finish()?,
            numbers::<UInt32Type>(self.flags),
            self.name.finish()?,
            numbers::<Int32Type>(self.kind),
            times(self.start_time_unix_nano),
            numbers::<Int64Type>(self.duration_nano),
            numbers::<Int32Type>(self.status_code),
            self.status_message.finish()?,
            self.attributes.finish()?,
            numbers::<UInt32Type>(self.dropped_attributes_count),
            self.events.finish()?,
            numbers::<UInt32Type>(self.dropped_events_count),
            self.links.finish()?,
            numbers::<UInt32Type>(self.dropped_links_count),
        ];
        columns.extend(origins);
        RecordBatch::try_new(SPAN_SCHEMA.clone(), columns)
    }

    fn dictionaries_fit(&self) -> bool {
        let texts = [&self.trace_state, &self.name, &self.status_message];
        self.origins.fits() && texts.iter().all(|text| text.values.fits())
    }
}

impl Text {
    #[inline]
    fn push(&mut self, value: &[u8]) {
        let code = self.values.text(value);
        self.codes.push(code);
    }

    fn finish(self) -> Result<ArrayRef, ArrowError> {
        self.values.finish_text(self.codes)
    }
}

/// A column of numbers.
pub(crate) fn numbers<T: ArrowPrimitiveType>(values: Vec<T::Native>) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::new(values.into(), None))
}

/// A column of times.
pub(crate) fn times(values: Vec<i64>) -> ArrayRef {
    Arc::new(
        PrimitiveArray::<TimestampNanosecondType>::new(values.into(), None).with_timezone("UTC"),
    )
}

/// A column of ids of one size.
pub(crate) fn ids(
    size: i32,
    values: Vec<u8>,
    valid: Option<&[bool]>,
) -> Result<ArrayRef, ArrowError> {
    let nulls = valid.filter(|valid| valid.contains(&false)).map(|valid| {
        let mut bits = BooleanBufferBuilder::new(valid.len());
        bits.append_slice(valid);
        NullBuffer::new(bits.finish())
    });
    Ok(Arc::new(FixedSizeBinaryArray::try_new(
        size,
        Buffer::from_vec(values),
        nulls,
    )?))
}
