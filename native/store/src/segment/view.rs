//! A sealed segment as a `View`.

use super::Segment;
use super::bloom;
use super::columns::{EVENTS_LEAF, Fixed, LINKS_LEAF, REST_LEAF};
use super::gather::{attribute_leaf, in_dictionary};
use crate::buffer::assemble::list;
use crate::recode::{coded_fields, dictionary, plain, strings};
use crate::rest_text::{self, TypesBuilder};
use crate::view::{
    AttributeColumn, CHUNK_ROWS, ColumnRef, KeyCount, KnownCalls, OperationCount, Result, Root,
    Rows, StoreError, TraceEntry, View,
};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{DataType, Fields};
use base64::prelude::{BASE64_STANDARD, Engine};
use lymer_decode::schema::{AttributeType, event_fields, link_fields};
use std::ops::Range;
use std::sync::Arc;

impl View for Segment {
    fn span_count(&self) -> u32 {
        self.index.facts.span_count as u32
    }

    fn trace_count(&self) -> u32 {
        self.index.facts.trace_count as u32
    }

    fn trace(&self, trace: u32) -> TraceEntry {
        let (start, duration) = self.index.trace_times(trace);
        TraceEntry {
            trace_id: self.index.trace_id(trace),
            start,
            duration,
            span_count: self.index.trace_rows(trace).len() as u32,
            error_count: self.index.trace_errors(trace),
        }
    }

    fn interval(&self, trace: u32) -> (i64, i64) {
        self.index.trace_times(trace)
    }

    fn find_trace(&self, trace_id: &[u8; 16]) -> Option<u32> {
        self.index.find_trace(trace_id)
    }

    fn trace_rows(&self, trace: u32) -> Rows {
        Rows::Range(self.index.trace_rows(trace))
    }

    fn traces_of_rows(&self, rows: &[u32]) -> Vec<u32> {
        let mut trace = 0;
        let mut range = 0..0;
        rows.iter()
            .map(|&row| {
                if !range.contains(&row) {
                    trace = self.index.trace_of_row(row);
                    range = self.index.trace_rows(trace);
                }
                trace
            })
            .collect()
    }

    fn read(&self, columns: &[ColumnRef], rows: &Rows) -> Result<Vec<ArrayRef>> {
        columns
            .iter()
            .map(|column| self.read_column(column, rows))
            .collect()
    }

    fn attribute_columns(&self) -> &[AttributeColumn] {
        &self.index.attributes
    }

    fn rest_has_key(&self, key: &str) -> bool {
        self.index.rest_has_key(key)
    }

    fn may_contain(&self, column: &ColumnRef, text: &str) -> bool {
        match column {
            ColumnRef::Service => self.index.has_service(text),
            ColumnRef::Name => self.index.has_name(text),
            ColumnRef::Attribute(attribute) => {
                let listed = self.index.has_value(*attribute, text);
                let groups = self.span_count().div_ceil(CHUNK_ROWS);
                listed.unwrap_or_else(|| {
                    (0..groups).any(|group| self.bloom_may_contain(*attribute, text, group))
                })
            }
            _ => true,
        }
    }

    fn may_contain_at(&self, column: &ColumnRef, text: &str, rows: &Rows) -> bool {
        let (ColumnRef::Attribute(attribute), false) = (column, rows.is_empty()) else {
            return true;
        };
        let groups = rows.get(0) / CHUNK_ROWS..=rows.get(rows.len() - 1) / CHUNK_ROWS;
        self.index.entries[*attribute].listed
            || groups
                .into_iter()
                .any(|group| self.bloom_may_contain(*attribute, text, group))
    }

