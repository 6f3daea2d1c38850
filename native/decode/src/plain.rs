//! A value as a person would type it: what a search compares text with, what Jaeger shows of an array.
//! `as_text` of `src/lymer/model/attributes.py` is the same.

use crate::text::{TextSink, put_base64};
use crate::value::ValueSink;

/// Writes one value: a string without quotes, bytes as base64, nested values as attribute text.
pub struct PlainSink<'o>(TextSink<'o>);

impl<'o> PlainSink<'o> {
    /// A sink for one value.
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        Self(TextSink::new(out))
    }
}

impl ValueSink for PlainSink<'_> {
    fn empty(&mut self) {
        if self.0.is_nested() {
            self.0.empty();
        }
    }

    fn string(&mut self, value: &str) {
        if self.0.is_nested() {
            self.0.string(value);
        } else {
            self.0.output().extend_from_slice(value.as_bytes());
        }
    }

    fn boolean(&mut self, value: bool) {
        self.0.boolean(value);
    }

    fn integer(&mut self, value: i64) {
        self.0.integer(value);
    }

    fn double(&mut self, value: f64) {
        if self.0.is_nested() || value.is_finite() {
            self.0.double(value);
        } else {
            self.0
                .output()
                .extend_from_slice(non_finite(value).as_bytes());
        }
    }

    fn bytes(&mut self, value: &[u8]) {
        if self.0.is_nested() {
            self.0.bytes(value);
        } else {
            put_base64(self.0.output(), value);
        }
    }

    fn begin_array(&mut self) {
        self.0.begin_array();
    }

    fn end_array(&mut self) {
        self.0.end_array();
    }

    fn begin_map(&mut self) {
        self.0.begin_map();
    }

    fn key(&mut self, key: &str) {
        self.0.key(key);
    }

    fn end_map(&mut self) {
        self.0.end_map();
    }
}

/// The name of a double that JSON has no number for.
pub fn non_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}
