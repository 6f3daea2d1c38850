//! Any bytes: refused, or what they hold is what each datagram holds alone.
#![no_main]

#[allow(dead_code)]
#[path = "../../decode/tests/foreign_formats.rs"]
mod foreign_formats;

libfuzzer_sys::fuzz_target!(|payload: &[u8]| foreign_formats::jaeger_datagrams(payload));
