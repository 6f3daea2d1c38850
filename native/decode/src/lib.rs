//! Bytes to span columns and back. Pure Rust: no Python, no sockets, no files, no policies.

pub mod schema;
