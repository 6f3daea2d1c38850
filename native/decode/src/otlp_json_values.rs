//! OTLP's KeyValue and AnyValue as JSON.

use crate::json_object::{put_comma, put_integer};
use crate::json_writer::put_string;
use crate::number::put_python_repr;
use crate::plain::non_finite;
use crate::text::put_base64;
use crate::value::ValueSink;

/// Writes the pairs of a bag as an array of KeyValues.
pub struct KeyValueJsonSink<'o> {
    out: &'o mut Vec<u8>,
    /// Whether each enclosing nested value is an array.
    arrays: Vec<bool>,
}

impl<'o> KeyValueJsonSink<'o> {
    /// Begin the array.
    pub fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'[');
        Self {
            out,
            arrays: Vec::new(),
        }
    }

    /// End the array.
    pub fn end(self) {
        self.out.push(b']');
    }

    fn value(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.begin_value(name);
        write(self.out);
        self.end_value();
    }

    fn quoted(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.value(name, |out| {
            out.push(b'"');
            write(out);
            out.push(b'"');
        });
    }

    /// After a key no comma is due: the text ends with a colon.
    fn begin_value(&mut self, name: &str) {
        put_comma(self.out);
        self.out.extend_from_slice(b"{\"");
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn end_value(&mut self) {
        self.out.push(b'}');
        self.end_pair();
    }

    fn end_pair(&mut self) {
        if self.arrays.last() != Some(&true) {
            self.out.push(b'}');
        }
    }

    fn begin_nested(&mut self, name: &str, is_array: bool) {
        self.begin_value(name);
        self.out.extend_from_slice(b"{\"values\":[");
        self.arrays.push(is_array);
    }

    fn end_nested(&mut self) {
        self.arrays.pop();
        self.out.extend_from_slice(b"]}");
        self.end_value();
    }
}

impl ValueSink for KeyValueJsonSink<'_> {
    fn empty(&mut self) {
        put_comma(self.out);
        self.out.extend_from_slice(b"{}");
        self.end_pair();
    }

    fn string(&mut self, value: &str) {
        self.value("stringValue", |out| put_string(out, value));
    }

    fn boolean(&mut self, value: bool) {
        self.value("boolValue", |out| {
            out.extend_from_slice(if value { b"true" } else { b"false" })
        });
    }

    fn integer(&mut self, value: i64) {
        self.quoted("intValue", |out| put_integer(out, value));
    }

    fn double(&mut self, value: f64) {
        if value.is_finite() {
            self.value("doubleValue", |out| put_python_repr(out, value));
        } else {
            self.quoted("doubleValue", |out| {
                out.extend_from_slice(non_finite(value).as_bytes())
            });
        }
    }

    fn bytes(&mut self, value: &[u8]) {
        self.quoted("bytesValue", |out| put_base64(out, value));
    }

    fn begin_array(&mut self) {
        self.begin_nested("arrayValue", true);
    }

    fn end_array(&mut self) {
        self.end_nested();
    }

    fn begin_map(&mut self) {
        self.begin_nested("kvlistValue", false);
    }

    fn key(&mut self, key: &str) {
        put_comma(self.out);
        self.out.extend_from_slice(b"{\"key\":");
        put_string(self.out, key);
        self.out.extend_from_slice(b",\"value\":");
    }

    fn end_map(&mut self) {
        self.end_nested();
    }
}
