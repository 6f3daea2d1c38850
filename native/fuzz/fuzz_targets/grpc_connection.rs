//! Any bytes on a gRPC port: answered or closed, and no more is held than is said.
#![no_main]

#[allow(dead_code)]
#[path = "../../grpc/tests/any_bytes.rs"]
mod any_bytes;

libfuzzer_sys::fuzz_target!(|input: &[u8]| any_bytes::receive(input));
