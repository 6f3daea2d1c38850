//! The fields of OTLP's messages as tags (opentelemetry-proto 1.x, trace/v1, common/v1, resource/v1).

use crate::protobuf::{fixed32_tag, fixed64_tag, length_tag, varint_tag};

#[allow(missing_docs)]
pub mod request {
    use super::*;
    pub const RESOURCE_SPANS: u32 = length_tag(1);
}

#[allow(missing_docs)]
pub mod resource_spans {
    use super::*;
    pub const RESOURCE: u32 = length_tag(1);
    pub const SCOPE_SPANS: u32 = length_tag(2);
    pub const SCHEMA_URL: u32 = length_tag(3);
}

#[allow(missing_docs)]
pub mod scope_spans {
    use super::*;
    pub const SCOPE: u32 = length_tag(1);
    pub const SPANS: u32 = length_tag(2);
    pub const SCHEMA_URL: u32 = length_tag(3);
}

#[allow(missing_docs)]
pub mod resource {
    use super::*;
    pub const ATTRIBUTES: u32 = length_tag(1);
    pub const DROPPED_ATTRIBUTES_COUNT: u32 = varint_tag(2);
    pub const ENTITY_REFS: u32 = length_tag(3);
}

#[allow(missing_docs)]
pub mod entity_ref {
    use super::*;
    pub const SCHEMA_URL: u32 = length_tag(1);
    pub const TYPE: u32 = length_tag(2);
    pub const ID_KEYS: u32 = length_tag(3);
    pub const DESCRIPTION_KEYS: u32 = length_tag(4);
}

#[allow(missing_docs)]
pub mod scope {
    use super::*;
    pub const NAME: u32 = length_tag(1);
    pub const VERSION: u32 = length_tag(2);
    pub const ATTRIBUTES: u32 = length_tag(3);
    pub const DROPPED_ATTRIBUTES_COUNT: u32 = varint_tag(4);
}

#[allow(missing_docs)]
pub mod span {
    use super::*;
    pub const TRACE_ID: u32 = length_tag(1);
    pub const SPAN_ID: u32 = length_tag(2);
    pub const TRACE_STATE: u32 = length_tag(3);
    pub const PARENT_SPAN_ID: u32 = length_tag(4);
    pub const NAME: u32 = length_tag(5);
    pub const KIND: u32 = varint_tag(6);
    pub const START_TIME_UNIX_NANO: u32 = fixed64_tag(7);
    pub const END_TIME_UNIX_NANO: u32 = fixed64_tag(8);
    pub const ATTRIBUTES: u32 = length_tag(9);
    pub const DROPPED_ATTRIBUTES_COUNT: u32 = varint_tag(10);
    pub const EVENTS: u32 = length_tag(11);
    pub const DROPPED_EVENTS_COUNT: u32 = varint_tag(12);
    pub const LINKS: u32 = length_tag(13);
    pub const DROPPED_LINKS_COUNT: u32 = varint_tag(14);
    pub const STATUS: u32 = length_tag(15);
    pub const FLAGS: u32 = fixed32_tag(16);
}

#[allow(missing_docs)]
pub mod status {
    use super::*;
    pub const MESSAGE: u32 = length_tag(2);
    pub const CODE: u32 = varint_tag(3);
}

#[allow(missing_docs)]
pub mod event {
    use super::*;
    pub const TIME_UNIX_NANO: u32 = fixed64_tag(1);
    pub const NAME: u32 = length_tag(2);
    pub const ATTRIBUTES: u32 = length_tag(3);
    pub const DROPPED_ATTRIBUTES_COUNT: u32 = varint_tag(4);
}

#[allow(missing_docs)]
pub mod link {
    use super::*;
    pub const TRACE_ID: u32 = length_tag(1);
    pub const SPAN_ID: u32 = length_tag(2);
    pub const TRACE_STATE: u32 = length_tag(3);
    pub const ATTRIBUTES: u32 = length_tag(4);
    pub const DROPPED_ATTRIBUTES_COUNT: u32 = varint_tag(5);
    pub const FLAGS: u32 = fixed32_tag(6);
}

#[allow(missing_docs)]
pub mod key_value {
    use super::*;
    pub const KEY: u32 = length_tag(1);
    pub const VALUE: u32 = length_tag(2);
}

#[allow(missing_docs)]
pub mod any_value {
    use super::*;
    pub const STRING: u32 = length_tag(1);
    pub const BOOL: u32 = varint_tag(2);
    pub const INT: u32 = varint_tag(3);
    pub const DOUBLE: u32 = fixed64_tag(4);
    pub const ARRAY: u32 = length_tag(5);
    pub const MAP: u32 = length_tag(6);
    pub const BYTES: u32 = length_tag(7);
    /// An index into a table that only profiles have. In a trace it says nothing, but it takes the place of a value.
    pub const STRING_INDEX: u32 = varint_tag(8);
}

/// Of ArrayValue and of KeyValueList.
pub const VALUES: u32 = length_tag(1);
