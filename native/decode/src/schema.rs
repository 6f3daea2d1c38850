//! THE schema as Arrow types. `src/lymer/model/schema.py` says what the columns mean; a test compares the two.

use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// The schema of a span batch.
pub static SPAN_SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| Arc::new(span_schema()));

/// Positions of the columns in the schema, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
#[allow(missing_docs)]
pub enum Column {
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
    Attributes,
    DroppedAttributes,
    Events,
    DroppedEvents,
    Links,
    DroppedLinks,
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
}

/// The types of attribute values, in the order of OTLP's AnyValue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum AttributeType {
    Empty = 0,
    String = 1,
    Bool = 2,
    Int = 3,
    Double = 4,
    Bytes = 5,
    Array = 6,
    Map = 7,
}

/// What `service_name` says of a resource without one.
pub const MISSING_SERVICE_NAME: &str = "missing-service-name";

/// Text that repeats: a dictionary with 32-bit codes.
pub fn dictionary_of(values: DataType) -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(values))
}

/// Nanoseconds since 1970, UTC.
pub fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()))
}

/// The fields of one attribute of a span.
pub fn attribute_fields() -> Fields {
    ATTRIBUTE_FIELDS.clone()
}

/// The fields of an event.
pub fn event_fields() -> Fields {
    EVENT_FIELDS.clone()
}

/// The fields of a link.
pub fn link_fields() -> Fields {
    LINK_FIELDS.clone()
}

// Made once, because every batch needs them, and what is the same memory need not be compared.
static ATTRIBUTE_FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    Fields::from(vec![
        required("key", dictionary_of(DataType::Utf8)),
        required("type", DataType::UInt8),
        required("number", DataType::Int64),
        required("text", DataType::Binary),
    ])
});

static EVENT_FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    Fields::from(vec![
        required("time_unix_nano", time_type()),
        required("name", DataType::Utf8),
        required("attributes", DataType::Utf8),
        required("dropped_attributes_count", DataType::UInt32),
    ])
});

static LINK_FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    Fields::from(vec![
        required("trace_id", DataType::FixedSizeBinary(16)),
        required("span_id", DataType::FixedSizeBinary(8)),
        required("trace_state", DataType::Utf8),
        required("attributes", DataType::Utf8),
        required("dropped_attributes_count", DataType::UInt32),
        required("flags", DataType::UInt32),
    ])
});

fn span_schema() -> Schema {
    let string = || dictionary_of(DataType::Utf8);
    let list = |fields| DataType::List(Arc::new(required("item", DataType::Struct(fields))));
    Schema::new_with_metadata(
        vec![
            required("trace_id", DataType::FixedSizeBinary(16)),
            required("span_id", DataType::FixedSizeBinary(8)),
            Field::new("parent_span_id", DataType::FixedSizeBinary(8), true),
            required("trace_state", string()),
            required("flags", DataType::UInt32),
            required("name", string()),
            required("kind", DataType::Int32),
            required("start_time_unix_nano", time_type()),
            required("duration_nano", DataType::Int64),
            required("status_code", DataType::Int32),
            required("status_message", string()),
            required("attributes", list(attribute_fields())),
            required("dropped_attributes_count", DataType::UInt32),
            required("events", list(event_fields())),
            required("dropped_events_count", DataType::UInt32),
            required("links", list(link_fields())),
            required("dropped_links_count", DataType::UInt32),
            required("service_name", string()),
            required("resource_attributes", string()),
            required("resource_dropped_attributes_count", DataType::UInt32),
            required("resource_entity_refs", dictionary_of(DataType::Binary)),
            required("resource_schema_url", string()),
            required("scope_name", string()),
            required("scope_version", string()),
            required("scope_attributes", string()),
            required("scope_dropped_attributes_count", DataType::UInt32),
            required("scope_schema_url", string()),
        ],
        HashMap::from([("lymer.schema_version".to_owned(), "1".to_owned())]),
    )
}

fn required(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, false)
}
