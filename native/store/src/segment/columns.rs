//! The columns of a segment's data file, in the file's order, and how each is stored.

use crate::recode::coded_fields;
use crate::rest_text;
use arrow_schema::{DataType, Field};
use lymer_decode::schema::{
    AttributeType, Column, dictionary_of, event_fields, link_fields, time_type,
};
use std::sync::Arc;

/// Columns that every segment has. The number of a column without children is its leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
#[allow(missing_docs)]
pub enum Fixed {
    TraceId,
    SpanId,
    ParentSpanId,
    TraceState,
    Flags,
    Name,
    Kind,
    StartTime,
    Duration,
    StatusCode,
    StatusMessage,
    ServiceName,
    ResourceAttributes,
    ResourceDroppedAttributes,
    ResourceEntityRefs,
    ResourceSchemaUrl,
    ScopeName,
    ScopeVersion,
    ScopeAttributes,
    ScopeDroppedAttributes,
    ScopeSchemaUrl,
    DroppedAttributes,
    DroppedEvents,
    DroppedLinks,
    AttributeOrder,
    ParentDistance,
    Depth,
    SubtreeSize,
    SelfTime,
    CriticalTime,
}

/// How many of them there are.
pub const FIXED_COUNT: usize = 30;
/// First leaf of the rest map: key, value.
pub const REST_LEAF: usize = FIXED_COUNT;
/// First leaf of the events: time, name, attributes, dropped count.
pub const EVENTS_LEAF: usize = REST_LEAF + 2;
/// First leaf of the links: trace id, span id, trace state, attributes, dropped count, flags.
pub const LINKS_LEAF: usize = EVENTS_LEAF + 4;
/// First leaf of the attribute columns.
pub const ATTRIBUTES_LEAF: usize = LINKS_LEAF + 6;

/// Parquet's physical types, as far as they are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Physical {
    /// 32 bits.
    Int32,
    /// 64 bits.
    Int64,
    /// 64 bits.
    Double,
    /// One bit.
    Boolean,
    /// UTF-8.
    Text,
    /// Bytes.
    Bytes,
    /// So many bytes.
    Fixed(u8),
}

/// A leaf: its physical type, and the levels that say what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// What a value is.
    pub physical: Physical,
    /// 1 inside a list or a map.
    pub max_repetition: u8,
    /// The level at which there is a value.
    pub max_definition: u8,
    /// In lists and maps: the level at which there is an entry.
    pub entry_definition: u8,
}

/// The leaf at this place; `attribute_type` is asked for attribute columns.
pub fn leaf(leaf: usize, attribute_type: impl Fn(usize) -> u8) -> Leaf {
    use Physical::*;
    const ID: Physical = Fixed(8);
    match leaf {
        0 => flat(Fixed(16)),
        1 => flat(ID),
        2 => Leaf {
            max_definition: 1,
            ..flat(ID)
        },
        4 | 6 | 9 | 13 | 19 | 21..=27 => flat(Int32),
        7 | 8 | 28 | 29 => flat(Int64),
        14 => flat(Bytes),
        3..REST_LEAF => flat(Text),
        REST_LEAF => nested(Text, 2, 2),
        31 => nested(Text, 3, 2),
        EVENTS_LEAF => nested(Int64, 1, 1),
        33 | 34 | 38 | 39 => nested(Text, 1, 1),
        35 | 40 | 41 => nested(Int32, 1, 1),
        LINKS_LEAF => nested(Fixed(16), 1, 1),
        37 => nested(ID, 1, 1),
        _ => Leaf {
            max_definition: 1,
            ..flat(attribute_physical(attribute_type(leaf - ATTRIBUTES_LEAF)))
        },
    }
}

fn flat(physical: Physical) -> Leaf {
    Leaf {
        physical,
        max_repetition: 0,
        max_definition: 0,
        entry_definition: 0,
    }
}

fn nested(physical: Physical, max_definition: u8, entry_definition: u8) -> Leaf {
    Leaf {
        physical,
        max_repetition: 1,
        max_definition,
        entry_definition,
    }
}

fn attribute_physical(value_type: u8) -> Physical {
    const BOOL: u8 = AttributeType::Bool as u8;
    const INT: u8 = AttributeType::Int as u8;
    const DOUBLE: u8 = AttributeType::Double as u8;
    const BYTES: u8 = AttributeType::Bytes as u8;
    match value_type {
        BOOL => Physical::Boolean,
        INT => Physical::Int64,
        DOUBLE => Physical::Double,
        BYTES => Physical::Bytes,
        _ => Physical::Text,
    }
}

