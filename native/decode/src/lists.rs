//! Building the columns of lists: what a span has many of.

use crate::ahead::{Ahead, append};
use crate::columns::{ids, numbers, times};
use crate::intern::{Interner, strings};
use crate::recent_keys::{RecentKeys, Sought};
use crate::schema::{AttributeType, attribute_fields, event_fields, link_fields};
use crate::utf8::{is_utf8, repaired};
use arrow_array::types::{Int64Type, UInt8Type, UInt32Type};
use arrow_array::{ArrayRef, BinaryArray, ListArray, StructArray};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Fields};
use std::sync::Arc;

/// The attributes of spans.
#[derive(Default)]
pub struct Attributes {
    ends: Offsets,
    key: Vec<i32>,
    keys: Interner,
    recent_keys: RecentKeys,
    /// The key that came last in this row.
    previous: Option<i32>,
    kind: Vec<u8>,
    number: Vec<i64>,
    text_ends: Vec<i32>,
    /// Texts one after the other; a writer of attribute text appends here, then calls `push_written`.
    pub text: Vec<u8>,
    /// Where the texts of this row begin.
    row_text_start: usize,
}

impl Attributes {
    pub(crate) fn reserve(&mut self, rows: usize) {
        // Eight to ten attributes are usual; a wrong guess costs a move.
        self.ends.reserve(rows);
        self.key.reserve(10 * rows);
        self.kind.reserve(10 * rows);
        self.number.reserve(10 * rows);
        self.text_ends.reserve(10 * rows + 1);
        self.text.reserve(128 * rows);
    }

    /// Append one whose value is a number: an int, a bool, the bits of a double.
    #[inline]
    pub fn push_number(&mut self, key: &[u8], kind: AttributeType, number: i64) {
        self.push_head(key, kind, number);
    }

    /// Append a string. What is not UTF-8 is repaired when the row ends.
    #[inline]
    pub fn push_string(&mut self, key: &[u8], value: &[u8]) {
        self.push_bytes(key, AttributeType::String, value);
    }

    /// Append one whose value is bytes: UTF-8 of a string, bytes, attribute text.
    #[inline]
    pub fn push_bytes(&mut self, key: &[u8], kind: AttributeType, value: &[u8]) {
        append(&mut self.text, value);
        self.push_written(key, kind);
    }

    /// Append one whose value has been written to `text`.
    #[inline]
    pub fn push_written(&mut self, key: &[u8], kind: AttributeType) {
        self.push_head(key, kind, 0);
    }

    /// Append a number whose key stands at the beginning of these bytes.
    #[inline(always)]
    pub(crate) fn push_number_ahead(&mut self, key: Ahead<'_>, kind: AttributeType, number: i64) {
        let code = self.key_ahead(key);
        self.push_coded(code, kind, number);
    }

    /// Append a string; key and value stand at the beginning of these bytes.
    #[inline(always)]
    pub(crate) fn push_string_ahead(&mut self, key: Ahead<'_>, value: Ahead<'_>) {
        value.append_to(&mut self.text);
        let code = self.key_ahead(key);
        self.push_coded(code, AttributeType::String, 0);
    }

    #[inline(always)]
    fn key_ahead(&mut self, key: Ahead<'_>) -> i32 {
        match RecentKeys::seek(key.bytes, key.len) {
            Some(sought) => match self.recent_keys.code(&sought) {
                Some(code) => code,
                None => self.key_unexpected(key.text(), sought),
            },
            None => self.keys.text_after(self.previous, key.text()),
        }
    }

    /// What is not UTF-8 is not remembered: each time that it is repaired is counted.
    #[inline(never)]
    fn key_unexpected(&mut self, key: &[u8], sought: Sought) -> i32 {
        let code = self.keys.text(key);
        if is_utf8(key) {
            self.recent_keys.remember(sought, code);
        }
        code
    }

    #[inline]
    fn push_head(&mut self, key: &[u8], kind: AttributeType, number: i64) {
        let code = self.keys.text_after(self.previous, key);
        self.push_coded(code, kind, number);
    }

    #[inline(always)]
    fn push_coded(&mut self, code: i32, kind: AttributeType, number: i64) {
        self.previous = Some(code);
        self.key.push(code);
        self.kind.push(kind as u8);
        self.number.push(number);
        self.text_ends.push(self.text.len() as i32);
    }