    fn rows_where(
        &self,
        column: &ColumnRef,
        rows: &Rows,
        holds: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Option<Vec<u32>>> {
        let leaf = match column {
            ColumnRef::Service => Fixed::ServiceName as usize,
            ColumnRef::Name => Fixed::Name as usize,
            ColumnRef::StatusMessage => Fixed::StatusMessage as usize,
            ColumnRef::ResourceAttributes => Fixed::ResourceAttributes as usize,
            ColumnRef::ScopeAttributes => Fixed::ScopeAttributes as usize,
            ColumnRef::Attribute(attribute) => attribute_leaf(*attribute),
            _ => return Ok(None),
        };
        let last = rows.len().checked_sub(1).map(|last| rows.get(last));
        let in_one_group =
            rows.first().map(|row| row / CHUNK_ROWS) == last.map(|row| row / CHUNK_ROWS);
        if in_one_group {
            self.gather_where(leaf, rows, holds)
        } else {
            Ok(None)
        }
    }

    fn traces_with(&self, service: Option<&str>, name: Option<&str>) -> Option<Vec<u32>> {
        Some(self.index.traces_with(service, name))
    }

    fn rows_of_operation(&self, service: Option<&str>, name: Option<&str>) -> Option<Vec<u32>> {
        self.index.rows_with(service, name)
    }

    fn known_calls(&self) -> Result<Option<Vec<KnownCalls>>> {
        self.index.calls()
    }

    fn max_start(&self) -> i64 {
        self.index.facts.max_start
    }

    fn sorted_by_start(&self) -> bool {
        true
    }

    fn may_have(&self, trace: u32, column: &ColumnRef) -> bool {
        match column {
            ColumnRef::Events => self.index.trace_flags(trace) & 1 != 0,
            ColumnRef::Links => self.index.trace_flags(trace) & 2 != 0,
            _ => true,
        }
    }

    fn distinct(&self, column: &ColumnRef) -> Option<ArrayRef> {
        match column {
            ColumnRef::Service => Some(strings(self.index.services())),
            ColumnRef::ResourceAttributes => Some(strings(self.index.resources())),
            ColumnRef::ScopeAttributes => Some(strings(self.index.scopes())),
            _ => None,
        }
    }

    fn known_root(&self, trace: u32) -> Option<Root> {
        Some(Root {
            row: self.index.trace_rows(trace).start + self.index.trace_root(trace),
            orphan_count: self.index.trace_orphans(trace),
        })
    }

    fn known_errors(&self) -> Option<Vec<(u32, u32)>> {
        Some(self.index.all_errors().collect())
    }

    fn known_operations(&self) -> Option<Vec<OperationCount>> {
        Some(self.index.operations())
    }

    fn known_keys(&self) -> Option<&[KeyCount]> {
        Some(&self.index.key_counts)
    }

    fn known_values(&self, attribute: usize) -> Option<Vec<(String, u64)>> {
        let values = self.index.values(attribute)?;
        Some(
            values
                .map(|(value, count)| (String::from_utf8_lossy(value).into_owned(), count))
                .collect(),
        )
    }

    fn read_spans(&self, traces: &[u32]) -> Result<RecordBatch> {
        self.spans(traces)
    }
}

impl Segment {
    fn read_column(&self, column: &ColumnRef, rows: &Rows) -> Result<ArrayRef> {
        let text = |column: Fixed| self.gather(column as usize, rows).map(in_dictionary);
        match column {
            ColumnRef::SpanId => self.gather(Fixed::SpanId as usize, rows),
            ColumnRef::ParentSpanId => self.gather(Fixed::ParentSpanId as usize, rows),
            ColumnRef::Service => text(Fixed::ServiceName),
            ColumnRef::Name => text(Fixed::Name),
            ColumnRef::Kind => self.gather(Fixed::Kind as usize, rows),
            ColumnRef::StatusCode => self.gather(Fixed::StatusCode as usize, rows),
            ColumnRef::StatusMessage => text(Fixed::StatusMessage),
            ColumnRef::Start => self.gather(Fixed::StartTime as usize, rows),
            ColumnRef::Duration => self.gather(Fixed::Duration as usize, rows),
            ColumnRef::TraceState => text(Fixed::TraceState),
            ColumnRef::ScopeName => text(Fixed::ScopeName),
            ColumnRef::ScopeVersion => text(Fixed::ScopeVersion),
            ColumnRef::ResourceAttributes => text(Fixed::ResourceAttributes),
            ColumnRef::ScopeAttributes => text(Fixed::ScopeAttributes),
            ColumnRef::Events => self.events(rows),
            ColumnRef::Links => self.links(rows),
            ColumnRef::Attribute(attribute) => self.attribute(*attribute, rows),
            ColumnRef::RestAttributes => self.rest(rows),
            ColumnRef::RestTypes => self.rest_types(rows),
            ColumnRef::ParentDistance => self
                .gather(Fixed::ParentDistance as usize, rows)
                .map(unsigned),
            ColumnRef::SubtreeSize => self.gather(Fixed::SubtreeSize as usize, rows).map(unsigned),
        }
    }

    fn attribute(&self, attribute: usize, rows: &Rows) -> Result<ArrayRef> {
        let Some(column) = self.index.attributes.get(attribute) else {
            return Err(StoreError(format!("no attribute column {attribute}")));
        };
        let values = self.gather(attribute_leaf(attribute), rows)?;
        Ok(match values.data_type() {
            DataType::Dictionary(..) | DataType::Utf8 | DataType::Binary => {
                let values = in_dictionary(values);
                if column.value_type == AttributeType::Bytes as u8 {
                    bytes_as_text(&values)
                } else {
                    values
                }
            }
            _ => values,
        })
    }

