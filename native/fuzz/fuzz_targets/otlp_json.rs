//! Any bytes: refused, or they survive every way out and back in.
#![no_main]

#[allow(dead_code)]
#[path = "../../decode/tests/round_trip.rs"]
mod round_trip;

libfuzzer_sys::fuzz_target!(|payload: &[u8]| round_trip::otlp_json(payload));
