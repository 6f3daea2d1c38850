//! A sealed segment as a `View`.

use super::Segment;
use super::bloom;
use super::columns::{EVENTS_LEAF, Fixed, LINKS_LEAF, REST_LEAF};
use super::gather::{attribute_leaf, in_dictionary};
use crate::buffer::assemble::list;
use crate::recode::{dictionary, strings};
use crate::rest_text::{self, TypesBuilder};
use crate::view::{
    AttributeColumn, CHUNK_ROWS, ColumnRef, KeyCount, OperationCount, Result, Root, Rows,
    StoreError, TraceEntry, View,
};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, MapArray, RecordBatch, StructArray, UInt32Array};
use arrow_buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;
use base64::prelude::{BASE64_STANDARD, Engine};
use lymer_decode::schema::{AttributeType, event_fields, link_fields};
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
                listed.unwrap_or_else(|| self.bloom_may_contain(*attribute, text))
            }
            _ => true,
        }
    }

    fn traces_with(&self, service: Option<&str>, name: Option<&str>) -> Option<Vec<u32>> {
        Some(self.index.traces_with(service, name))
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

    /// The events of these rows.
    pub(super) fn events(&self, rows: &Rows) -> Result<ArrayRef> {
        let lists = self.gather_lists(EVENTS_LEAF..LINKS_LEAF, rows)?;
        let children = children(lists.entries, &event_fields())?;
        list(event_fields(), lists.offsets, children)
    }

    /// The links of these rows.
    pub(super) fn links(&self, rows: &Rows) -> Result<ArrayRef> {
        let lists = self.gather_lists(LINKS_LEAF..attribute_leaf(0), rows)?;
        let children = children(lists.entries, &link_fields())?;
        list(link_fields(), lists.offsets, children)
    }

    /// The rest attributes of these rows.
    pub(super) fn rest(&self, rows: &Rows) -> Result<ArrayRef> {
        let lists = self.gather_lists(REST_LEAF..EVENTS_LEAF, rows)?;
        let DataType::Map(entries, _) = rest_text::map_type() else {
            return Err(StoreError("the rest is a map".into()));
        };
        let DataType::Struct(fields) = entries.data_type() else {
            return Err(StoreError("the rest is a map of structs".into()));
        };
        let nulls: NullBuffer = lists
            .offsets
            .windows(2)
            .map(|pair| pair[1] > pair[0])
            .collect();
        let columns = children(lists.entries, fields)?;
        let values = StructArray::try_new(fields.clone(), columns, None);
        let offsets = OffsetBuffer::new(ScalarBuffer::from(lists.offsets));
        values
            .and_then(|values| {
                MapArray::try_new(entries.clone(), offsets, values, Some(nulls), false)
            })
            .map(|map| Arc::new(map) as ArrayRef)
            .map_err(|error| StoreError(error.to_string()))
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

    /// False only when no row group has this text in a column that is not listed.
    fn bloom_may_contain(&self, attribute: usize, text: &str) -> bool {
        if self.index.entries[attribute].value_type == AttributeType::Bytes as u8 {
            return true;
        }
        let hash = bloom::hash(text.as_bytes());
        let groups = self.span_count().div_ceil(CHUNK_ROWS) as usize;
        (0..groups).any(|group| {
            let chunk = self
                .index
                .chunk(group * self.index.leaf_count + attribute_leaf(attribute));
            let bits = chunk.filter(|chunk| chunk.bloom_bytes > 0);
            bits.and_then(|chunk| self.bytes(chunk.bloom, u64::from(chunk.bloom_bytes)))
                .is_none_or(|bits| bloom::may_contain(bits, hash))
        })
    }
}

/// The children of a list in the types of THE schema: text plain, counts unsigned, times as such.
fn children(entries: Vec<ArrayRef>, fields: &arrow_schema::Fields) -> Result<Vec<ArrayRef>> {
    entries
        .into_iter()
        .zip(fields)
        .map(|(entry, field)| as_type(entry, field.data_type()))
        .collect()
}

/// A column as another type with the same bits, or a dictionary as plain text.
pub fn as_type(array: ArrayRef, wanted: &DataType) -> Result<ArrayRef> {
    if array.data_type() == wanted {
        return Ok(array);
    }
    if let Some(dictionary) = array.as_dictionary_opt::<Int32Type>() {
        return arrow_select::take::take(dictionary.values(), dictionary.keys(), None)
            .map_err(|error| StoreError(error.to_string()));
    }
    let data = array
        .to_data()
        .into_builder()
        .data_type(wanted.clone())
        .build();
    data.map(arrow_array::make_array)
        .map_err(|error| StoreError(error.to_string()))
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
