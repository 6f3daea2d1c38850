//! Bytes to span columns and back. Pure Rust: no Python, no sockets, no files, no policies.

pub mod columns;
pub mod intern;
pub mod json_reader;
pub mod json_writer;
pub mod lists;
pub mod number;
pub mod otlp_decode;
pub mod otlp_encode;
pub mod otlp_fields;
mod otlp_span;
mod otlp_value;
mod otlp_value_writer;
pub mod plain;
pub mod protobuf;
pub mod protobuf_writer;
pub mod refusal;
mod row_attributes;
pub mod rows;
pub mod schema;
pub mod text;
pub mod text_reader;
pub mod utf8;
pub mod value;
