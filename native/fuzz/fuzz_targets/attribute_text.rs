//! Any text: refused, or written as it was read.
#![no_main]

#[allow(dead_code)]
#[path = "../../decode/tests/round_trip.rs"]
mod round_trip;

libfuzzer_sys::fuzz_target!(|text: &str| round_trip::attribute_text(text));
