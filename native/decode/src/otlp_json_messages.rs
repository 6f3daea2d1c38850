//! OTLP's messages as tables: which JSON member is which protobuf field.

use crate::otlp_fields::{
    VALUES, any_value, entity_ref, event, key_value, link, request, resource, resource_spans,
    scope, scope_spans, span, status,
};

/// A message: its fields.
pub struct Message(pub &'static [Field]);

/// A field: its name in JSON, its name in protobuf, its tag and how its value is written.
pub struct Field {
    name: &'static str,
    proto_name: &'static str,
    /// Its protobuf tag.
    pub tag: u32,
    /// How its value is written.
    pub kind: Kind,
}

/// How a value is written in JSON and in protobuf.
pub enum Kind {
    /// An object.
    Message(&'static Message),
    /// An array of objects.
    Messages(&'static Message),
    /// A string.
    String,
    /// An array of strings.
    Strings,
    /// Base64.
    Bytes,
    /// Hex digits.
    Id,
    /// A number or a string, eight bytes.
    Fixed64,
    /// A number, four bytes.
    Fixed32,
    /// A number, a varint.
    Uint32,
    /// A number or a string, a varint.
    Int64,
    /// A number, or the name of one of these.
    Enum(&'static [&'static str]),
    /// `true` or `false`.
    Bool,
    /// A number, or the name of one that JSON has none for.
    Double,
}

impl Message {
    /// The field with this name, either way of spelling.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.0
            .iter()
            .find(|field| field.name == name || field.proto_name == name)
    }
}

const fn field(name: &'static str, proto_name: &'static str, tag: u32, kind: Kind) -> Field {
    Field {
        name,
        proto_name,
        tag,
        kind,
    }
}

const SPAN_KINDS: &[&str] = &[
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];
const STATUS_CODES: &[&str] = &["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

/// ExportTraceServiceRequest and TracesData.
pub static REQUEST: Message = Message(&[field(
    "resourceSpans",
    "resource_spans",
    request::RESOURCE_SPANS,
    Kind::Messages(&RESOURCE_SPANS),
)]);

static RESOURCE_SPANS: Message = Message(&[
    field(
        "resource",
        "resource",
        resource_spans::RESOURCE,
        Kind::Message(&RESOURCE),
    ),
    field(
        "scopeSpans",
        "scope_spans",
        resource_spans::SCOPE_SPANS,
        Kind::Messages(&SCOPE_SPANS),
    ),
    field(
        "schemaUrl",
        "schema_url",
        resource_spans::SCHEMA_URL,
        Kind::String,
    ),
]);

static RESOURCE: Message = Message(&[
    field(
        "attributes",
        "attributes",
        resource::ATTRIBUTES,
        Kind::Messages(&KEY_VALUE),
    ),
    field(
        "droppedAttributesCount",
        "dropped_attributes_count",
        resource::DROPPED_ATTRIBUTES_COUNT,
        Kind::Uint32,
    ),
    field(
        "entityRefs",
        "entity_refs",
        resource::ENTITY_REFS,
        Kind::Messages(&ENTITY_REF),
    ),
]);

static ENTITY_REF: Message = Message(&[
    field(
        "schemaUrl",
        "schema_url",
        entity_ref::SCHEMA_URL,
        Kind::String,
    ),
    field("type", "type", entity_ref::TYPE, Kind::String),
    field("idKeys", "id_keys", entity_ref::ID_KEYS, Kind::Strings),
    field(
        "descriptionKeys",
        "description_keys",
        entity_ref::DESCRIPTION_KEYS,
        Kind::Strings,
    ),
]);

static SCOPE_SPANS: Message = Message(&[
    field("scope", "scope", scope_spans::SCOPE, Kind::Message(&SCOPE)),
    field("spans", "spans", scope_spans::SPANS, Kind::Messages(&SPAN)),
    field(
        "schemaUrl",
        "schema_url",
        scope_spans::SCHEMA_URL,
        Kind::String,
    ),
]);

static SCOPE: Message = Message(&[
    field("name", "name", scope::NAME, Kind::String),
    field("version", "version", scope::VERSION, Kind::String),
    field(
        "attributes",
        "attributes",
        scope::ATTRIBUTES,
        Kind::Messages(&KEY_VALUE),
    ),
    field(
        "droppedAttributesCount",
        "dropped_attributes_count",
        scope::DROPPED_ATTRIBUTES_COUNT,
        Kind::Uint32,
    ),
]);

static SPAN: Message = Message(&[
    field(
        "attributes",
        "attributes",
        span::ATTRIBUTES,
        Kind::Messages(&KEY_VALUE),
    ),
    field("traceId", "trace_id", span::TRACE_ID, Kind::Id),
    field("spanId", "span_id", span::SPAN_ID, Kind::Id),
    field(
        "parentSpanId",
        "parent_span_id",
        span::PARENT_SPAN_ID,
        Kind::Id,
    ),
    field("traceState", "trace_state", span::TRACE_STATE, Kind::String),
    field("flags", "flags", span::FLAGS, Kind::Fixed32),
    field("name", "name", span::NAME, Kind::String),
    field("kind", "kind", span::KIND, Kind::Enum(SPAN_KINDS)),
    field(
        "startTimeUnixNano",
        "start_time_unix_nano",
        span::START_TIME_UNIX_NANO,
        Kind::Fixed64,
    ),
    field(
        "endTimeUnixNano",
        "end_time_unix_nano",
        span::END_TIME_UNIX_NANO,
        Kind::Fixed64,
    ),
    field(
        "droppedAttributesCount",
        "dropped_attributes_count",
        span::DROPPED_ATTRIBUTES_COUNT,
        Kind::Uint32,
    ),
    field("events", "events", span::EVENTS, Kind::Messages(&EVENT)),
    field(
        "droppedEventsCount",
        "dropped_events_count",
        span::DROPPED_EVENTS_COUNT,
        Kind::Uint32,
    ),
    field("links", "links", span::LINKS, Kind::Messages(&LINK)),
    field(
        "droppedLinksCount",
        "dropped_links_count",
        span::DROPPED_LINKS_COUNT,
        Kind::Uint32,
    ),
    field("status", "status", span::STATUS, Kind::Message(&STATUS)),
]);

static EVENT: Message = Message(&[
    field(
        "timeUnixNano",
        "time_unix_nano",
        event::TIME_UNIX_NANO,
        Kind::Fixed64,
    ),
    field("name", "name", event::NAME, Kind::String),
    field(
        "attributes",
        "attributes",
        event::ATTRIBUTES,
        Kind::Messages(&KEY_VALUE),
    ),
    field(
        "droppedAttributesCount",
        "dropped_attributes_count",
        event::DROPPED_ATTRIBUTES_COUNT,
        Kind::Uint32,
    ),
]);

static LINK: Message = Message(&[
    field("traceId", "trace_id", link::TRACE_ID, Kind::Id),
    field("spanId", "span_id", link::SPAN_ID, Kind::Id),
    field("traceState", "trace_state", link::TRACE_STATE, Kind::String),
    field(
        "attributes",
        "attributes",
        link::ATTRIBUTES,
        Kind::Messages(&KEY_VALUE),
    ),
    field(
        "droppedAttributesCount",
        "dropped_attributes_count",
        link::DROPPED_ATTRIBUTES_COUNT,
        Kind::Uint32,
    ),
    field("flags", "flags", link::FLAGS, Kind::Fixed32),
]);

static STATUS: Message = Message(&[
    field("message", "message", status::MESSAGE, Kind::String),
    field("code", "code", status::CODE, Kind::Enum(STATUS_CODES)),
]);

static KEY_VALUE: Message = Message(&[
    field("key", "key", key_value::KEY, Kind::String),
    field(
        "value",
        "value",
        key_value::VALUE,
        Kind::Message(&ANY_VALUE),
    ),
]);

static ANY_VALUE: Message = Message(&[
    field(
        "stringValue",
        "string_value",
        any_value::STRING,
        Kind::String,
    ),
    field("intValue", "int_value", any_value::INT, Kind::Int64),
    field("boolValue", "bool_value", any_value::BOOL, Kind::Bool),
    field(
        "doubleValue",
        "double_value",
        any_value::DOUBLE,
        Kind::Double,
    ),
    field(
        "arrayValue",
        "array_value",
        any_value::ARRAY,
        Kind::Message(&ARRAY_VALUE),
    ),
    field(
        "kvlistValue",
        "kvlist_value",
        any_value::MAP,
        Kind::Message(&KEY_VALUE_LIST),
    ),
    field("bytesValue", "bytes_value", any_value::BYTES, Kind::Bytes),
]);

static ARRAY_VALUE: Message = Message(&[field(
    "values",
    "values",
    VALUES,
    Kind::Messages(&ANY_VALUE),
)]);

static KEY_VALUE_LIST: Message = Message(&[field(
    "values",
    "values",
    VALUES,
    Kind::Messages(&KEY_VALUE),
)]);
