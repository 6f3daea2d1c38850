//! The fields of Jaeger's protobuf messages as tags (jaeger-idl, proto/api_v2/model.proto and collector.proto).

use crate::protobuf::{fixed64_tag, length_tag, varint_tag};

#[allow(missing_docs)]
pub mod post_spans {
    use super::*;
    pub const BATCH: u32 = length_tag(1);
}

#[allow(missing_docs)]
pub mod batch {
    use super::*;
    pub const SPANS: u32 = length_tag(1);
    pub const PROCESS: u32 = length_tag(2);
}

#[allow(missing_docs)]
pub mod process {
    use super::*;
    pub const SERVICE_NAME: u32 = length_tag(1);
    pub const TAGS: u32 = length_tag(2);
}

#[allow(missing_docs)]
pub mod span {
    use super::*;
    pub const TRACE_ID: u32 = length_tag(1);
    pub const SPAN_ID: u32 = length_tag(2);
    pub const OPERATION_NAME: u32 = length_tag(3);
    pub const REFERENCES: u32 = length_tag(4);
    pub const FLAGS: u32 = varint_tag(5);
    pub const START_TIME: u32 = length_tag(6);
    pub const DURATION: u32 = length_tag(7);
    pub const TAGS: u32 = length_tag(8);
    pub const LOGS: u32 = length_tag(9);
    pub const PROCESS: u32 = length_tag(10);
    pub const WARNINGS: u32 = length_tag(12);
}

#[allow(missing_docs)]
pub mod reference {
    use super::*;
    pub const TRACE_ID: u32 = length_tag(1);
    pub const SPAN_ID: u32 = length_tag(2);
    pub const REF_TYPE: u32 = varint_tag(3);
}

#[allow(missing_docs)]
pub mod log {
    use super::*;
    pub const TIMESTAMP: u32 = length_tag(1);
    pub const FIELDS: u32 = length_tag(2);
}

#[allow(missing_docs)]
pub mod key_value {
    use super::*;
    pub const KEY: u32 = length_tag(1);
    pub const V_TYPE: u32 = varint_tag(2);
    pub const V_STR: u32 = length_tag(3);
    pub const V_BOOL: u32 = varint_tag(4);
    pub const V_INT64: u32 = varint_tag(5);
    pub const V_FLOAT64: u32 = fixed64_tag(6);
    pub const V_BINARY: u32 = length_tag(7);
}

/// google.protobuf.Timestamp and Duration, which have the same form.
#[allow(missing_docs)]
pub mod time {
    use super::*;
    pub const SECONDS: u32 = varint_tag(1);
    pub const NANOS: u32 = varint_tag(2);
}
