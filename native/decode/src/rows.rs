//! Reading a record batch of THE schema row by row, for encoders. Never panics, whatever the batch is.

use crate::schema::{AttributeType, Column, SPAN_SCHEMA};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampNanosecondType, UInt8Type, UInt32Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, FixedSizeBinaryArray, ListArray, PrimitiveArray, RecordBatch,
    StringArray,
};
use std::ops::Range;

/// The columns, downcast once.
#[allow(missing_docs)]
pub struct Rows<'a> {
    pub count: usize,
    pub trace_id: &'a FixedSizeBinaryArray,
    pub span_id: &'a FixedSizeBinaryArray,
    pub parent_span_id: &'a FixedSizeBinaryArray,
    pub trace_state: Texts<'a>,
    pub flags: &'a [u32],
    pub name: Texts<'a>,
    pub kind: &'a [i32],
    pub start_time_unix_nano: &'a [i64],
    pub duration_nano: &'a [i64],
    pub status_code: &'a [i32],
    pub status_message: Texts<'a>,
    pub attributes: Attributes<'a>,
    pub dropped_attributes_count: &'a [u32],
    pub events: Events<'a>,
    pub dropped_events_count: &'a [u32],
    pub links: Links<'a>,
    pub dropped_links_count: &'a [u32],
    pub service_name: Texts<'a>,
    pub resource_attributes: Texts<'a>,
    pub resource_dropped_attributes_count: &'a [u32],
    pub resource_entity_refs: Blobs<'a>,
    pub resource_schema_url: Texts<'a>,
    pub scope_name: Texts<'a>,
    pub scope_version: Texts<'a>,
    pub scope_attributes: Texts<'a>,
    pub scope_dropped_attributes_count: &'a [u32],
    pub scope_schema_url: Texts<'a>,
}

/// A dictionary column of text.
#[derive(Clone, Copy)]
pub struct Texts<'a> {
    /// A code for each row.
    pub codes: &'a [i32],
    values: &'a StringArray,
}

/// A dictionary column of bytes.
#[derive(Clone, Copy)]
pub struct Blobs<'a> {
    /// A code for each row.
    pub codes: &'a [i32],
    values: &'a BinaryArray,
}

/// The attributes of all rows.
#[allow(missing_docs)]
pub struct Attributes<'a> {
    offsets: &'a [i32],
    pub key: Texts<'a>,
    pub kind: &'a [u8],
    pub number: &'a [i64],
    pub text: &'a BinaryArray,
}

/// The events of all rows.
#[allow(missing_docs)]
pub struct Events<'a> {
    offsets: &'a [i32],
    pub time_unix_nano: &'a [i64],
    pub name: &'a StringArray,
    pub attributes: &'a StringArray,
    pub dropped_attributes_count: &'a [u32],
}

/// The links of all rows.
#[allow(missing_docs)]
pub struct Links<'a> {
    offsets: &'a [i32],
    pub trace_id: &'a FixedSizeBinaryArray,
    pub span_id: &'a FixedSizeBinaryArray,
    pub trace_state: &'a StringArray,
    pub attributes: &'a StringArray,
    pub dropped_attributes_count: &'a [u32],
    pub flags: &'a [u32],
}

impl<'a> Rows<'a> {
    /// The rows of a batch. An error when it is not of THE schema.
    pub fn of(batch: &'a RecordBatch) -> Result<Self, String> {
        if batch.schema().fields() != SPAN_SCHEMA.fields() {
            return Err("not the span schema".to_owned());
        }
        let column = |column: Column| batch.column(column as usize);
        Ok(Self {
            count: batch.num_rows(),
            trace_id: column(Column::TraceId).as_fixed_size_binary(),
            span_id: column(Column::SpanId).as_fixed_size_binary(),
            parent_span_id: column(Column::ParentSpanId).as_fixed_size_binary(),
            trace_state: Texts::of(column(Column::TraceState)),
            flags: numbers::<UInt32Type>(column(Column::Flags)),
            name: Texts::of(column(Column::Name)),
            kind: numbers::<Int32Type>(column(Column::Kind)),
            start_time_unix_nano: numbers::<TimestampNanosecondType>(column(Column::StartTime)),
            duration_nano: numbers::<Int64Type>(column(Column::Duration)),
            status_code: numbers::<Int32Type>(column(Column::StatusCode)),
            status_message: Texts::of(column(Column::StatusMessage)),
            attributes: Attributes::of(column(Column::Attributes).as_list()),
            dropped_attributes_count: numbers::<UInt32Type>(column(Column::DroppedAttributes)),
            events: Events::of(column(Column::Events).as_list()),
            dropped_events_count: numbers::<UInt32Type>(column(Column::DroppedEvents)),
            links: Links::of(column(Column::Links).as_list()),
            dropped_links_count: numbers::<UInt32Type>(column(Column::DroppedLinks)),
            service_name: Texts::of(column(Column::ServiceName)),
            resource_attributes: Texts::of(column(Column::ResourceAttributes)),
            resource_dropped_attributes_count: numbers::<UInt32Type>(column(
                Column::ResourceDroppedAttributes,
            )),
            resource_entity_refs: Blobs::of(column(Column::ResourceEntityRefs)),
            resource_schema_url: Texts::of(column(Column::ResourceSchemaUrl)),
            scope_name: Texts::of(column(Column::ScopeName)),
            scope_version: Texts::of(column(Column::ScopeVersion)),
            scope_attributes: Texts::of(column(Column::ScopeAttributes)),
            scope_dropped_attributes_count: numbers::<UInt32Type>(column(
                Column::ScopeDroppedAttributes,
            )),
            scope_schema_url: Texts::of(column(Column::ScopeSchemaUrl)),
        })
    }

