//! Bytes to span columns and back. Pure Rust: no Python, no sockets, no files, no policies.

pub mod columns;
pub mod intern;
pub mod json_writer;
pub mod lists;
pub mod number;
pub mod otlp_decode;
pub mod otlp_fields;
mod otlp_span;
mod otlp_value;
pub mod plain;
pub mod protobuf;
pub mod protobuf_writer;
pub mod refusal;
pub mod schema;
pub mod text;
pub mod utf8;
pub mod value;