    #[inline]
    pub(crate) fn end_row(&mut self) {
        self.previous = None;
        if !self.text[self.row_text_start..].is_ascii() {
            self.repair_row();
        }
        self.row_text_start = self.text.len();
        self.ends.push(self.key.len());
    }

    /// Whether a string is UTF-8 can only be asked of each one, but all together say whether it need be asked at all.
    #[inline(never)]
    fn repair_row(&mut self) {
        if !self.fits() {
            return; // The batch will be refused; its ends are no longer right.
        }
        let items = self.ends.last()..self.key.len();
        let is_string = |item: &usize| self.kind[*item] == AttributeType::String as u8;
        if items
            .clone()
            .filter(is_string)
            .all(|item| is_utf8(self.value(item)))
        {
            return;
        }
        let mut text = Vec::new();
        let mut ends = Vec::new();
        for item in items.clone() {
            let value = self.value(item);
            match is_string(&item) {
                true => text.extend_from_slice(repaired(value).as_bytes()),
                false => text.extend_from_slice(value),
            }
            ends.push((self.row_text_start + text.len()) as i32);
        }
        self.text.truncate(self.row_text_start);
        self.text.append(&mut text);
        self.text_ends.truncate(items.start);
        self.text_ends.append(&mut ends);
    }

    fn value(&self, item: usize) -> &[u8] {
        let start = item
            .checked_sub(1)
            .map_or(0, |before| self.text_ends[before]);
        &self.text[start as usize..self.text_ends[item] as usize]
    }

    pub(crate) fn abandon_row(&mut self) {
        self.previous = None;
        let length = self.ends.last();
        self.key.truncate(length);
        self.kind.truncate(length);
        self.number.truncate(length);
        self.text_ends.truncate(length);
        self.text.truncate(self.row_text_start);
    }

    #[inline]
    pub(crate) fn fits(&self) -> bool {
        fits(self.key.len()) && fits(self.text.len()) && self.keys.fits()
    }

    pub(crate) fn finish(self) -> Result<ArrayRef, ArrowError> {
        let fields = attribute_fields();
        let text = BinaryArray::try_new(
            text_offsets(self.text_ends),
            Buffer::from_vec(self.text),
            None,
        )?;
        let children = vec![
            self.keys.finish_text(self.key)?,
            numbers::<UInt8Type>(self.kind),
            numbers::<Int64Type>(self.number),
            Arc::new(text),
        ];
        self.ends.finish(fields, children)
    }
}

/// The events of spans. `attributes` is attribute text.
#[derive(Default)]
pub struct Events {
    ends: Offsets,
    time_unix_nano: Vec<i64>,
    name: Texts,
    attributes: Texts,
    dropped_attributes_count: Vec<u32>,
}

impl Events {
    pub(crate) fn reserve(&mut self, rows: usize) {
        self.ends.reserve(rows);
    }

    /// Append an event. What is not UTF-8 in its name is repaired.
    pub fn push(
        &mut self,
        time_unix_nano: i64,
        name: &[u8],
        attributes: &[u8],
        dropped_attributes_count: u32,
    ) {
        self.time_unix_nano.push(time_unix_nano);
        self.name.push(repaired(name).as_bytes());
        self.attributes.push(attributes);
        self.dropped_attributes_count.push(dropped_attributes_count);
    }

    #[inline]
    pub(crate) fn end_row(&mut self) {
        self.ends.push(self.time_unix_nano.len());
    }

    pub(crate) fn abandon_row(&mut self) {
        let length = self.ends.last();
        self.time_unix_nano.truncate(length);
        self.name.truncate(length);
        self.attributes.truncate(length);
        self.dropped_attributes_count.truncate(length);
    }

    #[inline]
    pub(crate) fn fits(&self) -> bool {
        fits(self.time_unix_nano.len())
            && fits(self.name.data.len())
            && fits(self.attributes.data.len())
    }

    pub(crate) fn finish(self) -> Result<ArrayRef, ArrowError> {
        let children = vec![
            times(self.time_unix_nano),
            self.name.finish()?,
            self.attributes.finish()?,
            numbers::<UInt32Type>(self.dropped_attributes_count),
        ];
        self.ends.finish(event_fields(), children)
    }
}