    /// The parent's id; None for a root.
    pub fn parent(&self, row: usize) -> Option<&'a [u8]> {
        self.parent_span_id
            .is_valid(row)
            .then(|| self.parent_span_id.value(row))
    }

    /// When the span ended.
    pub fn end_time_unix_nano(&self, row: usize) -> i64 {
        self.start_time_unix_nano[row].saturating_add(self.duration_nano[row])
    }

    /// Whether two rows have the same resource. Equal codes are equal values.
    pub fn same_resource(&self, one: usize, other: usize) -> bool {
        let same = |codes: &[i32]| codes[one] == codes[other];
        same(self.resource_attributes.codes)
            && same(self.resource_entity_refs.codes)
            && same(self.resource_schema_url.codes)
            && self.resource_dropped_attributes_count[one]
                == self.resource_dropped_attributes_count[other]
    }

    /// Whether two rows have the same scope.
    pub fn same_scope(&self, one: usize, other: usize) -> bool {
        let same = |codes: &[i32]| codes[one] == codes[other];
        same(self.scope_name.codes)
            && same(self.scope_version.codes)
            && same(self.scope_attributes.codes)
            && same(self.scope_schema_url.codes)
            && self.scope_dropped_attributes_count[one]
                == self.scope_dropped_attributes_count[other]
    }

    /// The end of the run of rows from `start` on, not beyond `end`, for which this holds.
    pub fn run(&self, start: usize, end: usize, same: impl Fn(usize, usize) -> bool) -> usize {
        (start + 1..end)
            .find(|&row| !same(start, row))
            .unwrap_or(end)
    }
}

impl<'a> Texts<'a> {
    fn of(column: &'a ArrayRef) -> Self {
        let column = column.as_dictionary::<Int32Type>();
        Self {
            codes: column.keys().values(),
            values: column.values().as_string(),
        }
    }

    /// The text of a row.
    pub fn get(&self, row: usize) -> &'a str {
        match usize::try_from(self.codes[row]) {
            Ok(code) if code < self.values.len() => self.values.value(code),
            _ => "",
        }
    }
}

impl<'a> Blobs<'a> {
    fn of(column: &'a ArrayRef) -> Self {
        let column = column.as_dictionary::<Int32Type>();
        Self {
            codes: column.keys().values(),
            values: column.values().as_binary(),
        }
    }

    /// The bytes of a row.
    pub fn get(&self, row: usize) -> &'a [u8] {
        match usize::try_from(self.codes[row]) {
            Ok(code) if code < self.values.len() => self.values.value(code),
            _ => b"",
        }
    }
}

impl<'a> Attributes<'a> {
    fn of(column: &'a ListArray) -> Self {
        let items = column.values().as_struct();
        Self {
            offsets: column.value_offsets(),
            key: Texts::of(items.column(0)),
            kind: numbers::<UInt8Type>(items.column(1)),
            number: numbers::<Int64Type>(items.column(2)),
            text: items.column(3).as_binary(),
        }
    }

    /// Where the attributes of a row are.
    pub fn of_row(&self, row: usize) -> Range<usize> {
        range(self.offsets, row)
    }

    /// The type of an attribute.
    pub fn kind(&self, item: usize) -> AttributeType {
        match self.kind[item] {
            1 => AttributeType::String,
            2 => AttributeType::Bool,
            3 => AttributeType::Int,
            4 => AttributeType::Double,
            5 => AttributeType::Bytes,
            6 => AttributeType::Array,
            7 => AttributeType::Map,
            _ => AttributeType::Empty,
        }
    }
}

impl<'a> Events<'a> {
    fn of(column: &'a ListArray) -> Self {
        let items = column.values().as_struct();
        Self {
            offsets: column.value_offsets(),
            time_unix_nano: numbers::<TimestampNanosecondType>(items.column(0)),
            name: items.column(1).as_string(),
            attributes: items.column(2).as_string(),
            dropped_attributes_count: numbers::<UInt32Type>(items.column(3)),
        }
    }

    /// Where the events of a row are.
    pub fn of_row(&self, row: usize) -> Range<usize> {
        range(self.offsets, row)
    }
}

impl<'a> Links<'a> {
    fn of(column: &'a ListArray) -> Self {
        let items = column.values().as_struct();
        Self {
            offsets: column.value_offsets(),
            trace_id: items.column(0).as_fixed_size_binary(),
            span_id: items.column(1).as_fixed_size_binary(),
            trace_state: items.column(2).as_string(),
            attributes: items.column(3).as_string(),
            dropped_attributes_count: numbers::<UInt32Type>(items.column(4)),
            flags: numbers::<UInt32Type>(items.column(5)),
        }
    }

    /// Where the links of a row are.
    pub fn of_row(&self, row: usize) -> Range<usize> {
        range(self.offsets, row)
    }
}

fn range(offsets: &[i32], row: usize) -> Range<usize> {
    offsets[row] as usize..offsets[row + 1] as usize
}

fn numbers<T: arrow_array::ArrowPrimitiveType>(column: &ArrayRef) -> &[T::Native] {
    let column: &PrimitiveArray<T> = column.as_primitive();
    column.values()
}