    /// The events of these rows, texts in dictionaries.
    pub(super) fn events(&self, rows: &Rows) -> Result<ArrayRef> {
        self.list(EVENTS_LEAF..LINKS_LEAF, coded_fields(&event_fields()), rows)
    }

    /// The links of these rows, texts in dictionaries.
    pub(super) fn links(&self, rows: &Rows) -> Result<ArrayRef> {
        self.list(
            LINKS_LEAF..attribute_leaf(0),
            coded_fields(&link_fields()),
            rows,
        )
    }

    fn list(&self, leaves: Range<usize>, fields: Fields, rows: &Rows) -> Result<ArrayRef> {
        let lists = self.gather_lists(leaves, rows)?;
        let entries = lists.entries.into_iter().zip(&fields);
        let children = entries
            .map(|(entry, field)| as_type(entry, field.data_type()))
            .collect::<Result<_>>()?;
        list(fields, lists.offsets, children)
    }

    /// The rest attributes of these rows, texts in dictionaries.
    pub(super) fn rest(&self, rows: &Rows) -> Result<ArrayRef> {
        let lists = self.gather_lists(REST_LEAF..EVENTS_LEAF, rows)?;
        let columns: Vec<ArrayRef> = lists.entries.into_iter().map(in_dictionary).collect();
        let columns = columns
            .try_into()
            .map_err(|_| StoreError("the rest has keys and values".into()))?;
        rest_text::coded_map(&lists.offsets[1..], columns)
    }

    /// The types of the rest: what each row's shape has beyond its columns.
    fn rest_types(&self, rows: &Rows) -> Result<ArrayRef> {
        let shapes = self.gather(Fixed::AttributeOrder as usize, rows)?;
        let mut types = TypesBuilder::default();
        let mut shaper = super::spans::Shaper::new(&self.index);
        for &shape in shapes.as_primitive::<Int32Type>().values() {
            for item in shaper
                .items(shape as u32)
                .iter()
                .filter(|item| item.column.is_none())
            {
                types.entry(item.value_type);
            }
            types.end_row();
        }
        types.finish()
    }

    /// False only when a row group does not have this text in a column that is not listed.
    fn bloom_may_contain(&self, attribute: usize, text: &str, group: u32) -> bool {
        if self.index.entries[attribute].value_type == AttributeType::Bytes as u8 {
            return true;
        }
        let hash = bloom::hash(text.as_bytes());
        let chunk = group as usize * self.index.leaf_count + attribute_leaf(attribute);
        let chunk = self.index.chunk(chunk);
        let bits = chunk.filter(|chunk| chunk.bloom_bytes > 0);
        bits.and_then(|chunk| self.bytes(chunk.bloom, u64::from(chunk.bloom_bytes)))
            .is_none_or(|bits| bloom::may_contain(bits, hash))
    }
}

/// A column as another type with the same bits, or text in or out of a dictionary.
pub fn as_type(array: ArrayRef, wanted: &DataType) -> Result<ArrayRef> {
    match (array.data_type(), wanted) {
        (is, wanted) if is == wanted => Ok(array),
        (_, DataType::Dictionary(..)) => Ok(in_dictionary(array)),
        (DataType::Dictionary(..), _) => plain(&array),
        _ => {
            let data = array
                .to_data()
                .into_builder()
                .data_type(wanted.clone())
                .build();
            data.map(arrow_array::make_array)
                .map_err(|error| StoreError(error.to_string()))
        }
    }
}

/// A list with its texts out of their dictionaries.
pub fn plain_list(array: &ArrayRef, fields: Fields) -> Result<ArrayRef> {
    let array = array.as_list::<i32>();
    let children = array
        .values()
        .as_struct()
        .columns()
        .iter()
        .map(plain)
        .collect::<Result<_>>()?;
    list(fields, array.value_offsets().to_vec(), children)
}

/// 32 bits without a sign.
fn unsigned(array: ArrayRef) -> ArrayRef {
    let values = array.as_primitive::<Int32Type>().values();
    let values = ScalarBuffer::<u32>::new(values.inner().clone(), 0, values.len());
    Arc::new(UInt32Array::new(values, array.nulls().cloned()))
}

fn bytes_as_text(array: &ArrayRef) -> ArrayRef {
    let array = array.as_dictionary::<Int32Type>();
    let values: Vec<String> = array
        .values()
        .as_binary::<i32>()
        .iter()
        .map(|value| BASE64_STANDARD.encode(value.unwrap_or_default()))
        .collect();
    dictionary(
        array.keys().values().to_vec(),
        array.nulls().cloned(),
        strings(values.iter().map(String::as_bytes)),
    )
}
