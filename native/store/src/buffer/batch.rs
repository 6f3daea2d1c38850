//! The columns of a batch of THE schema, typed, to be read row by row.

use crate::view::{Result, StoreError};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type, TimestampNanosecondType, UInt8Type, UInt32Type};
use arrow_array::{
    Array, BinaryArray, DictionaryArray, FixedSizeBinaryArray, ListArray, RecordBatch, StringArray,
    StructArray,
};
use arrow_buffer::NullBuffer;
use lymer_decode::schema::{Column, SPAN_SCHEMA};

/// Codes of a text column with the texts.
pub struct Coded<'a> {
    pub codes: &'a [i32],
    values: Text<'a>,
}

enum Text<'a> {
    Utf8(&'a StringArray),
    Binary(&'a BinaryArray),
}

impl Coded<'_> {
    fn new(array: &DictionaryArray<Int32Type>) -> Coded<'_> {
        let values = match array.values().as_string_opt::<i32>() {
            Some(values) => Text::Utf8(values),
            None => Text::Binary(array.values().as_binary::<i32>()),
        };
        Coded {
            codes: array.keys().values(),
            values,
        }
    }

    /// The text of a code.
    pub fn text(&self, code: i32) -> &[u8] {
        match self.values {
            Text::Utf8(values) => values.value(code as usize).as_bytes(),
            Text::Binary(values) => values.value(code as usize),
        }
    }

    /// How many codes there are.
    pub fn code_count(&self) -> usize {
        match self.values {
            Text::Utf8(values) => values.len(),
            Text::Binary(values) => values.len(),
        }
    }
}

/// The columns.
pub struct Columns<'a> {
    pub row_count: usize,
    pub trace_id: &'a [[u8; 16]],
    pub span_id: &'a [[u8; 8]],
    pub parent_span_id: &'a [[u8; 8]],
    /// Which rows have a parent; None when all have.
    pub has_parent: Option<&'a NullBuffer>,
    pub trace_state: Coded<'a>,
    pub flags: &'a [u32],
    pub name: Coded<'a>,
    pub kind: &'a [i32],
    pub start: &'a [i64],
    pub duration: &'a [i64],
    pub status_code: &'a [i32],
    pub status_message: Coded<'a>,
    pub attributes: Attributes<'a>,
    pub dropped_attributes: &'a [u32],
    pub events: Events<'a>,
    pub dropped_events: &'a [u32],
    pub links: Links<'a>,
    pub dropped_links: &'a [u32],
    /// The columns of resource and scope, in the order of `UnitField`.
    pub unit: [UnitColumn<'a>; 10],
}

/// A column of resource or scope.
pub enum UnitColumn<'a> {
    Text(Coded<'a>),
    Count(&'a [u32]),
}

/// Attributes of spans.
pub struct Attributes<'a> {
    pub offsets: &'a [i32],
    pub key: Coded<'a>,
    pub value_type: &'a [u8],
    pub number: &'a [i64],
    pub text: &'a BinaryArray,
    /// Of all texts.
    pub is_ascii: bool,
}

/// Events of spans.
pub struct Events<'a> {
    pub offsets: &'a [i32],
    pub time: &'a [i64],
    pub name: &'a StringArray,
    pub attributes: &'a StringArray,
    pub dropped: &'a [u32],
}

/// Links of spans.
pub struct Links<'a> {
    pub offsets: &'a [i32],
    pub trace_id: &'a FixedSizeBinaryArray,
    pub span_id: &'a FixedSizeBinaryArray,
    pub trace_state: &'a StringArray,
    pub attributes: &'a StringArray,
    pub dropped: &'a [u32],
    pub flags: &'a [u32],
}

