//! Any bytes: refused, or they survive every way out.
#![no_main]

#[allow(dead_code)]
#[path = "../../decode/tests/foreign_formats.rs"]
mod foreign_formats;

libfuzzer_sys::fuzz_target!(|payload: &[u8]| foreign_formats::zipkin_proto(payload));