/// One link. `attributes` is attribute text.
#[derive(Clone, Copy, Default)]
#[allow(missing_docs)]
pub struct Link<'a> {
    pub trace_id: [u8; 16],
    pub span_id: [u8; 8],
    pub trace_state: &'a [u8],
    pub attributes: &'a [u8],
    pub dropped_attributes_count: u32,
    pub flags: u32,
}

/// The links of spans.
#[derive(Default)]
pub struct Links {
    ends: Offsets,
    trace_id: Vec<u8>,
    span_id: Vec<u8>,
    trace_state: Texts,
    attributes: Texts,
    dropped_attributes_count: Vec<u32>,
    flags: Vec<u32>,
}

impl Links {
    pub(crate) fn reserve(&mut self, rows: usize) {
        self.ends.reserve(rows);
    }

    /// Append a link. What is not UTF-8 in its trace state is repaired.
    pub fn push(&mut self, link: &Link<'_>) {
        self.trace_id.extend_from_slice(&link.trace_id);
        self.span_id.extend_from_slice(&link.span_id);
        self.trace_state.push(repaired(link.trace_state).as_bytes());
        self.attributes.push(link.attributes);
        self.dropped_attributes_count
            .push(link.dropped_attributes_count);
        self.flags.push(link.flags);
    }

    #[inline]
    pub(crate) fn end_row(&mut self) {
        self.ends.push(self.flags.len());
    }

    pub(crate) fn abandon_row(&mut self) {
        let length = self.ends.last();
        self.trace_id.truncate(16 * length);
        self.span_id.truncate(8 * length);
        self.trace_state.truncate(length);
        self.attributes.truncate(length);
        self.dropped_attributes_count.truncate(length);
        self.flags.truncate(length);
    }

    #[inline]
    pub(crate) fn fits(&self) -> bool {
        fits(self.flags.len())
            && fits(self.trace_state.data.len())
            && fits(self.attributes.data.len())
    }

    pub(crate) fn finish(self) -> Result<ArrayRef, ArrowError> {
        let children = vec![
            ids(16, self.trace_id, None)?,
            ids(8, self.span_id, None)?,
            self.trace_state.finish()?,
            self.attributes.finish()?,
            numbers::<UInt32Type>(self.dropped_attributes_count),
            numbers::<UInt32Type>(self.flags),
        ];
        self.ends.finish(link_fields(), children)
    }
}

/// A plain column of text.
#[derive(Default)]
struct Texts {
    ends: Vec<i32>,
    data: Vec<u8>,
}

impl Texts {
    fn push(&mut self, value: &[u8]) {
        self.data.extend_from_slice(value);
        self.ends.push(self.data.len() as i32);
    }

    fn truncate(&mut self, length: usize) {
        self.ends.truncate(length);
        self.data
            .truncate(self.ends.last().map_or(0, |&end| end as usize));
    }

    fn finish(self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(strings(text_offsets(self.ends), self.data)?))
    }
}

/// Where the rows' lists end.
#[derive(Default)]
struct Offsets(Vec<i32>);

impl Offsets {
    /// One more than asked for: `finish` puts the start before the ends.
    fn reserve(&mut self, rows: usize) {
        self.0.reserve(rows + 1);
    }

    #[inline]
    fn push(&mut self, end: usize) {
        self.0.push(end as i32);
    }

    fn last(&self) -> usize {
        self.0.last().map_or(0, |&end| end as usize)
    }

    fn finish(self, fields: Fields, children: Vec<ArrayRef>) -> Result<ArrayRef, ArrowError> {
        let items = StructArray::try_new(fields.clone(), children, None)?;
        let item = Arc::new(Field::new("item", DataType::Struct(fields), false));
        Ok(Arc::new(ListArray::try_new(
            item,
            text_offsets(self.0),
            Arc::new(items),
            None,
        )?))
    }
}

/// The caller has made sure, with `fits`, that no end was cut off.
fn text_offsets(mut ends: Vec<i32>) -> OffsetBuffer<i32> {
    ends.insert(0, 0);
    OffsetBuffer::new(ScalarBuffer::from(ends))
}

fn fits(length: usize) -> bool {
    length <= i32::MAX as usize
}