impl<'a> Columns<'a> {
    /// The columns of a batch. An error when it is not of THE schema.
    pub fn new(batch: &'a RecordBatch) -> Result<Self> {
        if batch.schema().fields() != SPAN_SCHEMA.fields() {
            return Err(StoreError("not the span schema".into()));
        }
        let column = |column: Column| batch.column(column as usize);
        let text = |name: Column| Coded::new(column(name).as_dictionary::<Int32Type>());
        let count = |name: Column| column(name).as_primitive::<UInt32Type>().values().as_ref();
        let int = |name: Column| column(name).as_primitive::<Int32Type>().values().as_ref();
        let span_id = |name: Column| {
            column(name)
                .as_fixed_size_binary()
                .value_data()
                .as_chunks()
                .0
        };
        Ok(Self {
            row_count: batch.num_rows(),
            trace_id: (column(Column::TraceId).as_fixed_size_binary().value_data())
                .as_chunks()
                .0,
            span_id: span_id(Column::SpanId),
            parent_span_id: span_id(Column::ParentSpanId),
            has_parent: column(Column::ParentSpanId).nulls(),
            trace_state: text(Column::TraceState),
            flags: count(Column::Flags),
            name: text(Column::Name),
            kind: int(Column::Kind),
            start: column(Column::StartTime)
                .as_primitive::<TimestampNanosecondType>()
                .values(),
            duration: column(Column::Duration)
                .as_primitive::<Int64Type>()
                .values(),
            status_code: int(Column::StatusCode),
            status_message: text(Column::StatusMessage),
            attributes: attributes(column(Column::Attributes).as_list()),
            dropped_attributes: count(Column::DroppedAttributes),
            events: events(column(Column::Events).as_list()),
            dropped_events: count(Column::DroppedEvents),
            links: links(column(Column::Links).as_list()),
            dropped_links: count(Column::DroppedLinks),
            unit: [
                UnitColumn::Text(text(Column::ServiceName)),
                UnitColumn::Text(text(Column::ResourceAttributes)),
                UnitColumn::Count(count(Column::ResourceDroppedAttributes)),
                UnitColumn::Text(text(Column::ResourceEntityRefs)),
                UnitColumn::Text(text(Column::ResourceSchemaUrl)),
                UnitColumn::Text(text(Column::ScopeName)),
                UnitColumn::Text(text(Column::ScopeVersion)),
                UnitColumn::Text(text(Column::ScopeAttributes)),
                UnitColumn::Count(count(Column::ScopeDroppedAttributes)),
                UnitColumn::Text(text(Column::ScopeSchemaUrl)),
            ],
        })
    }
}

fn counts(values: &StructArray, at: usize) -> &[u32] {
    values.column(at).as_primitive::<UInt32Type>().values()
}

fn attributes(list: &ListArray) -> Attributes<'_> {
    let values = list.values().as_struct();
    let text = values.column(3).as_binary::<i32>();
    Attributes {
        offsets: list.value_offsets(),
        key: Coded::new(values.column(0).as_dictionary()),
        value_type: values.column(1).as_primitive::<UInt8Type>().values(),
        number: values.column(2).as_primitive::<Int64Type>().values(),
        text,
        is_ascii: text.value_data().is_ascii(),
    }
}

fn events(list: &ListArray) -> Events<'_> {
    let values = list.values().as_struct();
    Events {
        offsets: list.value_offsets(),
        time: values
            .column(0)
            .as_primitive::<TimestampNanosecondType>()
            .values(),
        name: values.column(1).as_string(),
        attributes: values.column(2).as_string(),
        dropped: counts(values, 3),
    }
}

fn links(list: &ListArray) -> Links<'_> {
    let values = list.values().as_struct();
    Links {
        offsets: list.value_offsets(),
        trace_id: values.column(0).as_fixed_size_binary(),
        span_id: values.column(1).as_fixed_size_binary(),
        trace_state: values.column(2).as_string(),
        attributes: values.column(3).as_string(),
        dropped: counts(values, 4),
        flags: counts(values, 5),
    }
}

/// Rows whose resource or scope may differ from the row before.
pub fn unit_starts(columns: &Columns<'_>) -> Vec<bool> {
    let mut starts = vec![false; columns.row_count];
    if let Some(first) = starts.first_mut() {
        *first = true;
    }
    for column in &columns.unit {
        match column {
            UnitColumn::Text(coded) => mark_changes(&mut starts, coded.codes),
            UnitColumn::Count(counts) => mark_changes(&mut starts, counts),
        }
    }
    starts
}

fn mark_changes<T: PartialEq>(starts: &mut [bool], values: &[T]) {
    let (Some((_, starts)), Some((_, after))) = (starts.split_first_mut(), values.split_first())
    else {
        return;
    };
    // Slices of one length: so many are compared at once.
    for ((start, before), after) in starts.iter_mut().zip(values).zip(after) {
        *start |= before != after;
    }
}