/// The Arrow fields of the columns that every segment has, rest, events and links included.
pub fn fixed_fields() -> Vec<Field> {
    let text = || dictionary_of(DataType::Utf8);
    let list = |fields| {
        DataType::List(Arc::new(Field::new(
            "item",
            DataType::Struct(fields),
            false,
        )))
    };
    let required = |name: &str, data_type| Field::new(name, data_type, false);
    vec![
        required("trace_id", DataType::FixedSizeBinary(16)),
        required("span_id", DataType::FixedSizeBinary(8)),
        Field::new("parent_span_id", DataType::FixedSizeBinary(8), true),
        required("trace_state", text()),
        required("flags", DataType::UInt32),
        required("name", text()),
        required("kind", DataType::Int32),
        required("start_time", time_type()),
        required("duration_nano", DataType::Int64),
        required("status_code", DataType::Int32),
        required("status_message", text()),
        required("service_name", text()),
        required("resource_attributes", text()),
        required("resource_dropped_attributes_count", DataType::UInt32),
        required("resource_entity_refs", dictionary_of(DataType::Binary)),
        required("resource_schema_url", text()),
        required("scope_name", text()),
        required("scope_version", text()),
        required("scope_attributes", text()),
        required("scope_dropped_attributes_count", DataType::UInt32),
        required("scope_schema_url", text()),
        required("dropped_attributes_count", DataType::UInt32),
        required("dropped_events_count", DataType::UInt32),
        required("dropped_links_count", DataType::UInt32),
        required("attribute_order", DataType::UInt32),
        required("parent_distance", DataType::UInt32),
        required("depth", DataType::UInt32),
        required("subtree_size", DataType::UInt32),
        required("self_time_nano", DataType::Int64),
        required("critical_time_nano", DataType::Int64),
        Field::new("attributes_rest", rest_text::coded_map_type(), true),
        required("events", list(coded_fields(&event_fields()))),
        required("links", list(coded_fields(&link_fields()))),
    ]
}

/// The Arrow type of an attribute column as it is written.
pub fn attribute_type(value_type: u8, in_dictionary: bool) -> DataType {
    let plain = match attribute_physical(value_type) {
        Physical::Boolean => DataType::Boolean,
        Physical::Int64 => DataType::Int64,
        Physical::Double => DataType::Float64,
        Physical::Bytes => DataType::Binary,
        _ => DataType::Utf8,
    };
    match plain {
        DataType::Utf8 | DataType::Binary if in_dictionary => dictionary_of(plain),
        _ => plain,
    }
}

/// All of them, in order.
pub const FIXED: [Fixed; FIXED_COUNT] = [
    Fixed::TraceId,
    Fixed::SpanId,
    Fixed::ParentSpanId,
    Fixed::TraceState,
    Fixed::Flags,
    Fixed::Name,
    Fixed::Kind,
    Fixed::StartTime,
    Fixed::Duration,
    Fixed::StatusCode,
    Fixed::StatusMessage,
    Fixed::ServiceName,
    Fixed::ResourceAttributes,
    Fixed::ResourceDroppedAttributes,
    Fixed::ResourceEntityRefs,
    Fixed::ResourceSchemaUrl,
    Fixed::ScopeName,
    Fixed::ScopeVersion,
    Fixed::ScopeAttributes,
    Fixed::ScopeDroppedAttributes,
    Fixed::ScopeSchemaUrl,
    Fixed::DroppedAttributes,
    Fixed::DroppedEvents,
    Fixed::DroppedLinks,
    Fixed::AttributeOrder,
    Fixed::ParentDistance,
    Fixed::Depth,
    Fixed::SubtreeSize,
    Fixed::SelfTime,
    Fixed::CriticalTime,
];

/// The column of the file that a column of THE schema is; None for lists.
pub fn in_file(column: Column) -> Option<Fixed> {
    Some(match column {
        Column::TraceId => Fixed::TraceId,
        Column::SpanId => Fixed::SpanId,
        Column::ParentSpanId => Fixed::ParentSpanId,
        Column::TraceState => Fixed::TraceState,
        Column::Flags => Fixed::Flags,
        Column::Name => Fixed::Name,
        Column::Kind => Fixed::Kind,
        Column::StartTime => Fixed::StartTime,
        Column::Duration => Fixed::Duration,
        Column::StatusCode => Fixed::StatusCode,
        Column::StatusMessage => Fixed::StatusMessage,
        Column::DroppedAttributes => Fixed::DroppedAttributes,
        Column::DroppedEvents => Fixed::DroppedEvents,
        Column::DroppedLinks => Fixed::DroppedLinks,
        Column::ServiceName => Fixed::ServiceName,
        Column::ResourceAttributes => Fixed::ResourceAttributes,
        Column::ResourceDroppedAttributes => Fixed::ResourceDroppedAttributes,
        Column::ResourceEntityRefs => Fixed::ResourceEntityRefs,
        Column::ResourceSchemaUrl => Fixed::ResourceSchemaUrl,
        Column::ScopeName => Fixed::ScopeName,
        Column::ScopeVersion => Fixed::ScopeVersion,
        Column::ScopeAttributes => Fixed::ScopeAttributes,
        Column::ScopeDroppedAttributes => Fixed::ScopeDroppedAttributes,
        Column::ScopeSchemaUrl => Fixed::ScopeSchemaUrl,
        Column::Attributes | Column::Events | Column::Links => return None,
    })
}
